// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace rune {
#define GEN_PASS_DEF_SPLITBACKWARD
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// One function that computes a loss and adds to gradients, on its way to being two.
class Splitter {
public:
  Splitter(func::FuncOp function, SymbolTable &symbols) : function(function), symbols(symbols) {}

  void run() {
    for (Operation &op : body())
      if (auto set = dyn_cast<SetOp>(op); (set && isGradient(set)) || isBackwardHook(&op))
        mark(&op, backward);
      else if (set || op.hasTrait<OpTrait::IsTerminator>() || isa<CheckOp, HookOp>(op))
        mark(&op, forward);
    for (Operation *op : backward)
      if (!forward.contains(op))
        for (Value operand : op->getOperands())
          need(operand);
    makeBackward();
    makeLoss();
  }

private:
  Block &body() { return function.getBody().front(); }

  bool isGradient(SetOp set) { return symbols.lookup<SlotOp>(set.getMember()) != nullptr; }

  static bool isBackwardHook(Operation *op) {
    auto hook = dyn_cast<HookOp>(op);
    return hook && hook.getBackward();
  }

  /// The op and all that it is made from.
  void mark(Operation *op, llvm::SetVector<Operation *> &into) {
    SmallVector<Operation *> next = {op};
    while (!next.empty()) {
      Operation *one = next.pop_back_val();
      if (!into.insert(one))
        continue;
      for (Value operand : one->getOperands())
        if (Operation *source = operand.getDefiningOp())
          next.push_back(source);
    }
  }

  /// Whether the value is computed again rather than kept: a reading of a member that the loss does not change, a
  /// constant, another shape of something else, or one cheap operation on what is there anyway.
  bool isRecomputed(Operation *op) {
    if (auto get = dyn_cast<GetOp>(op))
      return llvm::none_of(body().getOps<SetOp>(),
                           [&](SetOp set) { return set.getMember() == get.getMember() && !isGradient(set); });
    if (isa<ConstantOp, DimOp, IotaOp, BroadcastOp, ReshapeOp, TransposeOp>(op))
      return true;
    return isa<CompareOp, CastOp, NegOp>(op) && llvm::all_of(op->getOperands(), [&](Value operand) {
             Operation *source = operand.getDefiningOp();
             return !source || kept.contains(operand) || isRecomputed(source);
           });
  }

  void need(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !forward.contains(op) || kept.contains(value))
      return;
    if (!isRecomputed(op)) {
      kept.insert(value);
      return;
    }
    for (Value operand : op->getOperands())
      need(operand);
  }

  /// Hooks of the other half are dead too.
  static void eraseDead(Block &block, bool isBackward) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      bool elsewhere = isa<HookOp>(op) && isBackwardHook(&op) != isBackward;
      if (op.use_empty() && (elsewhere || isMemoryEffectFree(&op)) && !op.hasTrait<OpTrait::IsTerminator>())
        op.erase();
    }
  }

  DictionaryAttr named(StringRef name) {
    Builder builder(function.getContext());
    return builder.getDictionaryAttr(builder.getNamedAttr("rune.name", builder.getStringAttr(name)));
  }

  std::string nameOf(StringRef role) { return function.getSymName().rsplit("gradients").first.str() + role.str(); }

  void makeBackward() {
    IRMapping mapping;
    auto made = cast<func::FuncOp>(function->clone(mapping));
    made.setSymName(nameOf("backward"));
    made->setAttr("rune.role", StringAttr::get(made.getContext(), "backward"));
    Block &block = made.getBody().front();
    for (Operation &op : llvm::make_early_inc_range(block))
      if (auto set = dyn_cast<SetOp>(op); (set && !isGradient(set)) || isa<CheckOp>(op))
        op.erase();
    for (auto [i, value] : llvm::enumerate(kept)) {
      (void)made.insertArgument(made.getNumArguments(), value.getType(), named("saved." + std::to_string(i)),
                                value.getLoc());
      mapping.lookup(value).replaceAllUsesWith(block.getArguments().back());
    }
    block.getTerminator()->setOperands({});
    (void)made.eraseResults(llvm::BitVector(made.getNumResults(), true));
    eraseDead(block, /*isBackward=*/true);
    symbols.insert(made, std::next(Block::iterator(function)));
  }

  void makeLoss() {
    for (Operation &op : llvm::make_early_inc_range(body()))
      if (auto set = dyn_cast<SetOp>(op); set && isGradient(set))
        set.erase();
    Operation *end = body().getTerminator();
    SmallVector<Value> results(end->getOperands());
    llvm::append_range(results, kept);
    end->setOperands(results);
    eraseDead(body(), /*isBackward=*/false);
    for (auto [i, value] : llvm::enumerate(kept))
      (void)function.insertResult(function.getNumResults(), value.getType(), named("saved." + std::to_string(i)));
    function->setAttr("rune.role", StringAttr::get(function.getContext(), "loss"));
    symbols.remove(function);
    function.setSymName(nameOf("loss"));
    symbols.insert(function);
  }

  func::FuncOp function;
  SymbolTable &symbols;
  llvm::SetVector<Operation *> forward, backward;
  llvm::SetVector<Value> kept;
};

struct SplitBackwardPass : rune::impl::SplitBackwardBase<SplitBackwardPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (auto role = function->getAttrOfType<StringAttr>("rune.role"); role && role.getValue() == "gradients")
        Splitter(function, symbols).run();
  }
};

} // namespace
