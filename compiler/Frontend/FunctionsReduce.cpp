// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions: over the items of a list, or over dimensions of a tensor.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

namespace {
struct Reduction {
  mlir::Value input;
  llvm::SmallVector<int64_t> dims;
  bool keep = false;
};
} // namespace

/// Arguments (input, dim, keepdim) at 0, 1, 2.
static std::optional<Reduction> reduction(Call &call) {
  Reduction result;
  result.input = call.tensor(0);
  if (!result.input)
    return std::nullopt;
  auto dims = call.axes(1, rankOf(result.input));
  std::optional<bool> keep = call.boolean(2);
  if (!dims || !keep)
    return std::nullopt;
  result.dims = *dims;
  result.keep = *keep;
  return result;
}

static mlir::Value keepDims(Call &call, const Reduction &reduction, mlir::Value reduced) {
  if (!reduction.keep)
    return reduced;
  Dims dims = getDims(reduction.input);
  for (int64_t dim : reduction.dims)
    dims[dim] = 1;
  return call.emitter().reshape(reduced, dims);
}

static Value fold(Call &call, llvm::StringRef op, Value initial) {
  Value total = std::move(initial);
  for (const Value &item : call[0].asList()) {
    total = call.evaluator.binary(op, total, item, call.loc);
    if (total.isError())
      return total;
  }
  return total;
}

static Value runSum(Call &call) {
  if (call[0].kind == Value::List)
    return fold(call, "+", Value::integer(0));
  std::optional<Reduction> what = reduction(call);
  if (!what)
    return Value();
  if (dtypeOf(what->input) == ElementKind::Bool)
    what->input = call.emitter().cast(what->input, ElementKind::I64);
  return Value::tensor(keepDims(call, *what, call.emitter().reduceSum(what->input, what->dims)));
}

static Value runMean(Call &call) {
  std::optional<Reduction> what = reduction(call);
  if (!what)
    return Value();
  ElementKind type = dtypeOf(what->input);
  if (!isFloat(type))
    return call.error("'mean' needs a floating tensor, not " + dtypeName(type));
  Dims dims = getDims(what->input);
  DimExpr count = 1;
  for (int64_t dim : what->dims)
    count = count * dims[dim];
  Emitter &emitter = call.emitter();
  mlir::Value sum = emitter.reduceSum(what->input, what->dims);
  mlir::Value divisor = count.isConstant() ? emitter.constant(type, static_cast<double>(count.getConstant()))
                                           : emitter.cast(emitter.dim(count), type);
  mlir::Value mean = emitter.binary<DivOp>(sum, emitter.broadcast(divisor, getDims(sum)));
  return Value::tensor(keepDims(call, *what, mean));
}

static Value runProd(Call &call) {
  if (call[0].kind == Value::List)
    return fold(call, "*", Value::integer(1));
  std::optional<Reduction> what = reduction(call);
  if (!what)
    return Value();
  // There is no primitive for it: halves are multiplied until one element is left.
  Emitter &emitter = call.emitter();
  mlir::Value value = what->input;
  if (dtypeOf(value) == ElementKind::Bool)
    value = emitter.cast(value, ElementKind::I64);
  for (int64_t dim : what->dims) {
    DimExpr size = getDims(value)[dim];
    if (!size.isConstant()) {
      call.evaluator.session.unsupported(call.loc, "'prod' over a dimension that is known at run time only is");
      return Value();
    }
    if (size.isConstant(0)) {
      Dims ones = getDims(value);
      ones[dim] = 1;
      value = emitter.full(ones, dtypeOf(value), 1);
    }
    while (getDims(value)[dim].getConstant() > 1) {
      int64_t n = getDims(value)[dim].getConstant(), half = n / 2;
      mlir::Value product =
          emitter.binary<MulOp>(emitter.slice(value, dim, 0, half), emitter.slice(value, dim, half, half));
      value = n % 2 ? emitter.concat({product, emitter.slice(value, dim, n - 1, 1)}, dim) : product;
    }
  }
  Dims left;
  for (auto [i, size] : llvm::enumerate(getDims(value)))
    if (what->keep || !llvm::is_contained(what->dims, static_cast<int64_t>(i)))
      left.push_back(size);
  return Value::tensor(emitter.reshape(value, left));
}

static bool nonEmpty(Call &call, const Reduction &what) {
  Dims dims = getDims(what.input);
  for (int64_t dim : what.dims)
    if (dims[dim].isConstant(0)) {
      call.error("'" + call.name + "' over a dimension of size 0");
      return false;
    }
  return true;
}

static mlir::Value emitAmin(Emitter &emitter, mlir::Value input, llvm::ArrayRef<int64_t> dims) {
  if (dtypeOf(input) == ElementKind::Bool)
    return emitter.logicalNot(emitter.reduceMax(emitter.logicalNot(input), dims));
  return emitter.unary<NegOp>(emitter.reduceMax(emitter.unary<NegOp>(input), dims));
}

static Value runAmax(Call &call) {
  std::optional<Reduction> what = reduction(call);
  if (!what || !nonEmpty(call, *what))
    return Value();
  return Value::tensor(keepDims(call, *what, call.emitter().reduceMax(what->input, what->dims)));
}

static Value runAmin(Call &call) {
  std::optional<Reduction> what = reduction(call);
  if (!what || !nonEmpty(call, *what))
    return Value();
  return Value::tensor(keepDims(call, *what, emitAmin(call.emitter(), what->input, what->dims)));
}

static Value anyOrAll(Call &call, bool any) {
  if (call[0].kind == Value::List) {
    for (const Value &item : call[0].asList()) {
      Truth truth = call.evaluator.truth(item, call.loc);
      if (truth == Truth::Runtime)
        return call.error("'" + call.name + "' of a list needs values known at compile time");
      if (truth == Truth::Error)
        return Value();
      if ((truth == Truth::True) == any)
        return Value::boolean(any);
    }
    return Value::boolean(!any);
  }
  std::optional<Reduction> what = reduction(call);
  if (!what)
    return Value();
  what->input = call.emitter().cast(what->input, ElementKind::Bool);
  mlir::Value reduced =
      any ? call.emitter().reduceMax(what->input, what->dims) : emitAmin(call.emitter(), what->input, what->dims);
  return Value::tensor(keepDims(call, *what, reduced));
}
static Value runAny(Call &call) { return anyOrAll(call, true); }
static Value runAll(Call &call) { return anyOrAll(call, false); }

/// The index along one dimension, or in the flattened tensor.
static Value argExtreme(Call &call, mlir::Value input, bool larger) {
  std::optional<bool> keep = call.boolean(2);
  if (!input || !keep)
    return Value();
  Emitter &emitter = call.emitter();
  int64_t rank = rankOf(input);
  if (dtypeOf(input) == ElementKind::Bool)
    input = emitter.cast(input, ElementKind::I64);
  if (!larger)
    input = emitter.unary<NegOp>(input);
  if (!call.given(1)) {
    mlir::Value index = emitter.argmax(emitter.reshape(input, product(getDims(input))), 0);
    return Value::tensor(*keep ? emitter.reshape(index, Dims(rank, DimExpr(1))) : index);
  }
  std::optional<int64_t> dim = call.axis(1, rank);
  if (!dim)
    return Value();
  if (rank == 0)
    return Value::tensor(emitter.constant(ElementKind::I64, 0));
  mlir::Value index = emitter.argmax(input, *dim);
  return Value::tensor(*keep ? emitter.unsqueeze(index, *dim) : index);
}
static Value runArgmax(Call &call) { return argExtreme(call, call.tensor(0), true); }
static Value runArgmin(Call &call) { return argExtreme(call, call.tensor(0), false); }

/// max and min: of numbers, of a list, elementwise of two tensors, over all, or (values, indices) over a dimension.
static Value pickExtreme(Call &call, bool larger) {
  std::vector<Value> rest = call[1].asList();
  auto elementwise = [&](const Value &lhs, const Value &rhs) {
    GivenArguments pair;
    pair.positional = {lhs, rhs};
    pair.locs = {call.loc, call.loc};
    return callBuiltin(call.evaluator, larger ? "maximum" : "minimum", Builtin::Function, pair, call.loc);
  };
  if (call[0].kind == Value::List) {
    if (call[0].asList().empty())
      return call.error("'" + call.name + "' of an empty list");
    rest.insert(rest.begin(), call[0].asList().begin() + 1, call[0].asList().end());
    call.args[0] = call[0].asList()[0];
  }
  bool byDim = call.given(2) || (!rest.empty() && rest[0].isInteger() && call[0].isTensor());
  if (!byDim && !rest.empty()) {
    Value best = call[0];
    for (const Value &other : rest)
      best = elementwise(best, other);
    return best;
  }
  if (!call[0].isTensor())
    return call[0];
  // As (input, dim, keepdim).
  if (!rest.empty())
    call.args[2] = rest[0];
  if (rest.size() > 1)
    call.args[3] = rest[1];
  call.args.erase(call.args.begin() + 1);
  call.names.erase(call.names.begin() + 1);
  call.locs.erase(call.locs.begin() + 1);
  if (!byDim)
    return larger ? runAmax(call) : runAmin(call);
  mlir::Value input = call[0].ir;
  std::optional<int64_t> dim = call.axis(1, rankOf(input));
  std::optional<bool> keep = call.boolean(2);
  if (!dim || !keep)
    return Value();
  Value index = argExtreme(call, input, larger);
  if (index.isError() || rankOf(input) == 0)
    return index.isError() ? index : Value::list({call[0], index});
  Emitter &emitter = call.emitter();
  mlir::Value indices = *keep ? index.ir : emitter.unsqueeze(index.ir, *dim);
  mlir::Value values = emitter.gather(input, indices, *dim);
  return Value::list({Value::tensor(*keep ? values : emitter.squeeze(values, *dim)), index});
}
static Value runMax(Call &call) { return pickExtreme(call, true); }
static Value runMin(Call &call) { return pickExtreme(call, false); }

/// The product with a triangle of ones, or, for integers, sums of what the triangle leaves.
static Value runCumsum(Call &call) {
  mlir::Value input = call.tensor(0);
  std::optional<int64_t> dim = input ? call.axis(1, rankOf(input)) : std::nullopt;
  if (!dim || rankOf(input) == 0)
    return dim ? call[0] : Value();
  Emitter &emitter = call.emitter();
  if (dtypeOf(input) == ElementKind::Bool)
    input = emitter.cast(input, ElementKind::I64);
  llvm::SmallVector<int64_t> swap = allDims(rankOf(input));
  std::swap(swap[*dim], swap.back());
  mlir::Value rows = emitter.transpose(input, swap);
  Dims dims = getDims(rows);
  DimExpr n = dims.back();
  mlir::Value iota = emitter.iota(n);
  mlir::Value from = emitter.broadcast(emitter.unsqueeze(iota, 1), {n, n}), to = emitter.broadcast(iota, {n, n});
  mlir::Value triangle = emitter.compare(Predicate::le, from, to);
  if (!isFloat(dtypeOf(input))) {
    Dims square = dims, row = dims, plane(dims.size() + 1, DimExpr(1));
    square.push_back(n);
    row.push_back(1);
    plane[dims.size() - 1] = plane[dims.size()] = n;
    mlir::Value wide = emitter.broadcast(emitter.reshape(rows, row), square);
    mlir::Value left = emitter.broadcast(emitter.reshape(triangle, plane), square);
    mlir::Value kept = emitter.select(left, wide, emitter.full(square, ElementKind::I64, 0));
    return Value::tensor(emitter.transpose(emitter.reduceSum(kept, {static_cast<int64_t>(dims.size()) - 1}), swap));
  }
  triangle = emitter.cast(triangle, dtypeOf(input));
  if (dims.size() == 1)
    rows = emitter.unsqueeze(rows, 0);
  mlir::Value sums = emitter.reshape(emitter.matmul(rows, triangle), dims);
  return Value::tensor(emitter.transpose(sums, swap));
}

static const Builtin table[] = {
    {"sum(input, dim=none, keepdim=false)", runSum},          {"mean(input, dim=none, keepdim=false)", runMean},
    {"prod(input, dim=none, keepdim=false)", runProd},        {"amax(input, dim=none, keepdim=false)", runAmax},
    {"amin(input, dim=none, keepdim=false)", runAmin},        {"any(input, dim=none, keepdim=false)", runAny},
    {"all(input, dim=none, keepdim=false)", runAll},          {"argmax(input, dim=none, keepdim=false)", runArgmax},
    {"argmin(input, dim=none, keepdim=false)", runArgmin},    {"max(input, *others, dim=none, keepdim=false)", runMax},
    {"min(input, *others, dim=none, keepdim=false)", runMin}, {"cumsum(input, dim)", runCumsum},
};

llvm::ArrayRef<Builtin> rune::reductionFunctions() { return table; }
