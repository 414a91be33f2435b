// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Primitives that make or move elements and compute none.

#include "Interpreter/Interpreter.h"

#include "rune/table.h"

using namespace mlir;
using namespace rune;
using namespace rune::interpreter;

namespace {

/// A tensor whose element at a place is the input's at another one.
Tensor moved(const Tensor &input, const Shape &shape, llvm::function_ref<Shape(Place)> source) {
  Tensor result = Tensor::make(input.dtype, shape);
  forEachPlace(shape, [&](Place place) { result.at(place) = input.at(source(place)); });
  return result;
}

Tensor broadcast(const Tensor &input, const Shape &shape) {
  return moved(input, shape, [&](Place place) {
    Shape source;
    for (size_t i = 0, skipped = shape.size() - input.shape.size(); i < input.shape.size(); ++i)
      source.push_back(input.shape[i] == 1 ? 0 : place[skipped + i]);
    return source;
  });
}

Tensor transpose(const Tensor &input, ArrayRef<int64_t> permutation, const Shape &shape) {
  return moved(input, shape, [&](Place place) {
    Shape source(place.size());
    for (size_t i = 0; i < place.size(); ++i)
      source[permutation[i]] = place[i];
    return source;
  });
}

Tensor slice(const Tensor &input, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps, const Shape &shape) {
  return moved(input, shape, [&](Place place) {
    Shape source;
    for (size_t i = 0; i < place.size(); ++i)
      source.push_back(starts[i] + place[i] * steps[i]);
    return source;
  });
}

/// `input` written into `target` from a place on.
void insert(const Tensor &input, Tensor &target, ArrayRef<int64_t> start) {
  forEachPlace(input.shape, [&](Place place) {
    Shape moved;
    for (size_t i = 0; i < place.size(); ++i)
      moved.push_back(start[i] + place[i]);
    target.at(moved) = input.at(place);
  });
}

Tensor pad(const Tensor &input, const Tensor &value, ArrayRef<int64_t> low, const Shape &shape) {
  Tensor result = broadcast(value, shape);
  insert(input, result, low);
  return result;
}

Tensor concat(ArrayRef<const Tensor *> inputs, uint64_t dim, const Shape &shape) {
  Tensor result = Tensor::make(inputs[0]->dtype, shape);
  Shape start(shape.size(), 0);
  for (const Tensor *input : inputs) {
    insert(*input, result, start);
    start[dim] += input->shape[dim];
  }
  return result;
}

/// `place` with the index in the place of one dimension; nothing, and the status, where it is out of range.
std::optional<Shape> indexed(Place place, Scalar index, int64_t size, uint64_t dim, int32_t &status) {
  if (index.integer < -size || index.integer >= size) {
    status = RUNE_INDEX_OUT_OF_RANGE;
    return std::nullopt;
  }
  Shape result(place);
  result[dim] = index.integer < 0 ? index.integer + size : index.integer;
  return result;
}

Tensor gather(const Tensor &input, const Tensor &indices, uint64_t dim, int32_t &status) {
  Tensor result = Tensor::make(input.dtype, indices.shape);
  forEachPlace(indices.shape, [&](Place place) {
    if (auto source = indexed(place, indices.at(place), input.shape[dim], dim, status))
      result.at(place) = input.at(*source);
  });
  return result;
}

Tensor scatterAdd(const Tensor &input, const Tensor &indices, const Tensor &source, uint64_t dim, int32_t &status) {
  Tensor result = input;
  forEachPlace(indices.shape, [&](Place place) {
    if (auto target = indexed(place, indices.at(place), input.shape[dim], dim, status))
      result.at(*target) = roundTo(input.dtype, real(result.at(*target).real + source.at(place).real));
  });
  return result;
}

Tensor iota(const Shape &shape) {
  Tensor result = Tensor::make(DType::I64, shape);
  forEachPlace(shape, [&](Place place) { result.at(place) = integer(place[0]); });
  return result;
}

Tensor scalar(int64_t value) {
  Tensor result = Tensor::make(DType::I64, {});
  result.elements[0] = integer(value);
  return result;
}

} // namespace

std::optional<Tensor> rune::interpreter::evaluateMove(Operation *op, ArrayRef<const Tensor *> x,
                                                      const Interpreter &interpreter, int32_t &status) {
  using Result = std::optional<Tensor>;
  auto evaluate = [&](DimsAttr dims) { return interpreter.evaluate(dims.getDims()); };
  auto shape = [&] { return interpreter.evaluate(getDims(op->getResult(0))); };
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](ConstantOp constant) -> Result {
        return Tensor::fromAttribute(cast<DenseElementsAttr>(constant.getValue()));
      })
      .Case([&](DimOp size) -> Result { return scalar(evaluate(size.getDim())[0]); })
      .Case([&](IotaOp) -> Result { return iota(shape()); })
      .Case([&](ReshapeOp) -> Result { return Tensor{x[0]->dtype, shape(), x[0]->elements}; })
      .Case([&](BroadcastOp) -> Result { return broadcast(*x[0], shape()); })
      .Case([&](TransposeOp transposed) -> Result { return transpose(*x[0], transposed.getPermutation(), shape()); })
      .Case([&](SliceOp sliced) -> Result {
        return slice(*x[0], evaluate(sliced.getStarts()), sliced.getSteps(), shape());
      })
      .Case([&](PadOp padded) -> Result { return pad(*x[0], *x[1], evaluate(padded.getLow()), shape()); })
      .Case([&](ConcatOp joined) -> Result { return concat(x, joined.getDim(), shape()); })
      .Case([&](GatherOp gathered) -> Result { return gather(*x[0], *x[1], gathered.getDim(), status); })
      .Case([&](ScatterAddOp added) -> Result { return scatterAdd(*x[0], *x[1], *x[2], added.getDim(), status); })
      .Default([](Operation *) { return Result(); });
}
