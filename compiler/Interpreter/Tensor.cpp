// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Interpreter/Tensor.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace rune::interpreter;

DType rune::interpreter::dtypeOf(Type element) {
  if (element.isF32())
    return DType::F32;
  if (element.isF64())
    return DType::F64;
  return element.isInteger(1) ? DType::Bool : DType::I64;
}

Scalar rune::interpreter::roundTo(DType dtype, Scalar value) {
  return dtype == DType::F32 ? real(static_cast<float>(value.real)) : value;
}

float rune::interpreter::roundToBf16(double value) {
  auto bits = llvm::bit_cast<uint32_t>(static_cast<float>(value));
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return llvm::bit_cast<float>(bits);
  bits = magnitude < 0x00800000 ? bits & 0x80000000 : bits + 0x7fff + ((bits >> 16) & 1);
  return llvm::bit_cast<float>(bits & 0xffff0000);
}

int64_t rune::interpreter::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

void rune::interpreter::forEachPlace(ArrayRef<int64_t> shape, llvm::function_ref<void(Place)> visit) {
  Shape place(shape.size(), 0);
  for (int64_t left = countElements(shape); left > 0; --left) {
    visit(place);
    for (size_t dim = shape.size(); dim-- > 0;) {
      if (++place[dim] < shape[dim])
        break;
      place[dim] = 0;
    }
  }
}

Tensor Tensor::make(DType dtype, ArrayRef<int64_t> shape) {
  Scalar zero = isReal(dtype) ? real(0) : integer(0);
  return {dtype, Shape(shape), std::vector<Scalar>(countElements(shape), zero)};
}

Scalar &Tensor::at(Place place) {
  int64_t index = 0;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    index = index * shape[dim] + place[dim];
  return elements[index];
}

Tensor Tensor::fromAttribute(DenseElementsAttr values) {
  Tensor result = make(dtypeOf(values.getElementType()), values.getType().getShape());
  for (size_t i = 0; i < result.elements.size(); ++i) {
    if (result.dtype == DType::F32)
      result.elements[i] = real(values.getValues<float>()[i]);
    else if (result.dtype == DType::F64)
      result.elements[i] = real(values.getValues<double>()[i]);
    else if (result.dtype == DType::Bool)
      result.elements[i] = integer(values.getValues<bool>()[i]);
    else
      result.elements[i] = integer(values.getValues<int64_t>()[i]);
  }
  return result;
}

DenseElementsAttr Tensor::toAttribute(MLIRContext *context) const {
  Builder builder(context);
  Type types[] = {builder.getF32Type(), builder.getF64Type(), builder.getI64Type(), builder.getI1Type()};
  Type element = types[static_cast<int>(dtype)];
  SmallVector<Attribute> values;
  for (Scalar value : elements)
    values.push_back(isReal(dtype) ? Attribute(builder.getFloatAttr(element, value.real))
                                   : builder.getIntegerAttr(element, value.integer));
  return DenseElementsAttr::get(RankedTensorType::get(shape, element), values);
}
