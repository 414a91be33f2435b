// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace rune {
#define GEN_PASS_DEF_INLINEMODULES
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct InlineModulesPass : rune::impl::InlineModulesBase<InlineModulesPass> {
  using InlineModulesBase::InlineModulesBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    table = &symbols;
    if (hooks)
      addHookedVariants();
    llvm::StringSet<> needed;
    for (auto step : getOperation().getOps<InitializeOp>())
      if (step.getFunction())
        needed.insert(*step.getFunction());
    SmallVector<func::FuncOp> unneeded;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPublic() || needed.contains(function.getSymName()))
        finish(function);
      else
        unneeded.push_back(function);
    }
    for (func::FuncOp function : unneeded)
      function.erase();
  }

private:
  void finish(func::FuncOp function) {
    inlineCalls(function);
    resolveSets(function);
    int64_t draws = 0;
    for (auto rand : function.getBody().front().getOps<RandOp>())
      rand.setId(draws++);
  }

  /// A member that was given a new value is read so by what comes after: a module that is called twice updates its
  /// buffers twice. Then only the last value counts.
  static void resolveSets(func::FuncOp function) {
    llvm::MapVector<StringRef, SetOp> current;
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
      if (auto get = dyn_cast<GetOp>(op)) {
        if (auto set = current.lookup(get.getMember())) {
          get.replaceAllUsesWith(set.getValue());
          get.erase();
        }
      } else if (auto set = dyn_cast<SetOp>(op)) {
        SetOp &last = current[set.getMember()];
        if (last)
          last.erase();
        last = set;
      }
    }
    for (auto &[member, set] : current)
      set->moveBefore(function.getBody().front().getTerminator());
  }

  /// What the second variant of a function is called; empty where it has none.
  static std::string hookedName(func::FuncOp function) {
    auto role = function->getAttrOfType<StringAttr>("rune.role");
    if (role && role.getValue() == "gradients")
      return (function.getSymName().drop_back(role.size()) + "hooked_" + role.getValue()).str();
    if (function->hasAttr("rune.entry") || (role && role.getValue() == "forward"))
      return (function.getSymName() + ".hooked").str();
    return "";
  }

  /// A second function beside each entry, which keeps the boundaries of modules.
  void addHookedVariants() {
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (std::string name = hookedName(function); !name.empty()) {
        auto hooked = function.clone();
        hooked.setSymName(name);
        hooked->setAttr("rune.hooked", UnitAttr::get(&getContext()));
        table->insert(hooked, std::next(Block::iterator(function)));
      }
  }

  void inlineCalls(func::FuncOp function) {
    // The body of a callee may hold calls in turn: they are met later on the same walk.
    Block &block = function.getBody().front();
    bool hooked = function->hasAttr("rune.hooked");
    for (auto it = block.begin(); it != block.end();) {
      auto call = dyn_cast<CallOp>(*it);
      if (!call) {
        ++it;
        continue;
      }
      it = inlineCall(call, hooked);
    }
  }

  /// Puts the callee's body in place of the call and returns the first op of it.
  Block::iterator inlineCall(CallOp call, bool hooks) {
    auto callee = table->lookup<func::FuncOp>(call.getCallee());
    OpBuilder builder(call);
    // Losses, optimizers and schedules are not part of the model.
    bool hooked = hooks && call.getModule() && !call.getModule()->starts_with("#");
    StringRef scope = call.getModule() ? StringRef(*call.getModule()).drop_back() : StringRef();
    if (!call.getModule())
      if (auto outer = call->getAttrOfType<StringAttr>("scope"))
        scope = outer.getValue();
    SmallVector<Value> inputs(call.getInputs());
    Operation *before = call->getPrevNode();
    if (hooked && !inputs.empty())
      inputs =
          SmallVector<Value>(HookOp::create(builder, call.getLoc(), TypeRange(ValueRange(inputs)), call.getModuleAttr(),
                                            builder.getUnitAttr(), builder.getI64IntegerAttr(inputs.size()), inputs,
                                            UnitAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr())
                                 .getResults());

    IRMapping mapping;
    mapping.map(callee.getArguments(), inputs);
    auto *terminator = callee.getBody().front().getTerminator();
    for (Operation &op : callee.getBody().front().without_terminator()) {
      Operation *clone = builder.clone(op, mapping);
      if (!clone->hasAttr("scope") && !isa<HookOp>(clone))
        clone->setAttr("scope", builder.getStringAttr(scope));
    }
    SmallVector<Value> outputs;
    for (Value result : terminator->getOperands())
      outputs.push_back(mapping.lookupOrDefault(result));
    if (hooked)
      outputs = hookOutputs(builder, call.getLoc(), call.getModuleAttr(), inputs, outputs);
    call->replaceAllUsesWith(outputs);
    Block *block = call->getBlock();
    call.erase();
    return before ? std::next(Block::iterator(before)) : block->begin();
  }

  static SmallVector<Value> hookOutputs(OpBuilder &builder, Location loc, FlatSymbolRefAttr module,
                                        ArrayRef<Value> inputs, ArrayRef<Value> outputs) {
    SmallVector<Value> tensors(inputs);
    tensors.append(outputs.begin(), outputs.end());
    auto hook = HookOp::create(builder, loc, TypeRange(ValueRange(tensors)), module, UnitAttr(),
                               builder.getI64IntegerAttr(inputs.size()), tensors, UnitAttr(), DenseI64ArrayAttr(),
                               DenseI64ArrayAttr());
    return SmallVector<Value>(hook.getResults().drop_front(inputs.size()));
  }

  SymbolTable *table = nullptr;
};

} // namespace
