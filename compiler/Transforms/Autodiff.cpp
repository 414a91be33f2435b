// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Gradients/OpGradients.h"
#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace rune {
#define GEN_PASS_DEF_AUTODIFF
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

bool isFloat(Value value) { return isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType()); }

/// The gradient of one `rune.grad`.
class ReverseMode {
public:
  ReverseMode(GradOp grad, SymbolTable &symbols) : grad(grad), symbols(symbols), builder(grad) {}

  LogicalResult run() {
    findActive();
    seed();
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(llvm::make_range(grad->getBlock()->begin(), Block::iterator(grad)))))
      if (failed(visit(&op)))
        return failure();
    return replace();
  }

private:
  /// The member whose storage a value was read from; empty where it was not.
  StringRef storageOf(Value value) {
    auto get = value.getDefiningOp<GetOp>();
    if (!get)
      return {};
    auto parameter = symbols.lookup<ParameterOp>(get.getMember());
    return parameter && parameter.getAlias() ? *parameter.getAlias() : get.getMember();
  }

  /// What depends on an x.
  void findActive() {
    llvm::DenseSet<StringRef> members;
    for (Value x : grad.getXs()) {
      active.insert(x);
      if (StringRef member = storageOf(x); !member.empty())
        members.insert(member);
    }
    for (Operation &op : llvm::make_range(grad->getBlock()->begin(), Block::iterator(grad))) {
      if (auto get = dyn_cast<GetOp>(op); get && members.contains(storageOf(get)))
        active.insert(get);
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return active.contains(operand); }))
        for (Value result : op.getResults())
          if (isFloat(result))
            active.insert(result);
    }
  }

  void seed() {
    for (auto [i, y] : llvm::enumerate(grad.getYs())) {
      if (!active.contains(y))
        continue;
      OpGradients ones(builder, grad, {}, {});
      accumulate(y, grad.getCotangents().empty() ? ones.number(1, y) : Value(grad.getCotangents()[i]));
    }
  }

  void accumulate(Value value, Value share) {
    Value &sum = cotangents[value];
    sum = sum ? Value(AddOp::create(builder, share.getLoc(), sum.getType(), sum, share)) : share;
  }

  LogicalResult visit(Operation *op) {
    // An x is where a gradient ends, though what it was made from may be another x.
    SmallVector<Value> given;
    for (Value result : op->getResults())
      given.push_back(cotangents.lookup(result));
    if (llvm::none_of(given, [](Value value) { return value != nullptr; }))
      return success();
    SmallVector<bool> needed;
    for (Value operand : op->getOperands())
      needed.push_back(active.contains(operand));
    if (!llvm::is_contained(needed, true))
      return success();
    auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
    if (!differentiable)
      return op->emitError() << "there is no gradient of '" << op->getName().stripDialect() << "'";
    OpGradients gradients(builder, op, given, needed);
    Operation *before = grad->getPrevNode();
    differentiable.vjp(gradients);
    if (Attribute scope = op->getAttr("scope"))
      for (Operation *made = grad->getPrevNode(); made != before; made = made->getPrevNode())
        made->setAttr("scope", scope);
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      if (Value share = gradients.share(i); share && needed[i])
        accumulate(operand, share);
    return success();
  }

  /// All readings of a member count for it.
  Value gradientOf(Value x) {
    StringRef member = storageOf(x);
    if (member.empty())
      return cotangents.lookup(x);
    Value sum;
    for (Operation &op : llvm::make_range(grad->getBlock()->begin(), Block::iterator(grad)))
      if (auto get = dyn_cast<GetOp>(op); get && storageOf(get) == member)
        if (Value share = cotangents.lookup(get))
          sum = sum ? Value(AddOp::create(builder, share.getLoc(), sum.getType(), sum, share)) : share;
    return sum;
  }

  LogicalResult replace() {
    OpGradients zeros(builder, grad, {}, {});
    for (auto [x, result] : llvm::zip(grad.getXs(), grad.getGradients())) {
      Value gradient = gradientOf(x);
      if (!gradient)
        if (StringRef member = storageOf(x); !member.empty())
          dropUpdates(member);
      result.replaceAllUsesWith(gradient ? gradient : zeros.number(0, x));
    }
    grad.erase();
    return success();
  }

  void dropUpdates(StringRef member) {
    auto own = grad->getParentOfType<func::FuncOp>();
    for (auto function : grad->getParentOfType<RuneModuleOp>().getOps<func::FuncOp>())
      if (function == own ||
          (own->hasAttr("rune.phase") && own->getAttr("rune.phase") == function->getAttr("rune.phase")))
        for (auto set : llvm::make_early_inc_range(function.getBody().front().getOps<SetOp>()))
          if (set.getUpdates() == member)
            set.erase();
  }

  GradOp grad;
  SymbolTable &symbols;
  OpBuilder builder;
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, Value> cotangents;
};

struct AutodiffPass : rune::impl::AutodiffBase<AutodiffPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      for (auto grad : llvm::to_vector(function.getBody().front().getOps<GradOp>()))
        if (failed(ReverseMode(grad, symbols).run()))
          return signalPassFailure();
      // Asking for an input's gradient repeats a loss that has updated the buffers already.
      auto role = function->getAttrOfType<StringAttr>("rune.role");
      if (role && role.getValue() == "input_gradients")
        for (auto set : llvm::make_early_inc_range(function.getBody().front().getOps<SetOp>()))
          set.erase();
    }
  }
};

} // namespace
