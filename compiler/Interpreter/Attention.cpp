// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Interpreter/Interpreter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace rune;
using namespace rune::interpreter;

namespace {

struct Sizes {
  int64_t rows, keys, depth, width;
};

/// The place of a row of a matrix, behind the leading dimensions.
Shape at(Place leading, std::initializer_list<int64_t> rest) {
  Shape place(leading);
  place.append(rest);
  return place;
}

/// Calls `visit(leading, i)` for each row of the queries.
void forEachRow(const Tensor &query, llvm::function_ref<void(Place, int64_t)> visit) {
  forEachPlace(Place(query.shape).drop_back(1), [&](Place place) { visit(place.drop_back(1), place.back()); });
}

Sizes sizesOf(const Tensor &query, const Tensor &value) {
  auto last = [](const Tensor &tensor, size_t i) { return tensor.shape[tensor.shape.size() - i]; };
  return {last(query, 2), last(value, 2), last(query, 1), last(value, 1)};
}

double dot(const Tensor &x, Place left, const Tensor &y, Place right, int64_t count) {
  double sum = 0;
  Shape a(left), b(right);
  a.push_back(0);
  b.push_back(0);
  for (a.back() = 0; a.back() < count; ++a.back(), ++b.back())
    sum += x.at(a).real * y.at(b).real;
  return sum;
}

/// What a row sees: its scores, −∞ where it does not see.
std::vector<double> scoresOf(const Tensor &query, const Tensor &key, Place leading, int64_t row, Sizes sizes,
                             double scale, bool causal) {
  std::vector<double> scores(sizes.keys, -INFINITY);
  for (int64_t j = 0; j < (causal ? std::min(sizes.keys, row + 1) : sizes.keys); ++j)
    scores[j] = scale * dot(query, at(leading, {row}), key, at(leading, {j}), sizes.depth);
  return scores;
}

Tensor rounded(Tensor tensor) {
  for (Scalar &element : tensor.elements)
    element = roundTo(tensor.dtype, element);
  return tensor;
}

std::vector<Tensor> attention(AttentionOp op, ArrayRef<const Tensor *> x) {
  const Tensor &query = *x[0], &key = *x[1], &value = *x[2];
  Sizes sizes = sizesOf(query, value);
  Shape shape(query.shape);
  shape.back() = sizes.width;
  Tensor result = Tensor::make(query.dtype, shape);
  shape.pop_back();
  Tensor logsum = Tensor::make(query.dtype, shape);
  forEachRow(query, [&](Place leading, int64_t i) {
    auto scores = scoresOf(query, key, leading, i, sizes, op.getScale().convertToDouble(), op.getCausal());
    double largest = -INFINITY, sum = 0;
    for (double score : scores)
      largest = std::max(largest, score);
    for (double score : scores)
      sum += std::exp(score - largest);
    logsum.at(at(leading, {i})) = real(largest + std::log(sum));
    for (int64_t c = 0; c < sizes.width; ++c) {
      double element = 0;
      for (int64_t j = 0; j < sizes.keys; ++j)
        element += std::exp(scores[j] - largest) / sum * value.at(at(leading, {j, c})).real;
      result.at(at(leading, {i, c})) = real(element);
    }
  });
  return {rounded(result), rounded(logsum)};
}

std::vector<Tensor> attentionGrad(AttentionGradOp op, ArrayRef<const Tensor *> x) {
  const Tensor &query = *x[0], &key = *x[1], &value = *x[2], &result = *x[3], &logsum = *x[4], &cotangent = *x[5];
  Sizes sizes = sizesOf(query, value);
  double scale = op.getScale().convertToDouble();
  Tensor dquery = Tensor::make(query.dtype, query.shape), dkey = Tensor::make(key.dtype, key.shape),
         dvalue = Tensor::make(value.dtype, value.shape);
  forEachRow(query, [&](Place leading, int64_t i) {
    auto scores = scoresOf(query, key, leading, i, sizes, scale, op.getCausal());
    Shape row = at(leading, {i});
    double mean = dot(cotangent, row, result, row, sizes.width);
    for (int64_t j = 0; j < sizes.keys; ++j) {
      double weight = std::exp(scores[j] - logsum.at(row).real);
      double dscore = scale * weight * (dot(cotangent, row, value, at(leading, {j}), sizes.width) - mean);
      for (int64_t c = 0; c < sizes.width; ++c)
        dvalue.at(at(leading, {j, c})).real += weight * cotangent.at(at(leading, {i, c})).real;
      for (int64_t c = 0; c < sizes.depth; ++c) {
        dquery.at(at(leading, {i, c})).real += dscore * key.at(at(leading, {j, c})).real;
        dkey.at(at(leading, {j, c})).real += dscore * query.at(at(leading, {i, c})).real;
      }
    }
  });
  return {rounded(dquery), rounded(dkey), rounded(dvalue)};
}

} // namespace

std::vector<Tensor> rune::interpreter::evaluateAttention(Operation *op, ArrayRef<const Tensor *> operands) {
  return llvm::TypeSwitch<Operation *, std::vector<Tensor>>(op)
      .Case([&](AttentionOp typed) { return attention(typed, operands); })
      .Case([&](AttentionGradOp typed) { return attentionGrad(typed, operands); })
      .Default([](Operation *) { return std::vector<Tensor>(); });
}
