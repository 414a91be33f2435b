// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions and the matrix product.

#include "Codegen/LinalgLowering.h"
#include "Codegen/Panels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace rune;

namespace {

using Combine = llvm::function_ref<Value(OpBuilder &, Location, Value element, Value accumulator)>;

/// A generic op that folds the input's elements along `dims` into `init`.
Value reduce(LinalgLowering &lowering, Value input, ArrayRef<int64_t> dims, Value init, Combine combine) {
  unsigned rank = cast<RankedTensorType>(input.getType()).getRank();
  MLIRContext *context = lowering.builder.getContext();
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  SmallVector<AffineExpr> kept;
  for (unsigned i = 0; i < rank; ++i) {
    if (llvm::is_contained(dims, i))
      iterators[i] = utils::IteratorType::reduction;
    else
      kept.push_back(getAffineDimExpr(i, context));
  }
  AffineMap maps[] = {AffineMap::getMultiDimIdentityMap(rank, context), AffineMap::get(rank, 0, kept, context)};
  auto generic = linalg::GenericOp::create(lowering.builder, lowering.loc, init.getType(), input, init, maps, iterators,
                                           [&](OpBuilder &builder, Location loc, ValueRange x) {
                                             linalg::YieldOp::create(builder, loc, combine(builder, loc, x[0], x[1]));
                                           });
  return generic.getResult(0);
}

void lower(ReduceSumOp op, LinalgLowering &lowering) {
  Type element = op.getType().getElementType();
  Value init = lowering.filled(op.getType(), lowering.builder.getZeroAttr(element));
  Value sum = reduce(lowering, lowering.lookup(op.getInput()), op.getDims(), init,
                     [](OpBuilder &builder, Location loc, Value x, Value acc) -> Value {
                       if (isa<FloatType>(x.getType()))
                         return arith::AddFOp::create(builder, loc, acc, x);
                       return arith::AddIOp::create(builder, loc, acc, x);
                     });
  lowering.map(op, sum);
}

/// What no element is below.
TypedAttr lowest(OpBuilder &builder, Type element) {
  if (auto type = dyn_cast<FloatType>(element))
    return builder.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true));
  return builder.getIntegerAttr(element, element.isInteger(8) ? 0 : std::numeric_limits<int64_t>::min());
}

void lower(ReduceMaxOp op, LinalgLowering &lowering) {
  Type element = lowering.convert(op.getType()).getElementType();
  Value init = lowering.filled(op.getType(), lowest(lowering.builder, element));
  Value result = reduce(lowering, lowering.lookup(op.getInput()), op.getDims(), init,
                        [](OpBuilder &builder, Location loc, Value x, Value acc) -> Value {
                          if (isa<FloatType>(x.getType()))
                            return arith::MaximumFOp::create(builder, loc, acc, x);
                          if (x.getType().isInteger(8))
                            return arith::OrIOp::create(builder, loc, acc, x);
                          return arith::MaxSIOp::create(builder, loc, acc, x);
                        });
  lowering.map(op, result);
}

void lower(ArgmaxOp op, LinalgLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  Value input = lowering.lookup(op.getInput());
  auto inputType = cast<RankedTensorType>(input.getType());
  unsigned rank = inputType.getRank();
  Type element = inputType.getElementType();
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  for (unsigned i = 0; i < rank; ++i)
    if (i == op.getDim())
      iterators[i] = utils::IteratorType::reduction;
    else
      kept.push_back(builder.getAffineDimExpr(i));
  AffineMap out = AffineMap::get(rank, 0, kept, op.getContext());
  AffineMap maps[] = {AffineMap::getMultiDimIdentityMap(rank, op.getContext()), out, out};
  Value best = lowering.filled(withElement(op.getType(), element), lowest(builder, element));
  Value place = lowering.filled(op.getType(), builder.getI64IntegerAttr(0));
  auto generic = linalg::GenericOp::create(
      builder, lowering.loc, TypeRange{best.getType(), place.getType()}, input, ValueRange{best, place}, maps,
      iterators, [&](OpBuilder &nested, Location loc, ValueRange x) {
        Value better;
        if (isa<FloatType>(element)) {
          Value greater = arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::OGT, x[0], x[1]);
          Value nan = arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::UNO, x[0], x[0]);
          Value number = arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::ORD, x[1], x[1]);
          Value firstNan = arith::AndIOp::create(nested, loc, nan, number);
          better = arith::OrIOp::create(nested, loc, greater, firstNan);
        } else {
          better = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::sgt, x[0], x[1]);
        }
        Value index = linalg::IndexOp::create(nested, loc, op.getDim());
        index = arith::IndexCastOp::create(nested, loc, nested.getI64Type(), index);
        Value yields[] = {arith::SelectOp::create(nested, loc, better, x[0], x[1]),
                          arith::SelectOp::create(nested, loc, better, index, x[2])};
        linalg::YieldOp::create(nested, loc, yields);
      });
  lowering.map(op, generic.getResult(1));
}

/// The right side as panels: a storage of the member, or packed here.
Value rightPanels(MatmulOp op, LinalgLowering &lowering) {
  if (auto panels = findMemberPanels(op))
    return lowering.member(panels->member, panels->storage);
  Value source = op.getRhs();
  bool transposed = false;
  if (auto transpose = source.getDefiningOp<TransposeOp>(); transpose && swapsLastTwo(transpose)) {
    source = transpose.getInput();
    transposed = true;
  }
  auto dims = getDims(op.getRhs());
  Type element = op.getType().getElementType();
  int64_t lanes = panelLanes(element);
  SmallVector<DimExpr> panels(dims.begin(), dims.end() - 2);
  DimExpr depth = dims[dims.size() - 2];
  panels.append(
      {dims.back().ceilDiv(DimExpr(lanes)), op.getBf16() ? depth.ceilDiv(DimExpr(2)) : depth, DimExpr(lanes)});
  if (op.getBf16())
    element = lowering.builder.getI32Type();
  Value init = lowering.empty(panels, element);
  return PackOp::create(lowering.builder, lowering.loc, init.getType(), lowering.lookup(source), init, transposed)
      .getResult();
}

void lower(MatmulOp op, LinalgLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  unsigned rank = op.getType().getRank();
  // The iteration space is the result's dimensions, then k.
  SmallVector<AffineExpr> left;
  for (unsigned i = 0; i + 1 < rank; ++i)
    left.push_back(builder.getAffineDimExpr(i));
  left.push_back(builder.getAffineDimExpr(rank));
  // A transposed left side is read in place: its elements are broadcast one by one.
  Value source = op.getLhs();
  if (auto transpose = source.getDefiningOp<TransposeOp>(); transpose && swapsLastTwo(transpose)) {
    source = transpose.getInput();
    std::swap(left[left.size() - 2], left.back());
  }
  auto maps = builder.getAffineMapArrayAttr({AffineMap::get(rank + 1, 0, left, op.getContext())});
  Value rhs = rightPanels(op, lowering), init = lowering.empty(op.getType());
  Value lhs = op.getBf16() ? lowering.roundedToBf16(source) : lowering.lookup(source);
  auto contract = ContractOp::create(builder, lowering.loc, TypeRange{init.getType()}, lhs, rhs, ValueRange{},
                                     ValueRange{init}, maps);
  Type element = op.getType().getElementType();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&contract.getEpilogue(), {}, element, lowering.loc);
  YieldOp::create(builder, lowering.loc, block->getArgument(0));
  lowering.map(op, contract.getResult(0));
}

/// The iteration space is the panels of the result, its rows, the lanes, then k.
void lower(MatmulPanelsOp op, LinalgLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  auto side = [&](Value source, bool &transposed) {
    auto transpose = source.getDefiningOp<TransposeOp>();
    transposed = transpose && swapsLastTwo(transpose);
    return lowering.lookup(transposed ? transpose.getInput() : source);
  };
  bool leftTransposed, rightTransposed;
  Value lhs = side(op.getLhs(), leftTransposed), source = side(op.getRhs(), rightTransposed);
  SmallVector<AffineExpr> left = {builder.getAffineDimExpr(1), builder.getAffineDimExpr(3)};
  if (leftTransposed)
    std::swap(left[0], left[1]);
  auto maps = builder.getAffineMapArrayAttr({AffineMap::get(4, 0, left, op.getContext())});
  Type element = op.getType().getElementType();
  int64_t lanes = op.getType().getDimSize(2);
  Value panels =
      lowering.empty({DimExpr(op.getType().getDimSize(0)), getDims(op.getRhs())[0], DimExpr(lanes)}, element);
  Value rhs = PackOp::create(builder, lowering.loc, panels.getType(), source, panels, rightTransposed).getResult();
  Value init = lowering.empty(op.getType());
  auto contract = ContractOp::create(builder, lowering.loc, TypeRange{init.getType()}, lhs, rhs, ValueRange{},
                                     ValueRange{init}, maps, /*panels=*/true);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&contract.getEpilogue(), {}, element, lowering.loc);
  YieldOp::create(builder, lowering.loc, block->getArgument(0));
  lowering.map(op, contract.getResult(0));
}

template <typename Op> struct Model : LinalgLowerableOpInterface::ExternalModel<Model<Op>, Op> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const { lower(cast<Op>(op), lowering); }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void rune::registerReductionLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<ReduceSumOp, ReduceMaxOp, ArgmaxOp, MatmulOp, MatmulPanelsOp>(context);
  });
}
