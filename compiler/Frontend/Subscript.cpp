// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x[…] on lists, module lists and tensors.

#include "Frontend/Evaluate.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

namespace {

/// Takes a tensor apart dimension by dimension: slices, dropped and new dimensions first, index tensors then.
class TensorIndexer {
public:
  TensorIndexer(Evaluator &evaluator, mlir::Value input, SourceLoc loc)
      : evaluator(evaluator), emitter(*evaluator.emitter), input(input), loc(loc), dims(getDims(input)) {}

  Value index(llvm::ArrayRef<Value> indices, llvm::ArrayRef<SourceLoc> locs);

private:
  struct TensorIndex {
    size_t position; // in the dimensions after slicing
    mlir::Value tensor;
  };

  bool takeOne(const Value &index, SourceLoc at);
  bool takeInteger(const DimExpr &index, SourceLoc at);
  bool takeSlice(const Value &slice, SourceLoc at);
  std::optional<DimExpr> bound(const Value &value, const DimExpr &size, const DimExpr &absent, SourceLoc at);
  bool takeTensor(const Value &index, SourceLoc at);
  void takeWhole() {
    starts.push_back(0);
    sizes.push_back(dims[axis]);
    steps.push_back(1);
    kept.push_back(dims[axis++]);
  }
  mlir::Value gatherOne(mlir::Value from, const TensorIndex &index);
  mlir::Value gatherMany(mlir::Value from);
  mlir::Value flatIndex(llvm::ArrayRef<mlir::Value> tensors, llvm::ArrayRef<DimExpr> extents);

  Evaluator &evaluator;
  Emitter &emitter;
  mlir::Value input;
  SourceLoc loc;
  Dims dims;
  size_t axis = 0;
  Dims starts, sizes, kept; // kept: dimensions after slicing
  llvm::SmallVector<int64_t> steps;
  std::vector<TensorIndex> tensors;
};

} // namespace

static bool consumesDimension(const Value &index) { return !index.isNone() && index.kind != Value::Ellipsis; }

Value TensorIndexer::index(llvm::ArrayRef<Value> indices, llvm::ArrayRef<SourceLoc> locs) {
  size_t consumed = llvm::count_if(indices, consumesDimension);
  if (llvm::count_if(indices, [](const Value &index) { return index.kind == Value::Ellipsis; }) > 1)
    return evaluator.error(loc, "a subscript has one '...' at most");
  if (consumed > dims.size())
    return evaluator.error(loc, "too many indices: the tensor has shape " + formatDims(dims));
  for (auto [i, index] : llvm::enumerate(indices)) {
    if (index.kind == Value::Ellipsis) {
      for (size_t left = dims.size() - consumed; left > 0; --left)
        takeWhole();
      continue;
    }
    if (!takeOne(index, i < locs.size() ? locs[i] : loc))
      return Value();
  }
  while (axis < dims.size())
    takeWhole();
  emitter.setLoc(loc);
  mlir::Value result = emitter.reshape(emitter.slice(input, starts, sizes, steps), kept);
  if (tensors.size() == 1)
    result = gatherOne(result, tensors[0]);
  else if (tensors.size() > 1)
    result = gatherMany(result);
  return result ? Value::tensor(result) : Value();
}

bool TensorIndexer::takeOne(const Value &index, SourceLoc at) {
  switch (index.kind) {
  case Value::None:
    kept.push_back(1);
    return true;
  case Value::Int:
  case Value::Dim:
    return takeInteger(index.asDim(), at);
  case Value::Slice:
    return takeSlice(index, at);
  case Value::List:
  case Value::Tensor:
  case Value::Scalar:
    return takeTensor(index, at);
  default:
    evaluator.error(at, "cannot index a tensor with " + describe(index));
    return false;
  }
}

bool TensorIndexer::takeInteger(const DimExpr &index, SourceLoc at) {
  const DimExpr &size = dims[axis];
  bool negative = (-index).isKnownAtLeast(1);
  DimExpr start = negative ? size + index : index;
  if (index.isConstant() && size.isConstant()) {
    if (start.getConstant() < 0 || start.getConstant() >= size.getConstant()) {
      evaluator.error(at, "index " + index.str() + " is out of range for dimension " + llvm::Twine(axis) +
                              " of shape " + formatDims(dims));
      return false;
    }
  } else if (negative) {
    if (!evaluator.checkAtMost(-index, size, at, "an index of -{0} is out of range for a dimension of size {1}"))
      return false;
  } else if (!evaluator.checkAtMost(0, index, at, "index {1} is negative") ||
             !evaluator.checkAtMost(index + 1, size, at, "{0} elements are needed in a dimension of size {1}")) {
    return false;
  }
  starts.push_back(start);
  sizes.push_back(1);
  steps.push_back(1);
  ++axis;
  return true;
}

std::optional<DimExpr> TensorIndexer::bound(const Value &value, const DimExpr &size, const DimExpr &absent,
                                            SourceLoc at) {
  if (value.isNone())
    return absent;
  if (!value.isSize()) {
    evaluator.error(at, "the bounds of a slice are integers, not " + describe(value));
    return std::nullopt;
  }
  DimExpr index = value.asDim();
  bool negative = (-index).isKnownAtLeast(1);
  if (index.isConstant() && size.isConstant()) {
    int64_t extent = size.getConstant(), place = index.getConstant();
    return DimExpr(std::clamp<int64_t>(place < 0 ? place + extent : place, 0, extent));
  }
  if (negative) {
    if (!evaluator.checkAtMost(-index, size, at, "a slice takes {0} elements off a dimension of size {1}"))
      return std::nullopt;
    return size + index;
  }
  if (!evaluator.checkAtMost(0, index, at, "the bound {1} of a slice is negative") ||
      !evaluator.checkAtMost(index, size, at, "the bound {0} of a slice is beyond a dimension of size {1}"))
    return std::nullopt;
  return index;
}

bool TensorIndexer::takeSlice(const Value &slice, SourceLoc at) {
  const DimExpr size = dims[axis];
  const Value &stepValue = slice.asList()[2];
  if (!stepValue.isNone() && (stepValue.kind != Value::Int || stepValue.integerValue <= 0)) {
    evaluator.error(at, "the step of a slice is a positive integer known at compile time");
    return false;
  }
  int64_t step = stepValue.isNone() ? 1 : stepValue.integerValue;
  std::optional<DimExpr> start = bound(slice.asList()[0], size, 0, at), stop = bound(slice.asList()[1], size, size, at);
  if (!start || !stop)
    return false;
  DimExpr count = *stop - *start;
  if (count.isConstant() && count.getConstant() < 0) {
    count = 0;
    start = DimExpr(0);
  } else if (!evaluator.checkAtMost(*start, *stop, at, "a slice starts at {0}, beyond its end {1}")) {
    return false;
  }
  DimExpr elements = step == 1 ? count : count.ceilDiv(step);
  starts.push_back(*start);
  sizes.push_back(elements);
  steps.push_back(step);
  kept.push_back(elements);
  ++axis;
  return true;
}

bool TensorIndexer::takeTensor(const Value &index, SourceLoc at) {
  Value tensor = index;
  if (index.kind == Value::List) {
    std::vector<double> numbers;
    for (const Value &item : index.asList()) {
      if (item.kind != Value::Int) {
        evaluator.error(at, "cannot index a tensor with " + describe(index));
        return false;
      }
      numbers.push_back(static_cast<double>(item.integerValue));
    }
    emitter.setLoc(at);
    tensor = Value::tensor(emitter.constantTensor(ElementKind::I64, static_cast<int64_t>(numbers.size()), numbers));
  }
  if (dtypeOf(tensor.ir) != ElementKind::I64) {
    evaluator.error(at, dtypeOf(tensor.ir) == ElementKind::Bool
                            ? "a bool tensor as an index gives a shape that depends on values; use 'where'"
                            : "an index is an i64 tensor, not " + dtypeName(dtypeOf(tensor.ir)).str());
    return false;
  }
  tensors.push_back({kept.size(), tensor.ir});
  takeWhole();
  return true;
}

/// [pre…, n, post…] indexed at n by [s…] gives [pre…, s…, post…].
mlir::Value TensorIndexer::gatherOne(mlir::Value from, const TensorIndex &index) {
  Dims fromDims = getDims(from), shape = getDims(index.tensor);
  DimExpr count = product(shape);
  Dims lined(fromDims.size(), DimExpr(1)), wide = fromDims, result;
  lined[index.position] = wide[index.position] = count;
  mlir::Value indices = emitter.broadcast(emitter.reshape(index.tensor, lined), wide);
  mlir::Value gathered = emitter.gather(from, indices, index.position);
  result.append(fromDims.begin(), fromDims.begin() + index.position);
  result.append(shape);
  result.append(fromDims.begin() + index.position + 1, fromDims.end());
  return emitter.reshape(gathered, result);
}

/// ((i₀ n₁) + i₁) n₂ + … , with negative indices counted from the end; out of range where one of them is.
mlir::Value TensorIndexer::flatIndex(llvm::ArrayRef<mlir::Value> indices, llvm::ArrayRef<DimExpr> extents) {
  Dims shape = getDims(indices[0]);
  auto wide = [&](mlir::Value scalar) { return emitter.broadcast(scalar, shape); };
  mlir::Value flat, valid, zero = emitter.full(shape, ElementKind::I64, 0);
  for (auto [index, extent] : llvm::zip(indices, extents)) {
    mlir::Value size = wide(emitter.dim(extent));
    mlir::Value wrapped =
        emitter.select(emitter.compare(Predicate::lt, index, zero), emitter.binary<AddOp>(index, size), index);
    mlir::Value inside = emitter.binary<MulOp>(emitter.compare(Predicate::ge, wrapped, zero),
                                               emitter.compare(Predicate::lt, wrapped, size));
    valid = valid ? emitter.binary<MulOp>(valid, inside) : inside;
    flat = flat ? emitter.binary<AddOp>(emitter.binary<MulOp>(flat, size), wrapped) : wrapped;
  }
  return emitter.select(valid, flat, wide(emitter.dim(product(extents))));
}

mlir::Value TensorIndexer::gatherMany(mlir::Value from) {
  std::vector<Value> asValues;
  for (const TensorIndex &index : tensors)
    asValues.push_back(Value::tensor(index.tensor));
  llvm::SmallVector<mlir::Value> indices = evaluator.unify(asValues, ElementKind::I64, loc, "[]");
  if (indices.empty())
    return {};
  // The indexed dimensions come together: where the first one stands if they are neighbours, else in front.
  Dims fromDims = getDims(from), extents, rest;
  bool adjacent = tensors.back().position - tensors.front().position + 1 == tensors.size();
  size_t place = adjacent ? tensors.front().position : 0;
  llvm::SmallVector<int64_t> permutation, indexed;
  for (const TensorIndex &index : tensors) {
    indexed.push_back(index.position);
    extents.push_back(fromDims[index.position]);
  }
  for (size_t i = 0; i < fromDims.size(); ++i)
    if (!llvm::is_contained(indexed, static_cast<int64_t>(i)))
      permutation.push_back(i);
  permutation.insert(permutation.begin() + place, indexed.begin(), indexed.end());
  mlir::Value moved = emitter.transpose(from, permutation);
  Dims flattened = getDims(moved);
  flattened.erase(flattened.begin() + place, flattened.begin() + place + tensors.size());
  flattened.insert(flattened.begin() + place, product(extents));
  return gatherOne(emitter.reshape(moved, flattened), {place, flatIndex(indices, extents)});
}

//===-- Lists ---------------------------------------------------------------------------------------------------===//

static Value sliceList(Evaluator &evaluator, const std::vector<Value> &items, bool isShape, const Value &slice,
                       SourceLoc loc) {
  int64_t size = items.size(), step = 1;
  for (const Value &part : slice.asList())
    if (!part.isNone() && !part.isInteger())
      return evaluator.error(loc, "the bounds of a list's slice are integers, not " + describe(part));
  const Value &start = slice.asList()[0], &stop = slice.asList()[1];
  if (!slice.asList()[2].isNone())
    step = slice.asList()[2].integerValue;
  if (step == 0)
    return evaluator.error(loc, "the step of a slice cannot be 0");
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  auto clampTo = [&](const Value &bound, int64_t absent) {
    if (bound.isNone())
      return absent;
    int64_t place = bound.integerValue < 0 ? bound.integerValue + size : bound.integerValue;
    return std::clamp(place, low, high);
  };
  std::vector<Value> taken;
  int64_t end = clampTo(stop, step > 0 ? high : low);
  for (int64_t i = clampTo(start, step > 0 ? low : high); step > 0 ? i < end : i > end;) {
    taken.push_back(items[i]);
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  Value result = Value::list(std::move(taken));
  result.flag = isShape;
  return result;
}

static Value indexList(Evaluator &evaluator, const std::vector<Value> &items, bool isShape, const Value &index,
                       SourceLoc loc) {
  if (index.kind == Value::Slice)
    return sliceList(evaluator, items, isShape, index, loc);
  if (!index.isInteger())
    return evaluator.error(loc, "a list is indexed by integers known at compile time, not by " + describe(index));
  int64_t size = items.size(), place = index.integerValue < 0 ? index.integerValue + size : index.integerValue;
  if (place < 0 || place >= size)
    return evaluator.error(loc, "index " + llvm::Twine(index.integerValue) + " is out of range for a list of " +
                                    llvm::Twine(size));
  return items[place];
}

Value Evaluator::subscript(const Value &base, llvm::ArrayRef<Value> indices, llvm::ArrayRef<SourceLoc> locs,
                           SourceLoc loc) {
  if (base.isError() || llvm::any_of(indices, [](const Value &index) { return index.isError(); }))
    return Value();
  if (base.isRuntime()) {
    emitter->setLoc(loc);
    return TensorIndexer(*this, base.ir, loc).index(indices, locs);
  }
  if (base.kind != Value::List && (base.kind != Value::Module || base.instance->kind == Instance::Plain))
    return error(loc, describe(base) + " cannot be indexed");
  if (indices.size() != 1)
    return error(loc, "a list takes one index");
  if (base.kind == Value::List)
    return indexList(*this, base.asList(), base.flag, indices[0], loc);
  std::optional<std::vector<Value>> modules = iterate(base, loc);
  return modules ? indexList(*this, *modules, false, indices[0], loc) : Value();
}
