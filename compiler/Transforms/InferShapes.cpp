// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rune {
#define GEN_PASS_DEF_INFERSHAPES
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct InferShapesPass : rune::impl::InferShapesBase<InferShapesPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      for (Operation &op : function.getBody().front())
        if (failed(inferResults(&op)))
          return signalPassFailure();
      SmallVector<Type> results(function.getBody().front().getTerminator()->getOperandTypes());
      function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), results));
    }
  }

private:
  static LogicalResult inferResults(Operation *op) {
    if (auto hook = dyn_cast<HookOp>(op)) {
      for (auto [tensor, result] : llvm::zip(hook.getTensors(), hook.getResults()))
        result.setType(tensor.getType());
      return success();
    }
    auto inference = dyn_cast<InferTypeOpInterface>(op);
    if (!inference)
      return success();
    SmallVector<Type> types;
    if (failed(inference.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(), op->getAttrDictionary(),
                                          op->getPropertiesStorage(), op->getRegions(), types)))
      return failure();
    for (auto [result, type] : llvm::zip(op->getResults(), types))
      result.setType(type);
    return success();
  }
};

} // namespace
