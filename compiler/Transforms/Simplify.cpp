// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/FoldNormalization.h"
#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace rune {
#define GEN_PASS_DEF_SIMPLIFY
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// The value that fills a constant, looking through broadcasts.
std::optional<APFloat> getSplat(Value value) {
  while (auto broadcast = value.getDefiningOp<BroadcastOp>())
    value = broadcast.getInput();
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<APFloat>();
}

bool isSplat(Value value, double expected) {
  auto splat = getSplat(value);
  return splat && splat->isExactlyValue(expected);
}

/// x * 1, 1 * x → x.
struct MultiplyByOne : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    if (isSplat(op.getRhs(), 1.0))
      return rewriter.replaceOp(op, op.getLhs()), success();
    if (isSplat(op.getLhs(), 1.0))
      return rewriter.replaceOp(op, op.getRhs()), success();
    return failure();
  }
};

/// x / c → x * (1 / c) where c is a power of two, so that the product is the quotient in every bit.
struct DivideByPowerOfTwo : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    auto divisor = getSplat(op.getRhs());
    if (!divisor)
      return failure();
    if (divisor->isExactlyValue(1.0))
      return rewriter.replaceOp(op, op.getLhs()), success();
    APFloat inverse(divisor->getSemantics());
    if (!divisor->getExactInverse(&inverse))
      return failure();
    auto type = cast<RankedTensorType>(op.getType());
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Value value = ConstantOp::create(rewriter, op.getLoc(), scalar, DenseElementsAttr::get(scalar, inverse));
    if (type != scalar)
      value = BroadcastOp::create(rewriter, op.getLoc(), type, value);
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getLhs(), value);
    return success();
  }
};

/// x − (+0) → x. (x + 0 is not x for −0.)
struct SubtractZero : OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op, PatternRewriter &rewriter) const override {
    auto splat = getSplat(op.getRhs());
    if (!splat || !splat->isPosZero())
      return failure();
    return rewriter.replaceOp(op, op.getLhs()), success();
  }
};

/// A cast to the dtype that the operand has.
struct CastToSame : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    if (op.getInput().getType() != op.getType())
      return failure();
    return rewriter.replaceOp(op, op.getInput()), success();
  }
};

/// A condition that is one constant everywhere.
struct SelectOfConstant : OpRewritePattern<SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectOp op, PatternRewriter &rewriter) const override {
    Value condition = op.getCondition();
    while (auto broadcast = condition.getDefiningOp<BroadcastOp>())
      condition = broadcast.getInput();
    DenseIntElementsAttr elements;
    if (!matchPattern(condition, m_Constant(&elements)) || !elements.isSplat())
      return failure();
    rewriter.replaceOp(op, elements.getSplatValue<APInt>().isZero() ? op.getRhs() : op.getLhs());
    return success();
  }
};

struct CheckOfConstant : OpRewritePattern<CheckOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CheckOp op, PatternRewriter &rewriter) const override {
    DenseIntElementsAttr elements;
    if (!matchPattern(op.getCondition(), m_Constant(&elements)) || elements.getSplatValue<APInt>().isZero())
      return failure();
    return rewriter.eraseOp(op), success();
  }
};

/// (x y)ᵀ → yᵀ xᵀ: the same sums in the same order, laid out as the reader wants them.
struct TransposeOfProduct : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<MatmulOp>();
    if (!product || !product->hasOneUse() || op.getType().getRank() != 2 ||
        op.getPermutation() != ArrayRef<int64_t>{1, 0})
      return failure();
    Value y = TransposeOp::create(rewriter, op.getLoc(), product.getRhs(), op.getPermutation());
    Value x = TransposeOp::create(rewriter, op.getLoc(), product.getLhs(), op.getPermutation());
    auto swapped = rewriter.replaceOpWithNewOp<MatmulOp>(op, y, x);
    if (auto scope = product->getAttr("scope"))
      swapped->setAttr("scope", scope);
    return success();
  }
};

/// Two tensors with zeros around, of which one begins where the other ends, are one after the other: the gradient of
/// `chunk` is a `cat`. (Their sum would make +0 of −0.)
struct SumOfPads : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    auto first = op.getLhs().getDefiningOp<PadOp>(), second = op.getRhs().getDefiningOp<PadOp>();
    if (!first || !second || !first->hasOneUse() || !second->hasOneUse() || !hasZero(first) || !hasZero(second))
      return failure();
    return success(succeeded(join(op, first, second, rewriter)) || succeeded(join(op, second, first, rewriter)));
  }

private:
  static bool hasZero(PadOp op) {
    auto splat = getSplat(op.getValue());
    return splat && splat->isPosZero();
  }

  static LogicalResult join(AddOp op, PadOp first, PadOp second, PatternRewriter &rewriter) {
    auto low = first.getLow().getDims(), end = first.getHigh().getDims(), begin = second.getLow().getDims(),
         high = second.getHigh().getDims(), sizes = getDims(op.getResult());
    std::optional<size_t> dim;
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (low[i] == begin[i] && end[i] == high[i])
        continue;
      if (dim)
        return failure();
      dim = i;
    }
    if (!dim || sizes[*dim] - end[*dim] != begin[*dim])
      return failure();
    Value parts[] = {first.getInput(), second.getInput()};
    Value joined = ConcatOp::create(rewriter, op.getLoc(), parts, *dim);
    end[*dim] = high[*dim];
    bool whole = llvm::all_of(low, [](const DimExpr &size) { return size.isConstant(0); }) &&
                 llvm::all_of(end, [](const DimExpr &size) { return size.isConstant(0); });
    if (!whole) {
      MLIRContext *context = op.getContext();
      joined = PadOp::create(rewriter, op.getLoc(), joined, first.getValue(), DimsAttr::get(context, low),
                             DimsAttr::get(context, end));
    }
    rewriter.replaceOp(op, joined);
    return success();
  }
};

/// A concatenation of concatenations is one.
struct ConcatOfConcats : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> parts;
    for (Value input : op.getInputs()) {
      auto inner = input.getDefiningOp<ConcatOp>();
      if (inner && inner->hasOneUse() && inner.getDim() == op.getDim())
        llvm::append_range(parts, inner.getInputs());
      else
        parts.push_back(input);
    }
    if (parts.size() == op.getInputs().size())
      return failure();
    rewriter.replaceOpWithNewOp<ConcatOp>(op, parts, op.getDim());
    return success();
  }
};

struct SimplifyPass : rune::impl::SimplifyBase<SimplifyPass> {
  using SimplifyBase::SimplifyBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MultiplyByOne, DivideByPowerOfTwo, SubtractZero, CastToSame, SelectOfConstant, CheckOfConstant,
                 TransposeOfProduct, SumOfPads, ConcatOfConcats>(&getContext());
    FrozenRewritePatternSet frozen(std::move(patterns));
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (failed(applyPatternsGreedily(function, frozen)))
        return signalPassFailure();
      if (exact || function->hasAttr("rune.hooked"))
        continue;
      foldNormalizations(function);
      if (failed(applyPatternsGreedily(function, frozen)))
        return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
