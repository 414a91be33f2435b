// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Emitter.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace rune;

ElementKind rune::dtypeOf(mlir::Value value) {
  mlir::Type element = llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType();
  if (element.isF32())
    return ElementKind::F32;
  if (element.isF64())
    return ElementKind::F64;
  return element.isInteger(1) ? ElementKind::Bool : ElementKind::I64;
}

llvm::SmallVector<int64_t> rune::allDims(int64_t rank) { return llvm::to_vector(llvm::seq<int64_t>(0, rank)); }

mlir::Location rune::toLocation(mlir::MLIRContext *context, SourceLoc loc) {
  if (!loc)
    return mlir::UnknownLoc::get(context);
  return mlir::FileLineColLoc::get(context, loc.file->name, loc.line, loc.column);
}

void Emitter::setLoc(SourceLoc place) {
  if (place)
    loc = toLocation(builder.getContext(), place);
}

mlir::Type Emitter::elementType(ElementKind type) {
  switch (type) {
  case ElementKind::Bool:
    return builder.getI1Type();
  case ElementKind::I64:
    return builder.getI64Type();
  case ElementKind::F32:
    return builder.getF32Type();
  case ElementKind::F64:
    return builder.getF64Type();
  }
  return {};
}

mlir::RankedTensorType Emitter::tensorType(llvm::ArrayRef<DimExpr> dims, ElementKind type) {
  int64_t elements = 1;
  bool tooLarge = false;
  for (const DimExpr &dim : dims) {
    tooLarge |= dim.hasOverflow();
    if (!tooLarge && dim.isConstant())
      tooLarge |= __builtin_mul_overflow(elements, std::max<int64_t>(dim.getConstant(), 1), &elements);
  }
  if (tooLarge || elements > std::numeric_limits<int64_t>::max() / 8) {
    overflowed = formatDims(dims);
    return makeTensorType(Dims(dims.size(), DimExpr(0)), elementType(type));
  }
  return makeTensorType(dims, elementType(type));
}

static mlir::Attribute numberAttr(mlir::Type element, double value) {
  if (llvm::isa<mlir::FloatType>(element))
    return mlir::FloatAttr::get(element, value);
  return mlir::IntegerAttr::get(element, static_cast<int64_t>(value));
}

mlir::Value Emitter::constant(ElementKind type, double value) {
  auto tensor = tensorType({}, type);
  auto elements = mlir::DenseElementsAttr::get(tensor, numberAttr(tensor.getElementType(), value));
  return ConstantOp::create(builder, loc, tensor, elements);
}

mlir::Value Emitter::integer(int64_t value) {
  auto tensor = tensorType({}, ElementKind::I64);
  return ConstantOp::create(builder, loc, tensor,
                            mlir::DenseElementsAttr::get(tensor, builder.getI64IntegerAttr(value)));
}

mlir::Value Emitter::constantTensor(ElementKind type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values) {
  Dims dims(shape.begin(), shape.end());
  auto tensor = tensorType(dims, type);
  llvm::SmallVector<mlir::Attribute> attributes;
  for (double value : values)
    attributes.push_back(numberAttr(tensor.getElementType(), value));
  return ConstantOp::create(builder, loc, tensor, mlir::DenseElementsAttr::get(tensor, attributes));
}

mlir::Value Emitter::dim(const DimExpr &expr) {
  if (expr.isConstant())
    return integer(expr.getConstant());
  return DimOp::create(builder, loc, tensorType({}, ElementKind::I64), attr(expr));
}

mlir::Value Emitter::iota(const DimExpr &size) {
  return IotaOp::create(builder, loc, tensorType(size, ElementKind::I64), attr(size));
}

mlir::Value Emitter::full(llvm::ArrayRef<DimExpr> dims, ElementKind type, double value) {
  return broadcast(constant(type, value), dims);
}

mlir::Value Emitter::cast(mlir::Value input, ElementKind type) {
  if (dtypeOf(input) == type)
    return input;
  mlir::Type element = elementType(type);
  auto result = withElement(llvm::cast<mlir::RankedTensorType>(input.getType()), element);
  return CastOp::create(builder, loc, result, input, mlir::TypeAttr::get(element));
}

mlir::Value Emitter::broadcast(mlir::Value input, llvm::ArrayRef<DimExpr> dims) {
  auto type = tensorType(dims, dtypeOf(input));
  return type == input.getType() ? input : BroadcastOp::create(builder, loc, type, input).getResult();
}

mlir::Value Emitter::reshape(mlir::Value input, llvm::ArrayRef<DimExpr> dims) {
  auto type = tensorType(dims, dtypeOf(input));
  return type == input.getType() ? input : ReshapeOp::create(builder, loc, type, input).getResult();
}

mlir::Value Emitter::transpose(mlir::Value input, llvm::ArrayRef<int64_t> permutation) {
  Dims from = getDims(input), dims;
  bool identity = true;
  for (auto [i, axis] : llvm::enumerate(permutation)) {
    dims.push_back(from[axis]);
    identity &= static_cast<int64_t>(i) == axis;
  }
  if (identity)
    return input;
  return TransposeOp::create(builder, loc, tensorType(dims, dtypeOf(input)), input,
                             builder.getDenseI64ArrayAttr(permutation));
}

mlir::Value Emitter::slice(mlir::Value input, llvm::ArrayRef<DimExpr> starts, llvm::ArrayRef<DimExpr> sizes,
                           llvm::ArrayRef<int64_t> steps) {
  Dims dims = getDims(input);
  if (llvm::equal(dims, sizes) && llvm::all_of(starts, [](const DimExpr &start) { return start.isConstant(0); }))
    return input;
  return SliceOp::create(builder, loc, tensorType(sizes, dtypeOf(input)), input, attr(starts), attr(sizes),
                         builder.getDenseI64ArrayAttr(steps));
}

mlir::Value Emitter::slice(mlir::Value input, int64_t dim, const DimExpr &start, const DimExpr &size, int64_t step) {
  Dims sizes = getDims(input), starts(sizes.size(), DimExpr(0));
  llvm::SmallVector<int64_t> steps(sizes.size(), 1);
  starts[dim] = start;
  sizes[dim] = size;
  steps[dim] = step;
  return slice(input, starts, sizes, steps);
}

mlir::Value Emitter::pad(mlir::Value input, mlir::Value value, llvm::ArrayRef<DimExpr> low,
                         llvm::ArrayRef<DimExpr> high) {
  Dims dims = getDims(input);
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] = dims[i] + low[i] + high[i];
  return PadOp::create(builder, loc, tensorType(dims, dtypeOf(input)), input, value, attr(low), attr(high));
}

mlir::Value Emitter::concat(llvm::ArrayRef<mlir::Value> inputs, int64_t dim) {
  if (inputs.size() == 1)
    return inputs.front();
  Dims dims = getDims(inputs.front());
  for (mlir::Value input : inputs.drop_front())
    dims[dim] = dims[dim] + getDims(input)[dim];
  return ConcatOp::create(builder, loc, tensorType(dims, dtypeOf(inputs.front())), inputs,
                          builder.getI64IntegerAttr(dim));
}

mlir::Value Emitter::gather(mlir::Value input, mlir::Value indices, int64_t dim) {
  return GatherOp::create(builder, loc, tensorType(getDims(indices), dtypeOf(input)), input, indices,
                          builder.getI64IntegerAttr(dim));
}

mlir::Value Emitter::compare(Predicate predicate, mlir::Value lhs, mlir::Value rhs) {
  return CompareOp::create(builder, loc, tensorType(getDims(lhs), ElementKind::Bool), predicate, lhs, rhs);
}

mlir::Value Emitter::select(mlir::Value condition, mlir::Value lhs, mlir::Value rhs) {
  return SelectOp::create(builder, loc, lhs.getType(), condition, lhs, rhs);
}

mlir::Value Emitter::matmul(mlir::Value lhs, mlir::Value rhs) {
  Dims dims = getDims(lhs);
  dims.back() = getDims(rhs).back();
  return MatmulOp::create(builder, loc, tensorType(dims, dtypeOf(lhs)), lhs, rhs);
}

static Dims without(mlir::Value input, llvm::ArrayRef<int64_t> dims) {
  Dims left;
  for (auto [i, size] : llvm::enumerate(getDims(input)))
    if (!llvm::is_contained(dims, static_cast<int64_t>(i)))
      left.push_back(size);
  return left;
}

mlir::Value Emitter::reduceSum(mlir::Value input, llvm::ArrayRef<int64_t> dims) {
  if (dims.empty())
    return input;
  return ReduceSumOp::create(builder, loc, tensorType(without(input, dims), dtypeOf(input)), input,
                             builder.getDenseI64ArrayAttr(dims));
}

mlir::Value Emitter::reduceMax(mlir::Value input, llvm::ArrayRef<int64_t> dims) {
  if (dims.empty())
    return input;
  return ReduceMaxOp::create(builder, loc, tensorType(without(input, dims), dtypeOf(input)), input,
                             builder.getDenseI64ArrayAttr(dims));
}

mlir::Value Emitter::argmax(mlir::Value input, int64_t dim) {
  return ArgmaxOp::create(builder, loc, tensorType(without(input, dim), ElementKind::I64), input,
                          builder.getI64IntegerAttr(dim));
}

void Emitter::check(mlir::Value condition, llvm::StringRef message, llvm::ArrayRef<DimExpr> args) {
  CheckOp::create(builder, loc, condition, builder.getStringAttr(message), args.empty() ? DimsAttr() : attr(args));
}

mlir::Value Emitter::logicalNot(mlir::Value input) {
  return compare(Predicate::eq, input, full(getDims(input), ElementKind::Bool, 0));
}

mlir::Value Emitter::unsqueeze(mlir::Value input, int64_t dim) {
  Dims dims = getDims(input);
  dims.insert(dims.begin() + dim, DimExpr(1));
  return reshape(input, dims);
}

mlir::Value Emitter::squeeze(mlir::Value input, int64_t dim) {
  Dims dims = getDims(input);
  dims.erase(dims.begin() + dim);
  return reshape(input, dims);
}
