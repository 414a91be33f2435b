// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `print --cost`: what each kernel computes and moves, and what this machine could do it in.

#include "Driver/Commands.h"
#include "Driver/Compilation.h"
#include "Driver/Roofline.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace rune;

namespace {

using Sizes = std::map<std::string, int64_t>;

/// Numbers of one call, or of several.
struct Total {
  double flops = 0, bytes = 0, seconds = 0;
  int64_t calls = 0;

  void add(double moreFlops, double moreBytes, const Roofline &machine) {
    flops += moreFlops;
    bytes += moreBytes;
    seconds += machine.secondsFor(moreFlops, moreBytes);
    ++calls;
  }
};

std::string countText(double count) {
  static const char *const units[] = {"", " k", " M", " G", " T"};
  size_t unit = 0;
  for (; count >= 9999.5 && unit + 1 < std::size(units); ++unit)
    count /= 1000;
  return llvm::formatv(unit == 0 ? "{0:F0}{1}" : "{0:F1}{1}", count, units[unit]).str();
}

std::string bytesText(double count) {
  std::string text = countText(count);
  return text + (llvm::StringRef(text).contains(' ') ? "B" : " B");
}

std::string timeText(double seconds) {
  if (seconds < 1e-6)
    return llvm::formatv("{0:F0} ns", seconds * 1e9).str();
  if (seconds < 1e-3)
    return llvm::formatv("{0:F1} us", seconds * 1e6).str();
  return llvm::formatv("{0:F2} ms", seconds * 1e3).str();
}

/// Rows of texts, the first column flush left and the others right, but for what stands last.
class Table {
public:
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }

  std::string str() const {
    std::vector<size_t> widths;
    for (const auto &row : rows)
      for (auto [i, cell] : llvm::enumerate(row)) {
        widths.resize(std::max(widths.size(), i + 1));
        widths[i] = std::max(widths[i], cell.size());
      }
    std::string text;
    for (const auto &row : rows) {
      std::string line;
      for (auto [i, cell] : llvm::enumerate(row)) {
        std::string space(widths[i] - cell.size(), ' ');
        bool left = i == 0 || i + 1 == widths.size();
        line += (i ? "  " : "") + (left ? cell + space : space + cell);
      }
      text += llvm::StringRef(line).rtrim().str() + "\n";
    }
    return text;
  }

private:
  std::vector<std::vector<std::string>> rows;
};

/// "fc1 backward: matmul; act: select" is work of fc1.
std::string moduleOf(llvm::StringRef does) {
  llvm::StringRef first = does.split(';').first;
  auto [scope, primitives] = first.split(": ");
  scope.consume_back("backward");
  scope = scope.rtrim();
  return primitives.empty() || scope.empty() ? "(the model itself)" : scope.str();
}

class CostReport {
public:
  CostReport(const Roofline &machine, const Sizes &sizes) : machine(machine), sizes(sizes) {}

  std::string of(mlir::func::FuncOp entry) {
    llvm::MapVector<mlir::StringAttr, std::pair<Total, TraceOp>> kernels;
    llvm::MapVector<std::string, Total, llvm::StringMap<unsigned>> modules;
    Total all;
    entry.walk([&](TraceOp trace) {
      auto dims = trace.getCost().getDims();
      double flops = evaluate(dims[0]), bytes = evaluate(dims[1]);
      auto &[total, first] = kernels[trace.getKernelAttr()];
      if (total.calls == 0)
        first = trace;
      for (Total *sum : {&total, &modules[moduleOf(trace.getDoes())], &all})
        sum->add(flops, bytes, machine);
    });
    std::string text = "\n" + entry.getName().str() + sizesOf(entry) + "\n\n";
    Table table;
    table.add({"kernel", "calls", "FLOP", "bytes", "FLOP/byte", "at best", "bound by", "what, and where"});
    for (auto &[name, of] : kernels)
      addRow(table, name.str(), of.first, (of.second.getDoes() + " (" + of.second.getWhere() + ")").str());
    addRow(table, "all", all, "");
    text += table.str() + "\n";
    Table byModule;
    byModule.add({"module", "calls", "FLOP", "bytes", "FLOP/byte", "at best", "bound by", ""});
    for (auto &[name, total] : modules)
      addRow(byModule, name, total, "");
    return text + byModule.str() + workspaceOf(entry);
  }

private:
  double evaluate(const DimExpr &dim) {
    DimExpr value = dim.substitute([&](llvm::StringRef name) -> std::optional<DimExpr> {
      auto it = sizes.find(name.str());
      return DimExpr(it == sizes.end() ? 1 : it->second);
    });
    return value.isConstant() ? static_cast<double>(value.getConstant()) : 0;
  }

  /// What is planned, and what no plan can do without: the temporaries that live at one time.
  std::string workspaceOf(mlir::func::FuncOp entry) {
    auto planned = entry->getAttrOfType<DimsAttr>("rune.workspace");
    auto bounds = entry->getAttrOfType<DimsAttr>("rune.workspace_bound");
    if (!planned || !bounds)
      return "";
    double bound = 0;
    for (const DimExpr &live : bounds.getDims())
      bound = std::max(bound, evaluate(live));
    return "\nworkspace " + bytesText(evaluate(planned.getDims().front())) + ", at least " + bytesText(bound) + "\n";
  }

  std::string sizesOf(mlir::func::FuncOp entry) {
    std::string text;
    if (auto symbols = entry->getAttrOfType<mlir::ArrayAttr>("rune.symbols"))
      for (auto symbol : symbols.getAsRange<mlir::StringAttr>()) {
        auto it = sizes.find(symbol.getValue().str());
        text += ", " + symbol.str() + " = " + std::to_string(it == sizes.end() ? 1 : it->second);
      }
    return text;
  }

  void addRow(Table &table, std::string name, const Total &total, std::string what) {
    bool arithmetic = total.flops / machine.flops * 1.0001 >= total.seconds;
    std::string intensity = total.bytes > 0 ? llvm::formatv("{0:F2}", total.flops / total.bytes).str() : "";
    table.add({std::move(name), std::to_string(total.calls), countText(total.flops), countText(total.bytes), intensity,
               timeText(total.seconds), arithmetic ? "arithmetic" : "bandwidth", std::move(what)});
  }

  const Roofline &machine;
  const Sizes &sizes;
};

} // namespace

int rune::runPrintCost(const PrintArguments &arguments) {
  const Sizes &sizes = arguments.frontend.sizes;
  Compilation compilation(arguments.spec, arguments.frontend);
  if (!compilation.load() || !compilation.import())
    return InputError;
  compilation.keepWholeSteps();
  PipelineOptions options;
  options.hooks = false;
  if (!compilation.lower(Stage::Loops, options))
    return InputError;
  std::vector<mlir::func::FuncOp> entries;
  llvm::StringSet<> known;
  for (auto function : compilation.module().getOps<mlir::func::FuncOp>())
    if (auto symbols = function->getAttrOfType<mlir::ArrayAttr>("rune.symbols"); symbols && !function.isDeclaration()) {
      entries.push_back(function);
      for (auto symbol : symbols.getAsRange<mlir::StringAttr>())
        known.insert(symbol.getValue());
    }
  for (const auto &[size, value] : sizes)
    if (!known.contains(size)) {
      llvm::SmallVector<llvm::StringRef> names(known.keys());
      llvm::sort(names);
      reportError("no dynamic size is called '" + size + "'; there " +
                  (names.empty() ? "is none" : (names.size() == 1 ? "is " : "are ") + llvm::join(names, ", ")));
      return UsageError;
    }
  std::optional<Roofline> machine = measureRoofline(*compilation.module().getContext());
  if (!machine)
    return InputError;
  llvm::outs() << llvm::formatv("one thread of this machine: {0:F1} GFLOP/s (f32)", machine->flops / 1e9).str();
  for (const Roofline::Level &level : machine->levels)
    llvm::outs() << llvm::formatv(", {0:F1} GB/s from {1}", level.bytes / 1e9, level.name).str();
  llvm::outs() << "\n";
  CostReport report(*machine, sizes);
  for (mlir::func::FuncOp entry : entries)
    llvm::outs() << report.of(entry);
  return Success;
}
