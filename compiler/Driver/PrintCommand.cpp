// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `print`: the model's passport. And the commands that need little of the compiler: `check` and `schema`.

#include "Driver/Commands.h"
#include "Driver/Compilation.h"

#include "Dialect/RuneDialect.h"
#include "Frontend/Functions.h"
#include "Frontend/Schema.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace rune;

namespace {

/// What one call computes and moves, as polynomials of the entry's sizes.
struct Cost {
  DimExpr flops, bytes;
};

int64_t elementBytes(mlir::Type type) {
  mlir::Type element = llvm::cast<mlir::RankedTensorType>(type).getElementType();
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

DimExpr tensorBytes(mlir::Value value) { return product(getDims(value)) * DimExpr(elementBytes(value.getType())); }

/// A multiplication and an addition for each term of a product, one operation for each element elsewhere; every member
/// that is read, the inputs and the outputs once.
Cost costOf(mlir::func::FuncOp function) {
  Cost cost;
  llvm::StringMap<bool> seen;
  function.walk([&](mlir::Operation *op) {
    if (auto matmul = llvm::dyn_cast<MatmulOp>(op))
      cost.flops = cost.flops + product(getDims(matmul.getResult())) * getDims(matmul.getLhs()).back() * DimExpr(2);
    else if (llvm::isa<ReduceSumOp, ReduceMaxOp, ArgmaxOp>(op))
      cost.flops = cost.flops + product(getDims(op->getOperand(0)));
    else if (op->hasTrait<Elementwise>() && !llvm::isa<CastOp, DetachOp>(op))
      cost.flops = cost.flops + product(getDims(op->getResult(0)));
    if (auto get = llvm::dyn_cast<GetOp>(op); get && !seen[get.getMember()]) {
      seen[get.getMember()] = true;
      cost.bytes = cost.bytes + tensorBytes(get.getResult());
    }
  });
  for (mlir::Value argument : function.getArguments())
    cost.bytes = cost.bytes + tensorBytes(argument);
  for (mlir::Value result : function.getBody().front().getTerminator()->getOperands())
    cost.bytes = cost.bytes + tensorBytes(result);
  return cost;
}

std::string withCommas(int64_t value) {
  std::string digits = std::to_string(value), text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0)
      text += ',';
    text += digits[i];
  }
  return text;
}

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

const char *dtypeText(int32_t dtype) {
  static const char *const names[] = {"f32", "f64", "i64", "bool"};
  return names[dtype];
}

int64_t dtypeBytes(int32_t dtype) {
  static const int64_t sizes[] = {4, 8, 8, 1};
  return sizes[dtype];
}

class Passport {
public:
  explicit Passport(Compilation &compilation) : compilation(compilation), model(compilation.description()) {}

  std::string text() {
    std::string result = printTree(compilation.tree()) + "\n";
    result += table(RUNE_PARAMETER, "parameter") + table(RUNE_BUFFER, "buffer");
    return result + totals();
  }

private:
  static int64_t count(const MemberDescription &member) {
    int64_t elements = 1;
    for (int64_t size : member.shape)
      elements *= size;
    return elements;
  }

  std::string table(int32_t kind, llvm::StringRef title) {
    struct Row {
      std::string name, shape, count, remark;
    };
    std::vector<Row> rows{{title.str(), "shape", "count", ""}};
    for (size_t i = 0; i < model.members.size(); ++i) {
      const MemberDescription &member = model.members[i];
      if (member.kind != kind)
        continue;
      std::string remark = dtypeText(member.dtype);
      if (member.alias != static_cast<int32_t>(i))
        remark += ", tied to " + model.members[member.alias].name;
      else if (kind == RUNE_PARAMETER && !(member.flags & RUNE_TRAINABLE))
        remark += ", frozen";
      else if (kind == RUNE_BUFFER && !(member.flags & RUNE_PERSISTENT))
        remark += ", not saved";
      rows.push_back({member.name, shapeText(member.shape), withCommas(count(member)), remark});
    }
    if (rows.size() == 1)
      return "";
    size_t name = 0, shape = 0, number = 0;
    for (const Row &row : rows) {
      name = std::max(name, row.name.size());
      shape = std::max(shape, row.shape.size());
      number = std::max(number, row.count.size());
    }
    std::string text = "\n";
    for (const Row &row : rows) {
      std::string line = row.name + std::string(name - row.name.size() + 2, ' ') + row.shape +
                         std::string(shape - row.shape.size() + 2 + number - row.count.size(), ' ') + row.count;
      text += row.remark.empty() ? line + "\n" : line + "  " + row.remark + "\n";
    }
    return text;
  }

  std::string totals() {
    int64_t parameters = 0, trainable = 0, bytes = 0;
    for (size_t i = 0; i < model.members.size(); ++i) {
      const MemberDescription &member = model.members[i];
      if (member.alias != static_cast<int32_t>(i))
        continue;
      bytes += count(member) * dtypeBytes(member.dtype);
      if (member.kind != RUNE_PARAMETER)
        continue;
      parameters += count(member);
      trainable += member.flags & RUNE_TRAINABLE ? count(member) : 0;
    }
    return "\nparameters  " + withCommas(parameters) + " (" + withCommas(trainable) + " trainable)\nstate       " +
           withCommas(bytes) + " bytes\n";
  }

  Compilation &compilation;
  const ModelDescription &model;
};

} // namespace

/// The entries' costs at the stage `graph`, and their arenas at `memory`.
static std::string describeEntries(Compilation &compilation, const std::vector<std::pair<std::string, Cost>> &costs) {
  std::string text;
  for (const auto &[name, cost] : costs) {
    auto function = compilation.module().lookupSymbol<mlir::func::FuncOp>(name);
    auto arena = function ? function->getAttrOfType<DimsAttr>("rune.workspace") : nullptr;
    text +=
        llvm::formatv("{0,-12}{1} FLOP, {2} bytes read and written", name, cost.flops.str(), cost.bytes.str()).str();
    if (arena)
      text += ", workspace " + arena.getDims().front().str() + " bytes";
    text += "\n";
  }
  return text;
}

int rune::runPrint(const PrintArguments &arguments) {
  Compilation compilation(arguments.spec, arguments.frontend);
  if (!compilation.load())
    return InputError;
  if (!compilation.import())
    return InputError;
  PipelineOptions options;
  options.hooks = false;
  if (!compilation.lower(Stage::Grad, options))
    return InputError;
  std::vector<std::pair<std::string, Cost>> costs;
  for (auto module : compilation.module().getOps<RuneModuleOp>())
    for (auto function : module.getOps<mlir::func::FuncOp>())
      if (function->hasAttr("rune.entry"))
        costs.push_back({function.getSymName().str(), costOf(function)});
  std::string text = Passport(compilation).text();
  if (!compilation.lower(Stage::Memory, options))
    return InputError;
  llvm::outs() << text << describeEntries(compilation, costs);
  return Success;
}

int rune::runCheck(const CheckArguments &arguments) {
  bool failed = false;
  for (const std::string &path : arguments.specs) {
    Diagnostics diagnostics(llvm::errs());
    std::unique_ptr<LoadedSpec> spec = loadSpec(path, diagnostics);
    if (spec && spec->entry()) {
      FrontendOptions options = arguments.frontend;
      options.checking = true;
      mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
      if (std::unique_ptr<ModuleTree> tree = instantiate(*spec, options, diagnostics))
        (void)importModule(*tree, *spec, options, context, diagnostics);
    }
    failed |= !spec || diagnostics.hasErrors();
  }
  return failed ? InputError : Success;
}

int rune::runSchema(bool functions) {
  if (functions) {
    for (const std::string &line : functionSignatures())
      llvm::outs() << line << '\n';
    return Success;
  }
  Diagnostics diagnostics(llvm::errs());
  llvm::outs() << specSchema(diagnostics) << '\n';
  return diagnostics.hasErrors() ? InputError : Success;
}
