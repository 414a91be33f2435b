// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"
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
  bool onlyReader = llvm::count_if(operand->get().getUsers(), llvm::IsaPred<linalg::GenericOp, ContractOp>) == 1;
  return onlyReader || tensorsInPlaceOf(producer, operand->getOwner()) <= 1;
}

/// The single reader of a contraction takes the epilogue's place: it sees each element once, where it was made.
struct FuseEpilogue : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || op.hasIndexSemantics())
      return failure();
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto contract = operand->get().getDefiningOp<ContractOp>();
      if (!contract || !contract->hasOneUse() || !op.getMatchingIndexingMap(operand).isIdentity() || !readsSimply(op))
        continue;
      fuse(op, operand, contract, rewriter);
      return success();
    }
    return failure();
  }

private:
  /// Extras are read at projected places; constants in a map (a broadcast size of 1) are fine too.
  static bool readsSimply(linalg::GenericOp op) {
    bool gathers = false;
    op.getBody()->walk([&](tensor::ExtractOp) { gathers = true; });
    return !gathers && llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
      return map.isProjectedPermutation(/*allowZeroInResults=*/true);
    });
  }

  static void fuse(linalg::GenericOp op, OpOperand *operand, ContractOp contract, PatternRewriter &rewriter) {
    SmallVector<Value> extras(contract.getExtras());
    SmallVector<Attribute> maps(contract.getMaps().begin(), contract.getMaps().end());
    SmallVector<OpOperand *> joined;
    for (OpOperand *input : op.getDpsInputOperands())
      if (input != operand && input->get() != operand->get()) {
        joined.push_back(input);
        extras.push_back(input->get());
        maps.push_back(AffineMapAttr::get(op.getMatchingIndexingMap(input)));
      }
    // What the reader needs may be made after the contraction: the new op stands in the reader's place.
    Location loc = rewriter.getFusedLoc({contract.getLoc(), op.getLoc()});
    auto fused = ContractOp::create(rewriter, loc, op.getResultTypes().front(), contract.getLhs(), contract.getRhs(),
                                    extras, op.getDpsInits().front(), rewriter.getArrayAttr(maps));
    if (auto scope = contract->getAttr("scope"))
      fused->setAttr("scope", scope);
    rewriter.inlineRegionBefore(contract.getEpilogue(), fused.getEpilogue(), fused.getEpilogue().end());
    Block *block = &fused.getEpilogue().front();
    auto yield = cast<YieldOp>(block->getTerminator());

    IRMapping mapping;
    Block *body = op.getBody();
    for (OpOperand *input : op.getDpsInputOperands()) {
      BlockArgument argument = body->getArgument(input->getOperandNumber());
      if (input->get() == operand->get())
        mapping.map(argument, yield.getValue());
      else
        mapping.map(argument, block->addArgument(argument.getType(), op.getLoc()));
    }
    rewriter.setInsertionPoint(yield);
    for (Operation &nested : body->without_terminator())
      rewriter.clone(nested, mapping);
    Value result = mapping.lookupOrDefault(body->getTerminator()->getOperand(0));
    YieldOp::create(rewriter, op.getLoc(), result);
    rewriter.eraseOp(yield);
    rewriter.replaceOp(op, fused.getResult());
    rewriter.eraseOp(contract);
  }
};

struct FusePass : rune::impl::FuseBase<FusePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    patterns.add<FuseEpilogue>(&getContext());
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
