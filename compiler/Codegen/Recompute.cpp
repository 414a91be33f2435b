// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"
#include "Codegen/MemoryUse.h"
#include "Codegen/Passes.h"
#include "Codegen/Rematerialization.h"
#include "Codegen/WorkspacePlan.h"
#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

#include <set>

namespace rune {
#define GEN_PASS_DEF_RECOMPUTE
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// Writes a program into the function that it was made of.
class Rewriter {
public:
  Rewriter(const MemoryUse &use, const Rematerialization::Program &program) : use(use), program(program) {}

  void run() {
    Operation *next = nullptr;
    for (const Rematerialization::Step &step : llvm::reverse(program.steps)) {
      // From the end: what is repeated stands before the next step that was there.
      Operation *op = use.steps()[step.original].op;
      if (step.again)
        op = OpBuilder(next).clone(*op);
      placed.push_back({op, &step});
      next = op;
    }
    for (auto &[op, step] : llvm::reverse(placed))
      redirect(op, *step);
  }

private:
  /// Lets the op touch the copies instead of the kept versions.
  void redirect(Operation *op, const Rematerialization::Step &step) {
    if (step.copies.empty())
      return;
    OpBuilder builder(op);
    op->walk([&](Operation *nested) {
      for (OpOperand &operand : nested->getOpOperands()) {
        if (!isa<MemRefType>(operand.get().getType()))
          continue;
        auto buffer = use.bufferOf(operand.get());
        if (buffer && llvm::is_contained(step.copies, *buffer))
          operand.set(viewOfCopy(builder, operand.get(), *buffer));
      }
    });
  }

  Value viewOfCopy(OpBuilder &builder, Value kept, unsigned buffer) {
    Operation *source = kept.getDefiningOp();
    if (auto alloc = dyn_cast<memref::AllocOp>(source)) {
      Value &copy = copies[buffer];
      if (!copy)
        copy = builder.clone(*alloc)->getResult(0);
      return copy;
    }
    IRMapping mapping;
    Value viewed = cast<ViewLikeOpInterface>(source).getViewSource();
    mapping.map(viewed, viewOfCopy(builder, viewed, buffer));
    return builder.clone(*source, mapping)->getResult(0);
  }

  const MemoryUse &use;
  const Rematerialization::Program &program;
  std::vector<std::pair<Operation *, const Rematerialization::Step *>> placed;
  llvm::DenseMap<unsigned, Value> copies;
};

std::string countOf(unsigned count, StringRef what) {
  return std::to_string(count) + " " + what.str() + (count == 1 ? "" : "s");
}

std::string megabytes(int64_t bytes) {
  if (bytes < 1'000'000)
    return llvm::formatv("{0:F1} kB", static_cast<double>(bytes) / 1e3).str();
  return llvm::formatv("{0:F1} MB", static_cast<double>(bytes) / 1e6).str();
}

/// One function and the budget.
class Fitter {
public:
  Fitter(func::FuncOp function, int64_t budget, const llvm::StringMap<int64_t> &given)
      : function(function), budget(budget), given(given), sizes(function), use(function) {}

  /// Where the budget cannot be kept: an error, or where `tolerated` a warning. Without a report it fails where a size
  /// is not given.
  LogicalResult run(bool tolerated) {
    for (const MemoryUse::Buffer &buffer : use.buffers())
      allocated.push_back(buffer.alloc ? allocatedBytes(buffer.alloc, sizes).value_or(0) : DimExpr(0));
    Rematerialization::Program unchanged;
    for (unsigned i = 0; i < use.steps().size(); ++i)
      unchanged.steps.push_back({i, false, {}});
    std::vector<double> seconds = costs();
    missing.clear();
    std::vector<int64_t> bytes;
    for (const DimExpr &one : allocated)
      bytes.push_back(llvm::alignTo(evaluate(one), 64));
    Rematerialization choice(use, seconds, bytes);
    int64_t planned = plan(choice, unchanged);
    if (!missing.empty())
      return failure();
    if (planned <= budget)
      return success();
    std::optional<Rematerialization::Program> program = search(choice);
    if (!program) {
      program = choice.fit(choice.least());
      if (int64_t least = plan(choice, *program); least > budget)
        return complain(planned, least, tolerated);
    }
    function.emitRemark() << "'" << function.getName() << "' needs a workspace of " << megabytes(plan(choice, *program))
                          << " instead of " << megabytes(planned) << ", and computes "
                          << countOf(program->repeated, "kernel") << " again: " << extraOf(*program);
    Rewriter(use, *program).run();
    return success();
  }

  /// Sizes that the workspace depends on and that are not given.
  const std::set<std::string> &missingSizes() const { return missing; }

private:
  int64_t evaluate(const DimExpr &dim) {
    DimExpr value = dim.substitute([&](StringRef name) -> std::optional<DimExpr> {
      auto it = given.find(name);
      if (it == given.end())
        missing.insert(name.str());
      return DimExpr(it == given.end() ? 1 : it->second);
    });
    return value.isConstant() ? value.getConstant() : 0;
  }

  /// Seconds of each step, at a core's speed, roughly: what counts is how arithmetic compares with memory.
  std::vector<double> costs() {
    std::vector<double> seconds;
    for (const MemoryUse::Step &step : use.steps()) {
      OpCost cost = costOf(step.op, sizes);
      flops.push_back(static_cast<double>(evaluate(cost.flops)));
      seconds.push_back(flops.back() / 5e10 + static_cast<double>(evaluate(cost.bytes)) / 2e10);
    }
    return seconds;
  }

  std::string extraOf(const Rematerialization::Program &program) const {
    double extra = 0, total = 0;
    for (const Rematerialization::Step &step : program.steps)
      (step.again ? extra : total) += flops[step.original];
    const char *unit = extra >= 1e9 ? "GFLOP" : "MFLOP";
    return llvm::formatv("{0:F2} {1}, {2:F1}% more", extra / (extra >= 1e9 ? 1e9 : 1e6), unit,
                         total > 0 ? 100 * extra / total : 0)
        .str();
  }

  /// What `plan-memory` will need.
  int64_t plan(const Rematerialization &choice, const Rematerialization::Program &program) {
    WorkspacePlan plan(function);
    for (auto [buffer, versions] : llvm::enumerate(choice.lifetimes(program)))
      for (const Rematerialization::Lifetime &life : versions)
        if (use.buffers()[buffer].isAllocated() && life.first >= 0)
          plan.add(allocated[buffer], life.first, life.last);
    plan.place();
    return evaluate(plan.total());
  }

  /// What lives at one time is less than what is planned: the target sinks by the difference until that fits too.
  std::optional<Rematerialization::Program> search(const Rematerialization &choice) {
    int64_t target = budget;
    for (unsigned round = 0; round < 8 && target > 0; ++round) {
      auto program = choice.fit(target);
      if (!program)
        return std::nullopt;
      int64_t planned = plan(choice, *program);
      if (planned <= budget)
        return program;
      target -= std::max(planned - budget, budget / 200);
    }
    return std::nullopt;
  }

  LogicalResult complain(int64_t planned, int64_t least, bool tolerated) {
    InFlightDiagnostic message = tolerated ? function.emitWarning() : function.emitError();
    message << "'" << function.getName() << "' does not fit into --memory-budget=" << budget << ": its workspace is "
            << megabytes(planned) << ", and the least that recomputation reaches is " << least << " bytes ("
            << megabytes(least) << ")";
    return success(tolerated);
  }

  func::FuncOp function;
  int64_t budget;
  const llvm::StringMap<int64_t> &given;
  SymbolicIndex sizes;
  MemoryUse use;
  std::vector<DimExpr> allocated; // by buffer
  std::vector<double> flops;      // by step
  std::set<std::string> missing;  // sizes that are not given
};

struct RecomputePass : rune::impl::RecomputeBase<RecomputePass> {
  using RecomputeBase::RecomputeBase;

  void runOnOperation() override {
    if (budget <= 0)
      return;
    llvm::StringMap<int64_t> given;
    for (const std::string &size : sizes) {
      auto [name, value] = StringRef(size).split('=');
      if (value.getAsInteger(10, given[name]))
        return signalPassFailure();
    }
    bool wholeSteps = llvm::any_of(getOperation().getOps<func::FuncOp>(), [](func::FuncOp function) {
      auto role = function->getAttrOfType<StringAttr>("rune.role");
      return role && role.getValue() == "step";
    });
    std::set<std::string> missing;
    func::FuncOp unknown;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration() || !function->hasAttr("rune.inputs"))
        continue;
      // Beside a whole step its pieces are another way to do the same.
      auto role = function->getAttrOfType<StringAttr>("rune.role");
      bool piece = wholeSteps && role && role.getValue() != "step" && role.getValue() != "forward" &&
                   role.getValue() != "evaluate";
      Fitter fitter(function, budget, given);
      if (succeeded(fitter.run(piece || function->hasAttr("rune.hooked"))))
        continue;
      signalPassFailure(); // and what else does not fit
      missing.insert(fitter.missingSizes().begin(), fitter.missingSizes().end());
      if (!fitter.missingSizes().empty() && !unknown)
        unknown = function;
    }
    if (unknown)
      askForSizes(unknown, missing);
  }

  static void askForSizes(func::FuncOp function, const std::set<std::string> &missing) {
    std::string names, options;
    for (const std::string &name : missing) {
      names += (names.empty() ? "'" : ", '") + name + "'";
      options += " --size " + name + "=N";
    }
    function.emitError() << "the workspace depends on " << names << ": say for which sizes --memory-budget is, with"
                         << options;
  }
};

} // namespace
