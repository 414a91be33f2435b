// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Primitives that move elements: reshape, transpose, broadcast, slice, pad, concat, gather, iota.

#include "Codegen/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace rune;

AffineMap rune::broadcastMap(BroadcastOp op) {
  auto from = getDims(op.getInput()), to = getDims(op.getResult());
  Builder builder(op.getContext());
  SmallVector<AffineExpr> places;
  for (size_t i = 0; i < from.size(); ++i) {
    size_t target = to.size() - from.size() + i;
    places.push_back(from[i] == to[target] ? builder.getAffineDimExpr(target) : builder.getAffineConstantExpr(0));
  }
  return AffineMap::get(to.size(), 0, places, op.getContext());
}

namespace {

void lower(ReshapeOp op, LinalgLowering &lowering) {
  lowering.map(op, lowering.reshape(lowering.lookup(op.getInput()), getDims(op.getInput()), getDims(op.getResult())));
}

/// A generic op that only moves elements.
Value moved(LinalgLowering &lowering, Value input, AffineMap map, Type result) {
  return lowering.elementwise(input, map, result, [](OpBuilder &, ValueRange elements) { return elements[0]; });
}

void lower(BroadcastOp op, LinalgLowering &lowering) {
  lowering.map(op, moved(lowering, lowering.lookup(op.getInput()), broadcastMap(op), op.getType()));
}

void lower(TransposeOp op, LinalgLowering &lowering) {
  if (transpositionInPlace(op.getInput()) == op)
    return lowering.lower(op.getInput().getDefiningOp());
  SmallVector<unsigned> permutation(op.getPermutation().begin(), op.getPermutation().end());
  // The map goes from the result's places to the input's.
  AffineMap map = inversePermutation(AffineMap::getPermutationMap(permutation, op.getContext()));
  lowering.map(op, moved(lowering, lowering.lookup(op.getInput()), map, op.getType()));
}

/// Whether there is no element whatever the symbols are. Slices of such tensors may start at the very end, where the
/// tensor dialect expects an element.
bool isEmpty(Value value) { return product(getDims(value)).isConstant(0); }

void lower(SliceOp op, LinalgLowering &lowering) {
  if (isEmpty(op.getResult()))
    return lowering.map(op, lowering.empty(op.getType()));
  SmallVector<OpFoldResult> steps;
  for (int64_t step : op.getSteps())
    steps.push_back(lowering.builder.getIndexAttr(step));
  Value slice = tensor::ExtractSliceOp::create(
      lowering.builder, lowering.loc, lowering.convert(op.getType()), lowering.lookup(op.getInput()),
      lowering.foldedSizes(op.getStarts().getDims()), lowering.foldedSizes(op.getSizes().getDims()), steps);
  lowering.map(op, slice);
}

/// `source`, a value of the rune dialect, put into the lowered `target`.
Value insert(LinalgLowering &lowering, Value source, Value target, ArrayRef<DimExpr> starts) {
  if (isEmpty(source))
    return target;
  auto dims = getDims(source);
  SmallVector<OpFoldResult> steps(dims.size(), lowering.builder.getIndexAttr(1));
  return tensor::InsertSliceOp::create(lowering.builder, lowering.loc, lowering.lookup(source), target,
                                       lowering.foldedSizes(starts), lowering.foldedSizes(dims), steps);
}

void lower(PadOp op, LinalgLowering &lowering) {
  Value scalar =
      tensor::ExtractOp::create(lowering.builder, lowering.loc, lowering.lookup(op.getValue()), ValueRange{});
  Value target =
      linalg::FillOp::create(lowering.builder, lowering.loc, scalar, lowering.empty(op.getType())).getResult(0);
  lowering.map(op, insert(lowering, op.getInput(), target, op.getLow().getDims()));
}

void lower(ConcatOp op, LinalgLowering &lowering) {
  Value target = lowering.empty(op.getType());
  SmallVector<DimExpr> starts(cast<RankedTensorType>(op.getType()).getRank());
  for (Value input : op.getInputs()) {
    target = insert(lowering, input, target, starts);
    starts[op.getDim()] = starts[op.getDim()] + getDims(input)[op.getDim()];
  }
  lowering.map(op, target);
}

/// What an index must be below. No index is wrong that is repeated for no element.
Value indexLimit(LinalgLowering &lowering, Value size, Value indices, Value unrepeated) {
  DimExpr count = product(getDims(indices));
  if (indices == unrepeated || count.isKnownAtLeast(1))
    return size;
  OpBuilder &b = lowering.builder;
  Value some =
      arith::CmpIOp::create(b, lowering.loc, arith::CmpIPredicate::ne, lowering.size(count), lowering.index(0));
  Value unlimited = lowering.index(std::numeric_limits<int64_t>::max());
  return arith::SelectOp::create(b, lowering.loc, some, size, unlimited);
}

void lower(GatherOp op, LinalgLowering &lowering) {
  Value table = lowering.lookup(op.getInput());
  // Indices repeated along a dimension are checked and read once.
  Value source = op.getIndices();
  auto map = AffineMap::getMultiDimIdentityMap(getDims(source).size(), op.getContext());
  while (auto broadcast = source.getDefiningOp<BroadcastOp>()) {
    map = broadcastMap(broadcast).compose(map);
    source = broadcast.getInput();
  }
  Value indices = lowering.lookup(source);
  Value size = lowering.size(getDims(op.getInput())[op.getDim()]);
  CheckIndexOp::create(lowering.builder, lowering.loc, indices, indexLimit(lowering, size, op.getIndices(), source));
  Value result = lowering.elementwise(indices, map, op.getType(), [&](OpBuilder &builder, ValueRange elements) {
    Location loc = op.getLoc();
    auto select = [&](arith::CmpIPredicate predicate, Value bound, Value x, Value other) -> Value {
      Value compare = arith::CmpIOp::create(builder, loc, predicate, x, bound);
      return arith::SelectOp::create(builder, loc, compare, other, x);
    };
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0), one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value index = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), elements[0]);
    index = select(arith::CmpIPredicate::slt, zero, index, arith::AddIOp::create(builder, loc, index, size));
    // The status tells of an index out of range; the load stays within the table all the same.
    index = select(arith::CmpIPredicate::sge, size, index, arith::SubIOp::create(builder, loc, size, one));
    index = select(arith::CmpIPredicate::slt, zero, index, zero);
    SmallVector<Value> place;
    for (int64_t i = 0, rank = getDims(op.getInput()).size(); i < rank; ++i)
      place.push_back(i == static_cast<int64_t>(op.getDim()) ? index : Value(linalg::IndexOp::create(builder, loc, i)));
    return Value(tensor::ExtractOp::create(builder, loc, table, place));
  });
  lowering.map(op, result);
}

void lower(ScatterAddOp op, LinalgLowering &lowering) {
  Value source = op.getIndices();
  auto map = AffineMap::getMultiDimIdentityMap(getDims(source).size(), op.getContext());
  while (auto broadcast = source.getDefiningOp<BroadcastOp>()) {
    map = broadcastMap(broadcast).compose(map);
    source = broadcast.getInput();
  }
  Value indices = lowering.lookup(source);
  CheckIndexOp::create(lowering.builder, lowering.loc, indices, lowering.size(getDims(op.getInput())[op.getDim()]));
  Value input = lowering.lookup(op.getInput());
  lowering.map(op, ScatterOp::create(lowering.builder, lowering.loc, input.getType(), lowering.lookup(op.getSource()),
                                     indices, input, op.getDim(), map)
                       .getResult());
}

void lower(IotaOp op, LinalgLowering &lowering) {
  Value result = lowering.elementwise({}, {}, op.getType(), [&](OpBuilder &builder, ValueRange) -> Value {
    Value index = linalg::IndexOp::create(builder, op.getLoc(), 0);
    return arith::IndexCastOp::create(builder, op.getLoc(), builder.getI64Type(), index);
  });
  lowering.map(op, result);
}

template <typename Op> struct Model : LinalgLowerableOpInterface::ExternalModel<Model<Op>, Op> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const { lower(cast<Op>(op), lowering); }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void rune::registerShapeLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<ReshapeOp, BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, ScatterAddOp, IotaOp>(context);
  });
}
