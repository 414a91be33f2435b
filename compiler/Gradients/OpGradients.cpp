// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Gradients/OpGradients.h"

using namespace mlir;
using namespace rune;

void OpGradients::add(unsigned operand, Value value) {
  shares[operand] = shares[operand] ? plus(shares[operand], value) : value;
}

Value OpGradients::number(double value, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto scalar = RankedTensorType::get({}, tensor.getElementType());
  Attribute element = isa<FloatType>(scalar.getElementType())
                          ? Attribute(FloatAttr::get(scalar.getElementType(), value))
                          : Attribute(IntegerAttr::get(scalar.getElementType(), static_cast<int64_t>(value)));
  Value constant = ConstantOp::create(builder, loc, scalar, DenseElementsAttr::get(scalar, element));
  return tensor == scalar ? constant : Value(BroadcastOp::create(builder, loc, tensor, constant));
}

Value OpGradients::compare(Predicate predicate, Value x, Value y) {
  auto type = withElement(cast<RankedTensorType>(x.getType()), builder.getI1Type());
  return CompareOp::create(builder, loc, type, predicate, x, y);
}

Value OpGradients::select(Value condition, Value x, Value y) {
  return SelectOp::create(builder, loc, x.getType(), condition, x, y);
}

Value OpGradients::cast(Value x, Type element) {
  auto type = llvm::cast<RankedTensorType>(x.getType());
  if (type.getElementType() == element)
    return x;
  return CastOp::create(builder, loc, withElement(type, element), x, element);
}

Value OpGradients::reshape(Value x, ArrayRef<DimExpr> dims) {
  auto type = makeTensorType(dims, llvm::cast<RankedTensorType>(x.getType()).getElementType());
  return type == x.getType() ? x : Value(ReshapeOp::create(builder, loc, type, x));
}

Value OpGradients::broadcast(Value x, ArrayRef<DimExpr> dims) {
  auto type = makeTensorType(dims, llvm::cast<RankedTensorType>(x.getType()).getElementType());
  return type == x.getType() ? x : Value(BroadcastOp::create(builder, loc, type, x));
}

Value OpGradients::transpose(Value x, ArrayRef<int64_t> permutation) {
  return TransposeOp::create(builder, loc, x, permutation);
}

Value OpGradients::transposeLast(Value x) {
  int64_t rank = llvm::cast<RankedTensorType>(x.getType()).getRank();
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return transpose(x, permutation);
}

Value OpGradients::slice(Value x, ArrayRef<DimExpr> starts, ArrayRef<DimExpr> sizes) {
  SmallVector<int64_t> steps(starts.size(), 1);
  return SliceOp::create(builder, loc, x, attr(starts), attr(sizes), steps);
}

Value OpGradients::pad(Value x, ArrayRef<DimExpr> low, ArrayRef<DimExpr> high) {
  auto zero = [](const DimExpr &size) { return size.isConstant(0); };
  if (llvm::all_of(low, zero) && llvm::all_of(high, zero))
    return x;
  Type element = llvm::cast<RankedTensorType>(x.getType()).getElementType();
  return PadOp::create(builder, loc, x, number(0, RankedTensorType::get({}, element)), attr(low), attr(high));
}

Value OpGradients::reduceSum(Value x, ArrayRef<int64_t> dims) {
  return dims.empty() ? x : Value(ReduceSumOp::create(builder, loc, x, dims));
}

Value OpGradients::unreduce(Value x, ArrayRef<int64_t> dims, ArrayRef<DimExpr> shape) {
  SmallVector<DimExpr> kept(shape);
  for (int64_t dim : dims)
    kept[dim] = DimExpr(1);
  return broadcast(reshape(x, kept), shape);
}

Value OpGradients::matmul(Value x, Value y) { return MatmulOp::create(builder, loc, x, y); }

void rune::registerGradients(DialectRegistry &registry) {
  registerScalarGradients(registry);
  registerShapeGradients(registry);
  registerReductionGradients(registry);
}
