// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape rules, verifiers and folds of the primitives.

#include "Dialect/RuneDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace rune;

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Shape rules report in the words of the (C…) constraints of their op.
static LogicalResult fail(std::optional<Location> loc, const Twine &message) { return emitOptionalError(loc, message); }

static std::string shapeOf(Value value) { return formatDims(getDims(value)); }

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

LogicalResult rune::inferBinary(std::optional<Location> loc, Value lhs, Value rhs, SmallVectorImpl<Type> &types) {
  if (lhs.getType() != rhs.getType())
    return emitOptionalError(loc, "operands of one type expected, got ", lhs.getType(), " and ", rhs.getType());
  types.push_back(lhs.getType());
  return success();
}

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  if (failed(inferBinary(loc, adaptor.getLhs(), adaptor.getRhs(), types)))
    return failure();
  types[0] = withElement(cast<RankedTensorType>(types[0]), IntegerType::get(context, 1));
  return success();
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto condition = tensorType(adaptor.getCondition());
  if (failed(inferBinary(loc, adaptor.getLhs(), adaptor.getRhs(), types)))
    return failure();
  if (withElement(cast<RankedTensorType>(types[0]), condition.getElementType()) != condition)
    return fail(loc, "condition of shape " + shapeOf(adaptor.getLhs()) + " expected, got " +
                         shapeOf(adaptor.getCondition()));
  return success();
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  types.push_back(withElement(tensorType(adaptor.getInput()), adaptor.getDtype()));
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

LogicalResult IotaOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  if (adaptor.getSize().size() != 1)
    return fail(loc, "one size expected");
  types.push_back(makeTensorType(adaptor.getSize().getDims(), IntegerType::get(context, 64)));
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = tensorType(getInput()), to = tensorType(getResult());
  if (from.getElementType() != to.getElementType() || product(getDims(from)) != product(getDims(to)))
    return emitOpError() << "(C1) cannot view " << shapeOf(getInput()) << " as " << shapeOf(getResult());
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getResult().getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult BroadcastOp::verify() {
  auto from = getDims(getInput()), to = getDims(getResult());
  bool ok =
      from.size() <= to.size() && tensorType(getInput()).getElementType() == tensorType(getResult()).getElementType();
  for (size_t i = 0; ok && i < from.size(); ++i) {
    const DimExpr &source = from[from.size() - 1 - i];
    ok = source.isConstant(1) || source == to[to.size() - 1 - i];
  }
  if (!ok)
    return emitOpError() << "(C1) cannot broadcast " << formatDims(from) << " to " << formatDims(to);
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  if (getInput().getType() == getResult().getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<BroadcastOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto dims = getDims(adaptor.getInput());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<bool> used(dims.size());
  SmallVector<DimExpr> result;
  for (int64_t dim : permutation) {
    if (dim < 0 || dim >= static_cast<int64_t>(dims.size()) || used[dim])
      return fail(loc, "(C1) a permutation of the dimensions expected");
    used[dim] = true;
    result.push_back(dims[dim]);
  }
  if (result.size() != dims.size())
    return fail(loc, "(C1) a permutation of the dimensions expected");
  types.push_back(makeTensorType(result, tensorType(adaptor.getInput()).getElementType()));
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())))
    return getInput();
  auto inner = getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return {};
  SmallVector<int64_t> composed;
  for (int64_t dim : getPermutation())
    composed.push_back(inner.getPermutation()[dim]);
  setPermutation(composed);
  getInputMutable().assign(inner.getInput());
  return getResult();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  auto dims = getDims(adaptor.getInput());
  auto starts = adaptor.getStarts().getDims(), sizes = adaptor.getSizes().getDims();
  ArrayRef<int64_t> steps = adaptor.getSteps();
  if (starts.size() != dims.size() || sizes.size() != dims.size() || steps.size() != dims.size())
    return fail(loc, "(C1) starts, sizes and steps for " + Twine(dims.size()) + " dimensions expected");
  for (size_t i = 0; i < dims.size(); ++i) {
    if (steps[i] <= 0)
      return fail(loc, "(C2) positive steps expected");
    DimExpr last = starts[i] + (sizes[i] - DimExpr(1)) * DimExpr(steps[i]);
    bool known = dims[i].isConstant() && starts[i].isConstant() && sizes[i].isConstant();
    if (known && (starts[i].getConstant() < 0 || sizes[i].getConstant() < 0 ||
                  (sizes[i].getConstant() > 0 && last.getConstant() >= dims[i].getConstant())))
      return fail(loc,
                  "(C3) slice of dimension " + Twine(i) + " ends at " + last.str() + ", beyond size " + dims[i].str());
  }
  types.push_back(makeTensorType(sizes, tensorType(adaptor.getInput()).getElementType()));
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool whole = getInput().getType() == getResult().getType() &&
               llvm::all_of(getStarts().getDims(), [](const DimExpr &start) { return start.isConstant(0); }) &&
               llvm::all_of(getSteps(), [](int64_t step) { return step == 1; });
  return whole ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  auto dims = getDims(adaptor.getInput());
  auto low = adaptor.getLow().getDims(), high = adaptor.getHigh().getDims();
  Type element = tensorType(adaptor.getInput()).getElementType();
  auto negative = [](const DimExpr &size) { return size.isConstant() && size.getConstant() < 0; };
  if (low.size() != dims.size() || high.size() != dims.size() || llvm::any_of(low, negative) ||
      llvm::any_of(high, negative))
    return fail(loc, "(C1) non-negative padding for " + Twine(dims.size()) + " dimensions expected");
  if (tensorType(adaptor.getValue()) != RankedTensorType::get({}, element))
    return fail(loc, "(C2) a scalar of the input's dtype expected as value");
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] = low[i] + dims[i] + high[i];
  types.push_back(makeTensorType(dims, element));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return fail(loc, "(C1) an input expected");
  auto first = tensorType(adaptor.getInputs().front());
  auto result = getDims(first);
  uint64_t dim = adaptor.getDim();
  if (dim >= result.size())
    return fail(loc, "(C3) dimension " + Twine(dim) + " of a tensor of rank " + Twine(result.size()));
  for (Value input : adaptor.getInputs().drop_front()) {
    auto dims = getDims(input);
    bool fits = dims.size() == result.size() && tensorType(input).getElementType() == first.getElementType();
    for (size_t i = 0; fits && i < dims.size(); ++i)
      fits = i == dim || dims[i] == result[i];
    if (!fits)
      return fail(loc, "(C2) cannot concatenate " + shapeOf(input) + " to " + formatDims(getDims(first)) +
                           " along dimension " + Twine(dim));
    result[dim] = result[dim] + dims[dim];
  }
  types.push_back(makeTensorType(result, first.getElementType()));
  return success();
}

/// That indices fit the tensor that they point into along one dimension.
static LogicalResult checkIndices(std::optional<Location> loc, Value input, Value indices, uint64_t dim) {
  auto dims = getDims(input), places = getDims(indices);
  if (dim >= dims.size())
    return fail(loc, "(C2) dimension " + Twine(dim) + " of a tensor of rank " + Twine(dims.size()));
  bool fits = dims.size() == places.size();
  for (size_t i = 0; fits && i < dims.size(); ++i)
    fits = i == dim || dims[i] == places[i];
  return fits ? success()
              : fail(loc, "(C1) indices of shape " + formatDims(places) + " do not fit " + formatDims(dims) +
                              " but for dimension " + Twine(dim));
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (failed(checkIndices(loc, adaptor.getInput(), adaptor.getIndices(), adaptor.getDim())))
    return failure();
  types.push_back(makeTensorType(getDims(adaptor.getIndices()), tensorType(adaptor.getInput()).getElementType()));
  return success();
}

LogicalResult ScatterAddOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  if (failed(checkIndices(loc, adaptor.getInput(), adaptor.getIndices(), adaptor.getDim())))
    return failure();
  auto indices = getDims(adaptor.getIndices());
  if (indices != getDims(adaptor.getSource()) ||
      tensorType(adaptor.getInput()).getElementType() != tensorType(adaptor.getSource()).getElementType())
    return fail(loc, "(C3) a source of shape " + formatDims(indices) + " and the input's dtype expected");
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult GradOp::verify() {
  if (!getCotangents().empty() && getCotangents().getTypes() != getYs().getTypes())
    return emitOpError() << "(C1) a cotangent of each y's type expected";
  if (getXs().getTypes() != getGradients().getTypes())
    return emitOpError() << "(C2) a gradient of each x's type expected";
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions and contractions
//===----------------------------------------------------------------------===//

LogicalResult rune::inferReduction(std::optional<Location> loc, Value input, ArrayRef<int64_t> dims,
                                   SmallVectorImpl<Type> &types) {
  auto shape = getDims(input);
  int64_t previous = -1;
  for (int64_t dim : dims) {
    if (dim <= previous || dim >= static_cast<int64_t>(shape.size()))
      return fail(loc, "(C1) ascending dimensions of a tensor of rank " + Twine(shape.size()) + " expected");
    previous = dim;
  }
  SmallVector<DimExpr> result;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!llvm::is_contained(dims, static_cast<int64_t>(i)))
      result.push_back(shape[i]);
  types.push_back(makeTensorType(result, tensorType(input).getElementType()));
  return success();
}

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (failed(inferReduction(loc, adaptor.getInput(), {static_cast<int64_t>(adaptor.getDim())}, types)))
    return failure();
  types[0] = withElement(cast<RankedTensorType>(types[0]), IntegerType::get(context, 64));
  return success();
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto lhs = getDims(adaptor.getLhs()), rhs = getDims(adaptor.getRhs());
  Type element = tensorType(adaptor.getLhs()).getElementType();
  if (lhs.size() < 2 || rhs.size() < 2 || element != tensorType(adaptor.getRhs()).getElementType())
    return fail(loc, "(C1) matrices of one dtype expected");
  if (lhs.back() != rhs[rhs.size() - 2])
    return fail(loc, "(C2) inner dimensions of " + formatDims(lhs) + " and " + formatDims(rhs) + " differ");
  auto leading = ArrayRef<DimExpr>(lhs).drop_back(2);
  if (rhs.size() != 2 && leading != ArrayRef<DimExpr>(rhs).drop_back(2))
    return fail(loc, "(C3) leading dimensions of " + formatDims(lhs) + " and " + formatDims(rhs) + " differ");
  if (adaptor.getBf16() && !element.isF32())
    return fail(loc, "(C4) f32 expected, which is rounded to bf16");
  lhs.back() = rhs.back();
  types.push_back(makeTensorType(lhs, element));
  return success();
}

/// The constraints of rune.attention, and the shapes of its results.
static LogicalResult inferAttention(std::optional<Location> loc, Value query, Value key, Value value,
                                    SmallVectorImpl<Type> &types) {
  auto q = getDims(query), k = getDims(key), v = getDims(value);
  Type element = tensorType(query).getElementType();
  if (q.size() < 2 || k.size() != q.size() || v.size() != q.size() || tensorType(key).getElementType() != element ||
      tensorType(value).getElementType() != element ||
      ArrayRef<DimExpr>(q).drop_back(2) != ArrayRef<DimExpr>(k).drop_back(2) ||
      ArrayRef<DimExpr>(q).drop_back(2) != ArrayRef<DimExpr>(v).drop_back(2))
    return fail(loc, "(C1) matrices of one dtype and the same leading dimensions expected");
  if (q.back() != k.back() || k[k.size() - 2] != v[v.size() - 2])
    return fail(loc, "(C2) " + formatDims(q) + ", " + formatDims(k) + " and " + formatDims(v) + " do not fit");
  if (!q.back().isConstant() || !v.back().isConstant())
    return fail(loc, "(C3) the last dimensions have to be constants");
  SmallVector<DimExpr> result(q);
  result.back() = v.back();
  types.push_back(makeTensorType(result, element));
  result.pop_back();
  types.push_back(makeTensorType(result, element));
  return success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  return inferAttention(loc, adaptor.getQuery(), adaptor.getKey(), adaptor.getValue(), types);
}

LogicalResult AttentionGradOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                                SmallVectorImpl<Type> &types) {
  SmallVector<Type> forward;
  if (failed(inferAttention(loc, adaptor.getQuery(), adaptor.getKey(), adaptor.getValue(), forward)))
    return failure();
  if (adaptor.getResult().getType() != forward[0] || adaptor.getLogsum().getType() != forward[1] ||
      adaptor.getCotangent().getType() != forward[0])
    return fail(loc, "(C1) what attention gave does not fit");
  for (Value input : {adaptor.getQuery(), adaptor.getKey(), adaptor.getValue()})
    types.push_back(input.getType());
  return success();
}
