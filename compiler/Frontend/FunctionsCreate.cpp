// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors from nothing, and products of matrices.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace rune;

static std::optional<ElementKind> dtypeOr(Call &call, size_t i, ElementKind otherwise) {
  return call.given(i) ? call.dtype(i) : otherwise;
}

static bool checkSizes(Call &call, const Dims &dims) {
  for (const DimExpr &size : dims)
    if (size.isConstant() && size.getConstant() < 0) {
      call.error("a dimension cannot be negative: " + formatDims(dims));
      return false;
    }
  return true;
}

static Value filled(Call &call, double value) {
  std::optional<Dims> dims = call.sizes(0);
  std::optional<ElementKind> type = dims ? dtypeOr(call, 1, call.evaluator.session.defaultFloat()) : std::nullopt;
  if (!type || !checkSizes(call, *dims))
    return Value();
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  return Value::tensor(call.emitter().full(*dims, *type, value));
}
static Value runZeros(Call &call) { return filled(call, 0); }
static Value runOnes(Call &call) { return filled(call, 1); }

static Value runFull(Call &call) {
  std::optional<Dims> dims = call.sizes(0);
  if (!dims || !checkSizes(call, *dims))
    return Value();
  std::optional<ElementKind> type = dtypeOr(call, 2, call.evaluator.promote(call[1]));
  mlir::Value value = type ? call.evaluator.toTensor(call[1], *type, call.locs[1]) : mlir::Value();
  if (!value || rankOf(value) != 0)
    return value ? call.errorAt(1, "'full' expects a number to fill with") : Value();
  return Value::tensor(call.emitter().broadcast(value, *dims));
}

static Value filledLike(Call &call, const Value &value, size_t dtypeArgument) {
  mlir::Value input = call.tensor(0);
  std::optional<ElementKind> type = input ? dtypeOr(call, dtypeArgument, dtypeOf(input)) : std::nullopt;
  mlir::Value number = type ? call.evaluator.toTensor(value, *type, call.loc) : mlir::Value();
  return number ? Value::tensor(call.emitter().broadcast(number, getDims(input))) : Value();
}
static Value runZerosLike(Call &call) { return filledLike(call, Value::integer(0), 1); }
static Value runOnesLike(Call &call) { return filledLike(call, Value::integer(1), 1); }
static Value runFullLike(Call &call) { return filledLike(call, call[1], 2); }

//===-- Sequences
//---------------------------------------------------------------------------------------------------===//

static Value scaledIota(Call &call, const DimExpr &count, const Value &start, const Value &step, ElementKind type) {
  Value iota = Value::tensor(call.emitter().iota(count));
  if (isFloat(type))
    iota.ir = call.emitter().cast(iota.ir, type);
  Value scaled =
      step.kind == Value::Int && step.integerValue == 1 ? iota : call.evaluator.binary("*", iota, step, call.loc);
  if (!(start.kind == Value::Int && start.integerValue == 0))
    scaled = call.evaluator.binary("+", scaled, start, call.loc);
  return scaled.isError() ? scaled : Value::tensor(call.emitter().cast(scaled.ir, type));
}

static Value runArange(Call &call) {
  std::vector<Value> bounds = call[0].asList();
  if (bounds.empty() || bounds.size() > 3)
    return call.error("'arange' takes end, or start, end and step");
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  Value start = bounds.size() > 1 ? bounds[0] : Value::integer(0), end = bounds[bounds.size() > 1 ? 1 : 0];
  Value step = bounds.size() > 2 ? bounds[2] : Value::integer(1);
  bool floating = false;
  for (const Value &bound : {start, end, step}) {
    if (!bound.isSize() && bound.kind != Value::Float)
      return call.error("'arange' expects numbers, got " + describe(bound));
    floating |= bound.kind == Value::Float;
  }
  std::optional<ElementKind> type =
      dtypeOr(call, 1, floating ? call.evaluator.session.defaultFloat() : ElementKind::I64);
  if (!type || !step.isNumber() || step.asNumber() == 0)
    return type ? call.error("the step of 'arange' is a number known at compile time that is not 0") : Value();
  if (start.isNumber() && end.isNumber()) {
    double count = std::ceil((end.asNumber() - start.asNumber()) / step.asNumber());
    if (!(count >= 0 && count < 1e12))
      return call.error("'arange' from " + toRepr(start) + " to " + toRepr(end) + " by " + toRepr(step) +
                        " has no elements to give");
    return scaledIota(call, static_cast<int64_t>(count), start, step, *type);
  }
  if (floating)
    return call.error("'arange' of a size known at run time expects integers");
  DimExpr length = end.asDim() - start.asDim();
  if (!call.evaluator.checkAtMost(0, step.integerValue > 0 ? length : -length, call.loc,
                                  "'arange' would have {1} elements"))
    return Value();
  return scaledIota(call, length.ceilDiv(step.integerValue), start, step, *type);
}

static Value runLinspace(Call &call) {
  std::optional<double> start = call.number(0), end = call.number(1);
  std::optional<int64_t> steps = call.integer(2);
  std::optional<ElementKind> type = dtypeOr(call, 3, call.evaluator.session.defaultFloat());
  if (!start || !end || !steps || !type)
    return Value();
  if (*steps < 0 || *steps > 1000000)
    return call.error("'linspace' expects 0 to 1000000 steps, got " + llvm::Twine(*steps));
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  // As PyTorch: from the start in the first half, from the end in the second, in the dtype's own arithmetic.
  std::vector<double> values;
  bool single = *type == ElementKind::F32;
  auto rounded = [&](double value) { return single ? static_cast<double>(static_cast<float>(value)) : value; };
  double step = *steps > 1 ? rounded(rounded(*end - *start) / static_cast<double>(*steps - 1)) : 0;
  for (int64_t i = 0; i < *steps; ++i)
    values.push_back(i < *steps / 2 ? rounded(*start + rounded(step * static_cast<double>(i)))
                                    : rounded(*end - rounded(step * static_cast<double>(*steps - 1 - i))));
  if (*steps == 1)
    values[0] = *start;
  return Value::tensor(call.emitter().constantTensor(*type, *steps, values));
}

/// Whether position (row, column) of the last two dimensions lies at or below (`lower`), or at or above a diagonal.
static mlir::Value triangleMask(Emitter &emitter, const DimExpr &rows, const DimExpr &columns, int64_t diagonal,
                                bool lower) {
  Dims dims = {rows, columns};
  mlir::Value shift = emitter.broadcast(emitter.integer(diagonal), rows);
  mlir::Value row = emitter.unsqueeze(emitter.binary<AddOp>(emitter.iota(rows), shift), 1);
  return emitter.compare(lower ? Predicate::le : Predicate::ge, emitter.broadcast(emitter.iota(columns), dims),
                         emitter.broadcast(row, dims));
}

static Value triangle(Call &call, bool lower) {
  mlir::Value input = call.tensor(0);
  std::optional<int64_t> diagonal = input ? call.integer(1) : std::nullopt;
  if (!diagonal)
    return Value();
  Dims dims = getDims(input);
  if (dims.size() < 2)
    return call.error("'" + call.name + "' needs a tensor of 2 dimensions or more");
  Emitter &emitter = call.emitter();
  mlir::Value mask = triangleMask(emitter, dims[dims.size() - 2], dims.back(), *diagonal, lower);
  return Value::tensor(emitter.select(emitter.broadcast(mask, dims), input, emitter.full(dims, dtypeOf(input), 0)));
}
static Value runTril(Call &call) { return triangle(call, true); }
static Value runTriu(Call &call) { return triangle(call, false); }

static Value runEye(Call &call) {
  std::optional<DimExpr> rows = call.size(0), columns = call.given(1) ? call.size(1) : rows;
  std::optional<ElementKind> type = dtypeOr(call, 2, call.evaluator.session.defaultFloat());
  if (!rows || !columns || !type || !checkSizes(call, {*rows, *columns}))
    return Value();
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  Emitter &emitter = call.emitter();
  Dims dims = {*rows, *columns};
  mlir::Value same = emitter.compare(Predicate::eq, emitter.broadcast(emitter.iota(*columns), dims),
                                     emitter.broadcast(emitter.unsqueeze(emitter.iota(*rows), 1), dims));
  return Value::tensor(emitter.cast(same, *type));
}

static Value runTensor(Call &call) {
  if (call[0].isTensor())
    return call[0];
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  if (call[0].kind != Value::List) {
    std::optional<ElementKind> type = dtypeOr(call, 1, call.evaluator.promote(call[0]));
    mlir::Value number = type ? call.evaluator.toTensor(call[0], *type, call.locs[0]) : mlir::Value();
    return number ? Value::tensor(number) : Value();
  }
  std::optional<ElementKind> type;
  if (call.given(1) && !(type = call.dtype(1)))
    return Value();
  mlir::Value tensor = call.evaluator.listToTensor(call[0], type, call.locs[0]);
  return tensor ? Value::tensor(tensor) : Value();
}

//===-- Products
//----------------------------------------------------------------------------------------------------===//

static Value product(Call &call, int64_t leftRank, int64_t rightRank) {
  mlir::Value lhs = call.tensor(0), rhs = lhs ? call.tensor(1) : mlir::Value();
  if (!rhs)
    return Value();
  if ((leftRank && rankOf(lhs) != leftRank) || (rightRank && rankOf(rhs) != rightRank))
    return call.error("'" + call.name + "' expects tensors of " + llvm::Twine(leftRank) + " and " +
                      llvm::Twine(rightRank) + " dimensions, got " + formatDims(getDims(lhs)) + " and " +
                      formatDims(getDims(rhs)));
  if (leftRank == 3 && getDims(lhs)[0] != getDims(rhs)[0])
    return call.error("'bmm' expects one batch size, got " + formatDims(getDims(lhs)) + " and " +
                      formatDims(getDims(rhs)));
  return call.evaluator.matmul(call[0], call[1], call.loc);
}
static Value runMatmul(Call &call) { return product(call, 0, 0); }
static Value runBmm(Call &call) { return product(call, 3, 3); }
static Value runMm(Call &call) { return product(call, 2, 2); }
static Value runMv(Call &call) { return product(call, 2, 1); }

//===-- Random numbers and gradients ------------------------------------------------------------------------------===//

static mlir::Value uniform(Emitter &emitter, llvm::ArrayRef<DimExpr> dims, ElementKind type) {
  return RandOp::create(emitter.builder, emitter.loc, emitter.tensorType(dims, type), 0);
}

/// Box and Muller's transform of two uniform numbers.
static mlir::Value normal(Emitter &emitter, llvm::ArrayRef<DimExpr> dims, ElementKind type) {
  mlir::Value radius = uniform(emitter, dims, type), angle = uniform(emitter, dims, type);
  mlir::Value above = emitter.binary<SubOp>(emitter.full(dims, type, 1), radius);
  mlir::Value squared = emitter.binary<MulOp>(emitter.full(dims, type, -2), emitter.unary<LogOp>(above));
  mlir::Value turned = emitter.binary<MulOp>(emitter.full(dims, type, 6.283185307179586), angle);
  return emitter.binary<MulOp>(emitter.unary<SqrtOp>(squared), emitter.unary<CosOp>(turned));
}

using Draw = mlir::Value (*)(Emitter &, llvm::ArrayRef<DimExpr>, ElementKind);

static Value draw(Call &call, const std::optional<Dims> &dims, std::optional<ElementKind> type, Draw how) {
  if (!dims || !type || !checkSizes(call, *dims))
    return Value();
  if (!call.evaluator.emitter)
    return call.error("tensors are not known at compile time");
  if (!isFloat(*type))
    return call.error("'" + call.name + "' draws floating numbers, not " + dtypeName(*type));
  return Value::tensor(how(call.emitter(), *dims, *type));
}

static Value drawSized(Call &call, Draw how) {
  return draw(call, call.sizes(0), dtypeOr(call, 1, call.evaluator.session.defaultFloat()), how);
}
static Value drawLike(Call &call, Draw how) {
  mlir::Value like = call.tensor(0);
  return like ? draw(call, Dims(getDims(like)), dtypeOr(call, 1, dtypeOf(like)), how) : Value();
}
static Value runRand(Call &call) { return drawSized(call, uniform); }
static Value runRandn(Call &call) { return drawSized(call, normal); }
static Value runRandLike(Call &call) { return drawLike(call, uniform); }
static Value runRandnLike(Call &call) { return drawLike(call, normal); }

static Value runBernoulli(Call &call) {
  mlir::Value probability = call.tensor(0);
  if (!probability)
    return Value();
  if (!isFloat(dtypeOf(probability)))
    return call.errorAt(0, "'bernoulli' expects floating probabilities");
  Emitter &emitter = call.emitter();
  mlir::Value drawn = uniform(emitter, getDims(probability), dtypeOf(probability));
  return Value::tensor(emitter.cast(emitter.compare(Predicate::lt, drawn, probability), dtypeOf(probability)));
}

/// The gradient of y, or of the sum of its elements, with respect to x or to each of a list.
static Value runGrad(Call &call) {
  mlir::Value y = call.tensor(0);
  std::optional<std::vector<Value>> list = y ? call.list(1) : std::nullopt;
  if (!list)
    return Value();
  llvm::SmallVector<mlir::Value> xs;
  for (const Value &x : *list) {
    if (!x.isTensor() || !isFloat(dtypeOf(x.ir)))
      return call.errorAt(1,
                          "'grad' is taken with respect to a floating tensor, or a list of them, not " + describe(x));
    xs.push_back(x.ir);
  }
  if (!isFloat(dtypeOf(y)) || xs.empty())
    return call.errorAt(0, "'grad' is taken of a floating tensor");
  Emitter &emitter = call.emitter();
  auto grad = GradOp::create(emitter.builder, emitter.loc, mlir::ValueRange(xs).getTypes(), y, mlir::ValueRange(), xs);
  std::vector<Value> gradients;
  for (mlir::Value gradient : grad.getGradients())
    gradients.push_back(Value::tensor(gradient));
  return call[1].kind == Value::List ? Value::list(std::move(gradients)) : gradients.front();
}

static const Builtin table[] = {
    {"zeros(*size, dtype=none)", runZeros, Builtin::Function},
    {"ones(*size, dtype=none)", runOnes, Builtin::Function},
    {"full(size, fill_value, dtype=none)", runFull, Builtin::Function},
    {"zeros_like(input, dtype=none)", runZerosLike, Builtin::Function},
    {"ones_like(input, dtype=none)", runOnesLike, Builtin::Function},
    {"full_like(input, fill_value, dtype=none)", runFullLike, Builtin::Function},
    {"arange(*bounds, dtype=none)", runArange, Builtin::Function},
    {"linspace(start, end, steps, dtype=none)", runLinspace, Builtin::Function},
    {"tril(input, diagonal=0)", runTril},
    {"triu(input, diagonal=0)", runTriu},
    {"eye(n, m=none, dtype=none)", runEye, Builtin::Function},
    {"tensor(data, dtype=none)", runTensor, Builtin::Function},
    {"rand(*size, dtype=none)", runRand, Builtin::Function},
    {"randn(*size, dtype=none)", runRandn, Builtin::Function},
    {"rand_like(input, dtype=none)", runRandLike, Builtin::Function},
    {"randn_like(input, dtype=none)", runRandnLike, Builtin::Function},
    {"bernoulli(input)", runBernoulli},
    {"grad(y, x)", runGrad, Builtin::Function},
    {"matmul(input, other)", runMatmul},
    {"bmm(input, mat2)", runBmm},
    {"mm(input, mat2)", runMm},
    {"mv(input, vec)", runMv},
};

llvm::ArrayRef<Builtin> rune::creationFunctions() { return table; }
