// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Primitives that join many elements to one.

#include "Interpreter/Interpreter.h"

#include <cmath>

using namespace mlir;
using namespace rune;
using namespace rune::interpreter;

namespace {

/// The place without some of its dimensions.
Shape without(Place place, ArrayRef<int64_t> dims) {
  Shape kept;
  for (int64_t i = 0; i < static_cast<int64_t>(place.size()); ++i)
    if (!llvm::is_contained(dims, i))
      kept.push_back(place[i]);
  return kept;
}

Tensor roundAll(Tensor tensor) {
  for (Scalar &element : tensor.elements)
    element = roundTo(tensor.dtype, element);
  return tensor;
}

Tensor reduceSum(const Tensor &input, ArrayRef<int64_t> dims) {
  Tensor result = Tensor::make(input.dtype, without(input.shape, dims));
  forEachPlace(input.shape, [&](Place place) {
    Scalar &sum = result.at(without(place, dims));
    Scalar x = input.at(place);
    if (isReal(input.dtype))
      sum.real += x.real;
    else
      sum.integer = static_cast<uint64_t>(sum.integer) + static_cast<uint64_t>(x.integer);
  });
  return roundAll(result);
}

/// Whether x takes the place of the largest so far: it is larger, or the first NaN.
bool isBetter(DType dtype, Scalar x, Scalar best) {
  if (isReal(dtype))
    return x.real > best.real || (std::isnan(x.real) && !std::isnan(best.real));
  return x.integer > best.integer;
}

Scalar lowest(DType dtype) {
  if (isReal(dtype))
    return real(-INFINITY);
  return integer(dtype == DType::Bool ? 0 : INT64_MIN);
}

/// The largest element and where it was first, along the last of `dims`.
std::pair<Tensor, Tensor> largest(const Tensor &input, ArrayRef<int64_t> dims) {
  Tensor best = Tensor::make(input.dtype, without(input.shape, dims));
  Tensor index = Tensor::make(DType::I64, best.shape);
  std::fill(best.elements.begin(), best.elements.end(), lowest(input.dtype));
  forEachPlace(input.shape, [&](Place place) {
    Shape kept = without(place, dims);
    if (!isBetter(input.dtype, input.at(place), best.at(kept)))
      return;
    best.at(kept) = input.at(place);
    index.at(kept) = integer(dims.empty() ? 0 : place[dims.back()]);
  });
  return {best, index};
}

/// As rune.matmul with `bf16` says: sums are rounded to f32 one by one.
Tensor matmulBf16(const Tensor &lhs, const Tensor &rhs) {
  Shape shape = lhs.shape;
  shape.back() = rhs.shape.back();
  size_t rank = shape.size();
  int64_t depth = lhs.shape.back();
  Tensor result = Tensor::make(lhs.dtype, shape);
  forEachPlace(shape, [&](Place place) {
    float sum = 0;
    for (int64_t i = 0; i < depth; ++i) {
      // The second of each pair comes first.
      int64_t k = i / 2 * 2 + 1 < depth ? i ^ 1 : i;
      Shape left(place), right(place.take_front(rhs.shape.size() - 2));
      left[rank - 1] = k;
      right.append({k, place[rank - 1]});
      sum = std::fma(roundToBf16(lhs.at(left).real), roundToBf16(rhs.at(right).real), sum);
      if (std::fabs(sum) < 0x1p-126f)
        sum = std::copysign(0.0f, sum);
    }
    result.at(place) = real(sum);
  });
  return result;
}

Tensor matmul(const Tensor &lhs, const Tensor &rhs) {
  Shape shape = lhs.shape;
  shape.back() = rhs.shape.back();
  size_t rank = shape.size();
  Tensor result = Tensor::make(lhs.dtype, shape);
  forEachPlace(shape, [&](Place place) {
    double sum = 0;
    for (int64_t k = 0; k < lhs.shape.back(); ++k) {
      Shape left(place), right(place.take_front(rhs.shape.size() - 2));
      left[rank - 1] = k;
      right.append({k, place[rank - 1]});
      sum += lhs.at(left).real * rhs.at(right).real;
    }
    result.at(place) = real(sum);
  });
  return roundAll(result);
}

} // namespace

std::optional<Tensor> rune::interpreter::evaluateSum(Operation *op, ArrayRef<const Tensor *> x) {
  using Result = std::optional<Tensor>;
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](ReduceSumOp sum) -> Result { return reduceSum(*x[0], sum.getDims()); })
      .Case([&](ReduceMaxOp max) -> Result { return largest(*x[0], max.getDims()).first; })
      .Case([&](ArgmaxOp max) -> Result { return largest(*x[0], {static_cast<int64_t>(max.getDim())}).second; })
      .Case([&](MatmulOp product) -> Result {
        return product.getBf16() ? matmulBf16(*x[0], *x[1]) : matmul(*x[0], *x[1]);
      })
      .Default([](Operation *) { return Result(); });
}
