// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/Passes.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace rune {
#define GEN_PASS_DEF_FUSEATTENTION
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// Through what gives each element the value of one before it.
Value behindShapes(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<BroadcastOp, ReshapeOp, DetachOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The number that a tensor holds everywhere.
std::optional<double> splatOf(Value value) {
  auto constant = behindShapes(value).getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : nullptr;
  if (!elements || !isa<FloatType>(elements.getElementType()))
    return std::nullopt;
  return elements.getSplatValue<APFloat>().convertToDouble();
}

/// Whether a value is another one's place along the last dimension but `fromLast`.
bool countsAlong(Value value, int64_t fromLast) {
  int64_t dim = cast<RankedTensorType>(value.getType()).getRank() - 1 - fromLast;
  // Down to the iota: a broadcast repeats along other dimensions, a reshape adds some of one element.
  while (Operation *op = value.getDefiningOp()) {
    if (isa<IotaOp>(op))
      return dim == 0;
    if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
      int64_t added = broadcast.getType().getRank() - broadcast.getInput().getType().getRank();
      dim -= added;
      if (dim < 0 || getDims(broadcast.getInput())[dim] != getDims(broadcast.getResult())[dim + added])
        return false;
      value = broadcast.getInput();
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      auto dims = getDims(reshape.getInput());
      auto to = getDims(reshape.getResult());
      if (dims.size() != 1 || dims.front() != to[dim] || product(to) != to[dim])
        return false;
      dim = 0;
      value = reshape.getInput();
    } else {
      return false;
    }
  }
  return false;
}

/// The parts of an attention, from its last product upwards.
class Attention {
public:
  explicit Attention(MatmulOp last) : last(last) {}

  bool match() {
    auto rank = last.getType().getRank();
    if (rank < 3 || last.getRhs().getType().getRank() != rank)
      return false;
    auto quotient = onlyUse<DivOp>(last.getLhs());
    auto exponential = quotient ? quotient.getLhs().getDefiningOp<ExpOp>() : nullptr;
    if (!exponential || !isReduced<ReduceSumOp>(quotient.getRhs(), exponential.getResult()) ||
        !hasUses(exponential.getResult(), 2))
      return false;
    auto difference = onlyUse<SubOp>(exponential.getInput());
    if (!difference || !isReduced<ReduceMaxOp>(difference.getRhs(), difference.getLhs()) ||
        !hasUses(difference.getLhs(), 2))
      return false;
    Value scores = difference.getLhs();
    if (auto select = scores.getDefiningOp<SelectOp>()) {
      if (!isCausal(select))
        return false;
      causal = true;
      scores = select.getLhs();
      if (!hasUses(scores, 1))
        return false;
    }
    if (auto scaled = scores.getDefiningOp<MulOp>()) {
      auto factor = splatOf(scaled.getRhs());
      if (!factor)
        return false;
      scale = *factor;
      scores = scaled.getLhs();
    }
    first = onlyUse<MatmulOp>(scores);
    return first && first.getRhs().getType().getRank() == rank && isSmall(first.getLhs()) && isSmall(last.getRhs());
  }

  void replace() {
    OpBuilder builder(last);
    Location loc = last.getLoc();
    SmallVector<int64_t> swapped = llvm::to_vector(llvm::seq<int64_t>(0, last.getType().getRank()));
    std::swap(swapped.back(), swapped[swapped.size() - 2]);
    Value key = transposed(builder, first.getRhs(), swapped);
    auto op =
        AttentionOp::create(builder, builder.getFusedLoc({first.getLoc(), loc}), first.getLhs(), key, last.getRhs(),
                            builder.getF64FloatAttr(scale), causal ? builder.getUnitAttr() : nullptr);
    if (Attribute scope = last->getAttr("scope"))
      op->setAttr("scope", scope);
    last.getResult().replaceAllUsesWith(op.getResult());
  }

private:
  static constexpr int64_t largest = 256;

  /// A transposition of a transposition is one.
  static Value transposed(OpBuilder &builder, Value value, ArrayRef<int64_t> permutation) {
    SmallVector<int64_t> whole(permutation);
    if (auto before = value.getDefiningOp<TransposeOp>()) {
      for (int64_t &dim : whole)
        dim = before.getPermutation()[dim];
      value = before.getInput();
      if (llvm::is_sorted(whole))
        return value;
    }
    return TransposeOp::create(builder, value.getLoc(), value, whole);
  }

  static bool isSmall(Value matrix) {
    DimExpr width = getDims(matrix).back();
    return width.isConstant() && width.getConstant() >= 1 && width.getConstant() <= largest;
  }

  static bool hasUses(Value value, unsigned count) {
    return static_cast<unsigned>(std::distance(value.use_begin(), value.use_end())) == count;
  }
  template <typename Op> static Op onlyUse(Value value) { return value.hasOneUse() ? value.getDefiningOp<Op>() : Op(); }

  /// Whether a value is the reduction of another one over the last dimension, broadcast again.
  template <typename Op> static bool isReduced(Value value, Value input) {
    auto reduction = behindShapes(value).template getDefiningOp<Op>();
    int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
    return reduction && reduction.getInput() == input && reduction.getDims() == ArrayRef<int64_t>{rank - 1} &&
           reduction.getResult().hasOneUse();
  }

  static bool isCausal(SelectOp select) {
    auto lowest = splatOf(select.getRhs());
    if (!lowest || !std::isinf(*lowest) || *lowest > 0)
      return false;
    Value condition = select.getCondition();
    while (auto broadcast = condition.getDefiningOp<BroadcastOp>())
      condition = broadcast.getInput();
    auto compare = condition.getDefiningOp<CompareOp>();
    if (!compare || compare.getType().getRank() < 2)
      return false;
    auto dims = getDims(compare.getResult()), all = getDims(select.getResult());
    if (ArrayRef<DimExpr>(dims).take_back(2) != ArrayRef<DimExpr>(all).take_back(2))
      return false;
    if (compare.getPredicate() == Predicate::ge)
      return countsAlong(compare.getLhs(), 1) && countsAlong(compare.getRhs(), 0);
    return compare.getPredicate() == Predicate::le && countsAlong(compare.getLhs(), 0) &&
           countsAlong(compare.getRhs(), 1);
  }

  MatmulOp last, first;
  double scale = 1;
  bool causal = false;
};

struct FuseAttentionPass : rune::impl::FuseAttentionBase<FuseAttentionPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto gradients = llvm::count_if(function.getOps(), llvm::IsaPred<GradOp>);
      if (gradients > 1)
        continue;
      SmallVector<MatmulOp> products(function.getOps<MatmulOp>());
      for (MatmulOp product : llvm::reverse(products))
        if (Attention attention(product); attention.match())
          attention.replace();
      eraseUnused(function);
    }
  }

private:
  static void eraseUnused(func::FuncOp function) {
    if (function.isDeclaration())
      return;
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
};

} // namespace
