// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise functions of several operands, and conversions.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

static bool isPlainNumber(const Value &value) { return value.isNumber() || value.kind == Value::Dim; }

/// Operands of one dtype and shape; none after an error.
static std::optional<llvm::SmallVector<mlir::Value>> unified(Call &call, llvm::ArrayRef<Value> operands) {
  ElementKind type = call.evaluator.promote(operands);
  llvm::SmallVector<mlir::Value> tensors = call.evaluator.unify(operands, type, call.loc, call.name);
  if (tensors.empty())
    return std::nullopt;
  return tensors;
}

static mlir::Value emitMin(Emitter &emitter, mlir::Value lhs, mlir::Value rhs) {
  if (dtypeOf(lhs) == ElementKind::Bool)
    return emitter.binary<MulOp>(lhs, rhs);
  return emitter.unary<NegOp>(emitter.binary<MaxOp>(emitter.unary<NegOp>(lhs), emitter.unary<NegOp>(rhs)));
}

static Value extreme(Call &call, const Value &lhs, const Value &rhs, bool larger) {
  if (lhs.isNumber() && rhs.isNumber())
    return (larger ? lhs.asNumber() >= rhs.asNumber() : lhs.asNumber() <= rhs.asNumber()) ? lhs : rhs;
  Value operands[] = {lhs, rhs};
  auto tensors = unified(call, operands);
  if (!tensors)
    return Value();
  mlir::Value result = larger ? call.emitter().binary<MaxOp>((*tensors)[0], (*tensors)[1])
                              : emitMin(call.emitter(), (*tensors)[0], (*tensors)[1]);
  return call.evaluator.wrap(result, operands);
}

static Value runMaximum(Call &call) { return extreme(call, call[0], call[1], true); }
static Value runMinimum(Call &call) { return extreme(call, call[0], call[1], false); }

static Value runWhere(Call &call) {
  const Value &condition = call[0];
  if (condition.kind == Value::Bool)
    return condition.asBool() ? call[1] : call[2];
  mlir::Value mask = call.tensor(0);
  if (!mask)
    return Value();
  if (dtypeOf(mask) != ElementKind::Bool)
    return call.errorAt(0, "the condition of 'where' is a bool tensor, not " + dtypeName(dtypeOf(mask)));
  Value branches[] = {call[1], call[2]};
  ElementKind type = call.evaluator.promote(branches);
  Value all[] = {condition, call[1], call[2]};
  std::optional<Dims> dims = call.evaluator.broadcastShapes(all, call.loc, "where");
  if (!dims)
    return Value();
  mlir::Value lhs = call.evaluator.toTensor(call[1], type, call.locs[1]);
  mlir::Value rhs = call.evaluator.toTensor(call[2], type, call.locs[2]);
  if (!lhs || !rhs)
    return Value();
  Emitter &emitter = call.emitter();
  return call.evaluator.wrap(
      emitter.select(emitter.broadcast(mask, *dims), emitter.broadcast(lhs, *dims), emitter.broadcast(rhs, *dims)),
      all);
}

/// A number where the tensor reaches it: no gradient there, while tensors share it. NaN stays.
static Value bound(Call &call, const Value &value, const Value &limit, bool below) {
  if (!value.isTensor() || limit.isTensor() || !isFloat(dtypeOf(value.ir)))
    return extreme(call, value, limit, below);
  Value operands[] = {value, limit};
  auto tensors = unified(call, operands);
  if (!tensors)
    return Value();
  auto [x, y] = std::pair((*tensors)[0], (*tensors)[1]);
  Emitter &emitter = call.emitter();
  return Value::tensor(emitter.select(emitter.compare(below ? Predicate::le : Predicate::ge, x, y), y, x));
}

static Value runClamp(Call &call) {
  if (!call.given(1) && !call.given(2))
    return call.error("'clamp' needs 'min' or 'max'");
  Value value = call[0];
  if (call.given(1))
    value = bound(call, value, call[1], true);
  if (call.given(2) && !value.isError())
    value = bound(call, value, call[2], false);
  return value;
}

static Value operate(Call &call, llvm::StringRef op) { return call.evaluator.binary(op, call[0], call[1], call.loc); }
static Value runAdd(Call &call) { return operate(call, "+"); }
static Value runSub(Call &call) { return operate(call, "-"); }
static Value runMul(Call &call) { return operate(call, "*"); }
static Value runDiv(Call &call) { return operate(call, "/"); }
static Value runFloorDivide(Call &call) { return operate(call, "//"); }
static Value runRemainder(Call &call) { return operate(call, "%"); }
static Value runPow(Call &call) { return operate(call, "**"); }
static Value runNeg(Call &call) { return call.evaluator.negate(call[0], call.loc); }

static Value relate(Call &call, llvm::StringRef op) { return call.evaluator.compare(op, call[0], call[1], call.loc); }
static Value runEq(Call &call) { return relate(call, "=="); }
static Value runNe(Call &call) { return relate(call, "!="); }
static Value runLt(Call &call) { return relate(call, "<"); }
static Value runLe(Call &call) { return relate(call, "<="); }
static Value runGt(Call &call) { return relate(call, ">"); }
static Value runGe(Call &call) { return relate(call, ">="); }

static Value asBool(Call &call, size_t i) {
  mlir::Value tensor = call.tensor(i);
  return tensor ? Value::tensor(call.emitter().cast(tensor, ElementKind::Bool)) : Value();
}
static Value runLogicalAnd(Call &call) {
  return call.evaluator.binary("&", asBool(call, 0), asBool(call, 1), call.loc);
}
static Value runLogicalOr(Call &call) { return call.evaluator.binary("|", asBool(call, 0), asBool(call, 1), call.loc); }
static Value runLogicalNot(Call &call) { return call.evaluator.logicalNot(asBool(call, 0), call.loc); }

static Value runRsqrt(Call &call) {
  mlir::Value tensor = call.tensor(0);
  if (!tensor)
    return Value();
  Emitter &emitter = call.emitter();
  if (!isFloat(dtypeOf(tensor)))
    tensor = emitter.cast(tensor, emitter.defaultFloat);
  mlir::Value one = emitter.full(getDims(tensor), dtypeOf(tensor), 1);
  return call.evaluator.wrap(emitter.binary<DivOp>(one, emitter.unary<SqrtOp>(tensor)), call[0]);
}

//===-- Conversions
//-------------------------------------------------------------------------------------------------===//

static Value convert(Call &call, ElementKind type) {
  mlir::Value tensor = call.tensor(0);
  return tensor ? Value::tensor(call.emitter().cast(tensor, type)) : Value();
}

static Value runTo(Call &call) {
  if (call[1].isRuntime())
    return convert(call, dtypeOf(call[1].ir));
  std::optional<ElementKind> type = call.dtype(1);
  return type ? convert(call, *type) : Value();
}
static Value runFloat(Call &call) { return convert(call, call.emitter().defaultFloat); }
static Value runDouble(Call &call) { return convert(call, ElementKind::F64); }
static Value runLong(Call &call) { return convert(call, ElementKind::I64); }
static Value runBool(Call &call) { return convert(call, ElementKind::Bool); }
static Value runTypeAs(Call &call) {
  mlir::Value other = call.tensor(1);
  return other ? convert(call, dtypeOf(other)) : Value();
}

static Value runDetach(Call &call) {
  mlir::Value tensor = call.tensor(0);
  return tensor ? call.evaluator.wrap(call.emitter().unary<DetachOp>(tensor), call[0]) : Value();
}

static Value runItself(Call &call) {
  mlir::Value tensor = call.tensor(0);
  return tensor ? Value::tensor(tensor) : Value();
}

static Value runIsFloatingPoint(Call &call) {
  if (isPlainNumber(call[0]))
    return Value::boolean(call[0].kind == Value::Float);
  mlir::Value tensor = call.tensor(0);
  return tensor ? Value::boolean(isFloat(dtypeOf(tensor))) : Value();
}

static const Builtin table[] = {
    {"maximum(input, other)", runMaximum},
    {"minimum(input, other)", runMinimum},
    {"where(condition, input, other)", runWhere, Builtin::Function},
    {"clamp(input, min=none, max=none)", runClamp},
    {"clip(input, min=none, max=none)", runClamp},
    {"add(input, other)", runAdd},
    {"sub(input, other)", runSub},
    {"mul(input, other)", runMul},
    {"div(input, other)", runDiv},
    {"floor_divide(input, other)", runFloorDivide},
    {"remainder(input, other)", runRemainder},
    {"pow(input, exponent)", runPow},
    {"neg(input)", runNeg},
    {"negative(input)", runNeg},
    {"eq(input, other)", runEq},
    {"ne(input, other)", runNe},
    {"lt(input, other)", runLt},
    {"le(input, other)", runLe},
    {"gt(input, other)", runGt},
    {"ge(input, other)", runGe},
    {"logical_and(input, other)", runLogicalAnd},
    {"logical_or(input, other)", runLogicalOr},
    {"logical_not(input)", runLogicalNot},
    {"rsqrt(input)", runRsqrt},
    {"to(input, dtype)", runTo, Builtin::Method},
    {"float(input)", runFloat, Builtin::Method},
    {"double(input)", runDouble, Builtin::Method},
    {"long(input)", runLong, Builtin::Method},
    {"bool(input)", runBool, Builtin::Method},
    {"type_as(input, other)", runTypeAs, Builtin::Method},
    {"detach(input)", runDetach},
    {"contiguous(input)", runItself, Builtin::Method},
    {"clone(input)", runItself},
    {"is_floating_point(input)", runIsFloatingPoint},
};

llvm::ArrayRef<Builtin> rune::elementwiseFunctions() { return table; }
