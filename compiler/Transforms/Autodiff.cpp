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
  /// `runsHooks`: whether backward hooks run where the gradients pass the boundary of a module.
  ReverseMode(GradOp grad, SymbolTable &symbols, bool runsHooks)
      : grad(grad), symbols(symbols), builder(grad), runsHooks(runsHooks) {}

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
      if (auto hook = dyn_cast<HookOp>(op)) {
        for (auto [tensor, result] : llvm::zip(hook.getTensors(), hook.getResults()))
          if (active.contains(tensor))
            active.insert(result);
        continue;
      }
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
    if (auto hook = dyn_cast<HookOp>(op)) {
      if (runsHooks)
        hook.getPre() ? leaveModule(hook, given) : enterModule(hook, given);
      else
        passThrough(hook, given);
      return success();
    }
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

  //===-- Boundaries of modules, in the hooked variant ------------------------------------------------------------===//

  /// Gradients at a boundary, and which of the module's outputs or inputs they belong to.
  struct Boundary {
    SmallVector<Value> gradients;
    SmallVector<int64_t> places;
  };

  void passThrough(HookOp hook, ArrayRef<Value> given) {
    for (auto [tensor, gradient] : llvm::zip(hook.getTensors(), given))
      if (gradient && active.contains(tensor))
        accumulate(tensor, gradient);
  }

  SmallVector<Value> emitHook(HookOp forward, bool pre, const Boundary &inputs, const Boundary &outputs,
                              ArrayRef<int64_t> arity) {
    SmallVector<Value> tensors(inputs.gradients);
    llvm::append_range(tensors, outputs.gradients);
    SmallVector<int64_t> places(inputs.places);
    llvm::append_range(places, outputs.places);
    auto hook = HookOp::create(builder, forward.getLoc(), TypeRange(ValueRange(tensors)), forward.getModuleAttr(),
                               pre ? builder.getUnitAttr() : UnitAttr(),
                               builder.getI64IntegerAttr(inputs.gradients.size()), tensors, builder.getUnitAttr(),
                               builder.getDenseI64ArrayAttr(places), builder.getDenseI64ArrayAttr(arity));
    return SmallVector<Value>(hook.getResults());
  }

  static SmallVector<int64_t> arityOf(HookOp after) {
    int64_t inputs = after.getInputCount();
    return {inputs, static_cast<int64_t>(after.getTensors().size()) - inputs};
  }

  /// The gradients of a module's outputs are known: full-backward-pre hooks. Where no input has a gradient, nothing is
  /// to be waited for, and the full-backward hooks follow at once, as in PyTorch.
  void enterModule(HookOp after, ArrayRef<Value> given) {
    int64_t inputs = after.getInputCount();
    Boundary outputs;
    for (auto [i, tensor] : llvm::enumerate(after.getTensors().drop_front(inputs))) {
      if (!isFloat(tensor) || !active.contains(tensor))
        continue;
      Value gradient = given[inputs + i];
      outputs.gradients.push_back(gradient ? gradient : OpGradients(builder, grad, {}, {}).number(0, tensor));
      outputs.places.push_back(i);
    }
    SmallVector<int64_t> arity = arityOf(after);
    outputs.gradients = emitHook(after, /*pre=*/true, {}, outputs, arity);
    for (auto [gradient, place] : llvm::zip(outputs.gradients, outputs.places))
      accumulate(after.getTensors()[inputs + place], gradient);
    HookOp before = inputs ? after.getTensors().front().getDefiningOp<HookOp>() : HookOp();
    if (before && llvm::any_of(before.getTensors(), [&](Value tensor) { return active.contains(tensor); }))
      entered[before] = {outputs, arity};
    else
      (void)emitHook(after, /*pre=*/false, {}, outputs, arity);
  }

  /// The gradients of its inputs are known: full-backward hooks.
  void leaveModule(HookOp before, ArrayRef<Value> given) {
    Boundary inputs;
    for (auto [i, tensor] : llvm::enumerate(before.getTensors())) {
      if (!active.contains(tensor))
        continue;
      inputs.gradients.push_back(given[i] ? given[i] : OpGradients(builder, grad, {}, {}).number(0, tensor));
      inputs.places.push_back(i);
    }
    auto known = entered.find(before);
    if (known != entered.end()) {
      SmallVector<Value> left = emitHook(before, /*pre=*/false, inputs, known->second.first, known->second.second);
      inputs.gradients.assign(left.begin(), left.begin() + inputs.gradients.size());
    }
    for (auto [gradient, place] : llvm::zip(inputs.gradients, inputs.places))
      accumulate(before.getTensors()[place], gradient);
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
  bool runsHooks;
  llvm::DenseSet<Value> active;
  llvm::DenseMap<Value, Value> cotangents;
  // By the hooks before a module's forward: the gradients of its outputs, and how many inputs and outputs it has.
  llvm::DenseMap<Operation *, std::pair<Boundary, SmallVector<int64_t>>> entered;
};

struct AutodiffPass : rune::impl::AutodiffBase<AutodiffPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto role = function->getAttrOfType<StringAttr>("rune.role");
      auto grads = llvm::to_vector(function.getBody().front().getOps<GradOp>());
      // The gradients that a forward or a loss asks for are values like others: only the last goes into `.grad`.
      for (GradOp grad : grads)
        if (failed(ReverseMode(grad, symbols, role && role.getValue() == "gradients" && grad == grads.back()).run()))
          return signalPassFailure();
      // Asking for an input's gradient repeats a loss that has updated the buffers already.
      if (role && role.getValue() == "input_gradients")
        for (auto set : llvm::make_early_inc_range(function.getBody().front().getOps<SetOp>()))
          set.erase();
    }
  }
};

} // namespace
