// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Python's functions on numbers and lists, and the mathematical ones that take numbers as well as tensors.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace rune;

static constexpr int64_t maxItems = 1000000;

//===-- Lists
//-------------------------------------------------------------------------------------------------------===//

static Value runLen(Call &call) {
  if (call[0].kind == Value::List)
    return Value::integer(call[0].size());
  if (call[0].kind == Value::Module && call[0].instance->kind != Instance::Plain)
    return Value::integer(call[0].instance->children.size());
  if (call[0].isTensor() && rankOf(call[0].ir) > 0)
    return Value::dim(getDims(call[0].ir)[0]);
  return call.error("'len' needs a list or a tensor of one dimension or more, got " + describe(call[0]));
}

static Value runRange(Call &call) {
  std::vector<Value> bounds = *call.list(0);
  for (const Value &bound : bounds) {
    if (bound.kind == Value::Dim || bound.kind == Value::Scalar) {
      call.evaluator.session.unsupported(call.loc, "a loop over a range that is known at run time only is");
      return Value();
    }
    if (!bound.isInteger())
      return call.error("'range' expects integers, got " + describe(bound));
  }
  if (bounds.empty() || bounds.size() > 3)
    return call.error("'range' takes 1 to 3 arguments, got " + llvm::Twine(bounds.size()));
  int64_t start = bounds.size() > 1 ? bounds[0].integerValue : 0;
  int64_t stop = bounds[bounds.size() > 1 ? 1 : 0].integerValue;
  int64_t step = bounds.size() > 2 ? bounds[2].integerValue : 1;
  if (step == 0)
    return call.error("the step of 'range' cannot be 0");
  std::vector<Value> items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (items.size() >= maxItems)
      return call.error("'range' gives more than " + llvm::Twine(maxItems) + " integers");
    items.push_back(Value::integer(i));
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  if (!call.evaluator.session.spend(call.loc, items.size()))
    return Value();
  return Value::list(std::move(items));
}

static Value runReversed(Call &call) {
  if (call[0].kind != Value::List)
    return call.error("'reversed' needs a list, got " + describe(call[0]));
  return Value::list(std::vector<Value>(call[0].asList().rbegin(), call[0].asList().rend()));
}

static Value runZip(Call &call) {
  size_t size = SIZE_MAX;
  const std::vector<Value> &lists = call[0].asList();
  for (const Value &list : lists) {
    if (list.kind != Value::List)
      return call.error("'zip' needs lists, got " + describe(list));
    size = std::min(size, list.size());
  }
  std::vector<Value> rows;
  for (size_t i = 0; !lists.empty() && i < size; ++i) {
    std::vector<Value> row;
    for (const Value &list : lists)
      row.push_back(list.asList()[i]);
    rows.push_back(Value::list(std::move(row)));
  }
  return Value::list(std::move(rows));
}

static Value runEnumerate(Call &call) {
  if (call[0].kind != Value::List)
    return call.error("'enumerate' needs a list, got " + describe(call[0]));
  std::vector<Value> rows;
  for (const auto &[i, item] : llvm::enumerate(call[0].asList()))
    rows.push_back(Value::list({Value::integer(i), item}));
  return Value::list(std::move(rows));
}

//===-- Numbers
//-----------------------------------------------------------------------------------------------------===//

/// A function of one number, or the primitive on tensors and sizes.
template <typename Op> static Value dual(Call &call, double (*onNumber)(double), bool (*inDomain)(double)) {
  const Value &value = call[0];
  if (value.isNumber()) {
    double result = inDomain(value.asNumber()) ? onNumber(value.asNumber()) : NAN;
    if (!inDomain(value.asNumber()) || (std::isinf(result) && std::isfinite(value.asNumber())))
      return call.error("'" + call.name + "' of " + toRepr(value) + " is not a finite number");
    return Value::number(result);
  }
  mlir::Value tensor = call.tensor(0);
  if (!tensor)
    return Value();
  if (!isFloat(dtypeOf(tensor)))
    tensor = call.emitter().cast(tensor, value.isTensor() ? call.evaluator.session.defaultFloat() : ElementKind::F64);
  return call.evaluator.wrap(call.emitter().unary<Op>(tensor), value);
}

static bool anywhere(double) { return true; }
static bool notNegative(double x) { return !(x < 0); }
static bool positive(double x) { return !(x <= 0); }
static bool aboveMinusOne(double x) { return !(x <= -1); }

static Value runSqrt(Call &call) { return dual<SqrtOp>(call, std::sqrt, notNegative); }
static Value runExp(Call &call) { return dual<ExpOp>(call, std::exp, anywhere); }
static Value runExpm1(Call &call) { return dual<Expm1Op>(call, std::expm1, anywhere); }
static Value runLog(Call &call) { return dual<LogOp>(call, std::log, positive); }
static Value runLog1p(Call &call) { return dual<Log1pOp>(call, std::log1p, aboveMinusOne); }
static Value runSin(Call &call) { return dual<SinOp>(call, std::sin, anywhere); }
static Value runCos(Call &call) { return dual<CosOp>(call, std::cos, anywhere); }
static Value runTanh(Call &call) { return dual<TanhOp>(call, std::tanh, anywhere); }
static Value runErf(Call &call) { return dual<ErfOp>(call, std::erf, anywhere); }

static Value integerFrom(Call &call, double rounded) {
  if (!(std::abs(rounded) < 9.2e18))
    return call.error(toRepr(call[0]) + " is not in the range of integers");
  return Value::integer(static_cast<int64_t>(rounded));
}

/// The primitive on floating tensors; integers stay.
static Value roundTensor(Call &call, llvm::function_ref<mlir::Value(Emitter &, mlir::Value)> round) {
  mlir::Value tensor = call.tensor(0);
  if (!tensor)
    return Value();
  return isFloat(dtypeOf(tensor)) ? call.evaluator.wrap(round(call.emitter(), tensor), call[0]) : call[0];
}

static mlir::Value emitFloor(Emitter &emitter, mlir::Value x) { return emitter.unary<FloorOp>(x); }
static mlir::Value emitCeil(Emitter &emitter, mlir::Value x) {
  return emitter.unary<NegOp>(emitter.unary<FloorOp>(emitter.unary<NegOp>(x)));
}
static mlir::Value emitTrunc(Emitter &emitter, mlir::Value x) {
  mlir::Value zero = emitter.full(getDims(x), dtypeOf(x), 0);
  return emitter.select(emitter.compare(Predicate::lt, x, zero), emitCeil(emitter, x), emitFloor(emitter, x));
}

static Value runFloor(Call &call) {
  if (call[0].isNumber())
    return call[0].isInteger() ? call[0] : integerFrom(call, std::floor(call[0].numberValue));
  return roundTensor(call, emitFloor);
}

static Value runCeil(Call &call) {
  if (call[0].isNumber())
    return call[0].isInteger() ? call[0] : integerFrom(call, std::ceil(call[0].numberValue));
  return roundTensor(call, emitCeil);
}

static Value runTrunc(Call &call) {
  if (call[0].isNumber())
    return call[0].isInteger() ? call[0] : integerFrom(call, std::trunc(call[0].numberValue));
  return roundTensor(call, emitTrunc);
}

static Value runRound(Call &call) {
  if (call[0].isNumber())
    return call[0].isInteger() ? call[0] : integerFrom(call, std::nearbyint(call[0].numberValue));
  return roundTensor(call, [](Emitter &emitter, mlir::Value x) { return emitter.unary<RoundOp>(x); });
}

static Value runAbs(Call &call) {
  const Value &value = call[0];
  if (value.kind == Value::Float)
    return Value::number(std::abs(value.numberValue));
  if (value.isInteger())
    return value.integerValue < 0 ? call.evaluator.negate(value, call.loc) : Value::integer(value.integerValue);
  mlir::Value tensor = call.tensor(0);
  if (tensor && dtypeOf(tensor) == ElementKind::Bool)
    return call.error("'abs' does not apply to bool tensors");
  return tensor ? call.evaluator.wrap(call.emitter().unary<AbsOp>(tensor), value) : Value();
}

static Value runInt(Call &call) {
  if (call[0].isInteger())
    return Value::integer(call[0].integerValue);
  if (call[0].kind == Value::Dim)
    return call[0];
  if (call[0].kind == Value::Float)
    return integerFrom(call, std::trunc(call[0].numberValue));
  return call.error("'int' needs a number, got " + describe(call[0]));
}

static Value runFloat(Call &call) {
  if (call[0].isNumber())
    return Value::number(call[0].asNumber());
  if (call[0].kind == Value::Dim || call[0].kind == Value::Scalar)
    return Value::scalar(call.evaluator.toTensor(call[0], ElementKind::F64, call.loc));
  return call.error("'float' needs a number, got " + describe(call[0]));
}

static const Builtin table[] = {
    {"len(list)", runLen, Builtin::Function},
    {"range(*bounds)", runRange, Builtin::Function},
    {"reversed(list)", runReversed, Builtin::Function},
    {"zip(*lists)", runZip, Builtin::Function},
    {"enumerate(list)", runEnumerate, Builtin::Function},
    {"int(x)", runInt, Builtin::Function},
    {"float(x)", runFloat, Builtin::Function},
    {"sqrt(input)", runSqrt},
    {"exp(input)", runExp},
    {"expm1(input)", runExpm1},
    {"log(input)", runLog},
    {"log1p(input)", runLog1p},
    {"sin(input)", runSin},
    {"cos(input)", runCos},
    {"tanh(input)", runTanh},
    {"erf(input)", runErf},
    {"floor(input)", runFloor},
    {"ceil(input)", runCeil},
    {"trunc(input)", runTrunc},
    {"round(input)", runRound},
    {"abs(input)", runAbs},
};

llvm::ArrayRef<Builtin> rune::scalarFunctions() { return table; }
