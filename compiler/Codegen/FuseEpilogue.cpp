// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/FuseEpilogue.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace rune;

namespace {

/// The single reader of a contraction takes the epilogue's place: it sees each element once, where it was made.
struct FuseEpilogue : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || op.hasIndexSemantics())
      return failure();
    for (OpOperand *operand : op.getDpsInputOperands()) {
      auto contract = operand->get().getDefiningOp<ContractOp>();
      if (!contract || contract->getNumResults() != 1 || !contract->hasOneUse() ||
          !op.getMatchingIndexingMap(operand).isIdentity() || !readsSimply(op) ||
          (op->getNumResults() > 1 && !isLarge(contract)))
        continue;
      fuse(op, operand, contract, rewriter);
      return success();
    }
    return failure();
  }

private:
  static bool isElementwise(linalg::GenericOp op) {
    return op.getNumParallelLoops() == op.getNumLoops() && llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
             return op.getMatchingIndexingMap(&init).isIdentity();
           });
  }

  /// Products of this size are written in blocks, whose epilogue is one loop: a long one is not written out for every
  /// row of a tile.
  static bool isLarge(ContractOp op) {
    auto type = cast<ShapedType>(op.getInit().getType());
    if (!type.hasStaticShape() || type.getNumElements() < 1 << 17)
      return false;
    return type.getShape().back() * (op.getPanels() ? type.getShape().front() : 1) >= 64;
  }

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
    auto fused = ContractOp::create(rewriter, loc, op.getResultTypes(), contract.getLhs(), contract.getRhs(), extras,
                                    op.getDpsInits(), rewriter.getArrayAttr(maps), contract.getPanels());
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
        mapping.map(argument, yield.getValues().front());
      else
        mapping.map(argument, block->addArgument(argument.getType(), op.getLoc()));
    }
    rewriter.setInsertionPoint(yield);
    for (Operation &nested : body->without_terminator())
      rewriter.clone(nested, mapping);
    SmallVector<Value> results;
    for (Value yielded : body->getTerminator()->getOperands())
      results.push_back(mapping.lookupOrDefault(yielded));
    YieldOp::create(rewriter, op.getLoc(), results);
    rewriter.eraseOp(yield);
    rewriter.replaceOp(op, fused.getResults());
    rewriter.eraseOp(contract);
  }
};

} // namespace

void rune::populateFuseEpiloguePatterns(RewritePatternSet &patterns) {
  patterns.add<FuseEpilogue>(patterns.getContext());
}
