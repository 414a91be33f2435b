// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"
#include "Codegen/FuseEpilogue.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace rune {
#define GEN_PASS_DEF_FUSE
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

bool isElementwise(linalg::GenericOp op) {
  return op.getNumParallelLoops() == op.getNumLoops() && op->getNumResults() == 1 &&
         op.getIndexingMapsArray().back().isIdentity();
}

/// How many tensors of its own size `reader` would read in place of the one that `producer` makes and did not read
/// before; broadcast rows stay in the cache and do not count.
unsigned tensorsInPlaceOf(linalg::GenericOp producer, Operation *reader) {
  unsigned tensors = 0;
  for (OpOperand *operand : producer.getDpsInputOperands()) {
    AffineMap map = producer.getMatchingIndexingMap(operand);
    bool full = map.getNumResults() == producer.getNumLoops() && map.isProjectedPermutation();
    tensors += full && !llvm::is_contained(reader->getOperands(), operand->get());
  }
  return tensors;
}

/// A producer with several readers is repeated in each where that is cheaper than writing and reading it back.
bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  if (!producer || !isElementwise(producer))
    return false;
  // Each fusion copies both bodies: without a bound, a long chain would cost its length squared. And a loop that reads
  // more streams than there are registers is no quicker than two.
  auto consumer = cast<linalg::GenericOp>(operand->getOwner());
  if (producer.getBody()->getOperations().size() + consumer.getBody()->getOperations().size() > 200 ||
      producer.getNumDpsInputs() + consumer.getNumDpsInputs() > 24)
    return false;
  if (operand->get().hasOneUse())
    return true;
  if (elementCost(producer) > 4 || producer.getNumDpsInputs() > 2)
    return false;
  // Where the others only keep it, as optimizers keep their moments, both ops become one loop later.
  bool onlyReader =
      llvm::count_if(operand->get().getUsers(), llvm::IsaPred<linalg::GenericOp, ContractOp, PackOp>) == 1;
  return onlyReader || tensorsInPlaceOf(producer, operand->getOwner()) <= 1;
}

struct FusePass : rune::impl::FuseBase<FusePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    populateFuseEpiloguePatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
