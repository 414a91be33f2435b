// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each elementwise primitive does to one element.

#include "Interpreter/Interpreter.h"

#include <cmath>
#include <functional>

using namespace mlir;
using namespace rune;
using namespace rune::interpreter;

namespace {

using Function = std::function<Scalar(ArrayRef<Scalar>)>;

Function real1(double (*f)(double)) {
  return [f](ArrayRef<Scalar> x) { return real(f(x[0].real)); };
}

Function real2(double (*f)(double, double)) {
  return [f](ArrayRef<Scalar> x) { return real(f(x[0].real, x[1].real)); };
}

/// Integers are computed without a sign, so that they wrap.
Function integer1(uint64_t (*f)(uint64_t)) {
  return [f](ArrayRef<Scalar> x) { return integer(f(x[0].integer)); };
}

Function integer2(uint64_t (*f)(uint64_t, uint64_t)) {
  return [f](ArrayRef<Scalar> x) { return integer(f(x[0].integer, x[1].integer)); };
}

/// The sign of the divisor, as Python's %.
double remainder(double x, double y) {
  double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

double larger(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : x > y ? x : y; }

/// Where C leaves integer division undefined, the divisor counts as 1.
uint64_t safeDivisor(uint64_t x, uint64_t y) {
  bool overflows = static_cast<int64_t>(x) == INT64_MIN && static_cast<int64_t>(y) == -1;
  return y == 0 || overflows ? 1 : y;
}

uint64_t integerRemainder(uint64_t x, uint64_t y) {
  int64_t divisor = safeDivisor(x, y), rest = static_cast<int64_t>(x) % divisor;
  return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest;
}

uint64_t integerQuotient(uint64_t x, uint64_t y) {
  return static_cast<int64_t>(x - integerRemainder(x, y)) / static_cast<int64_t>(safeDivisor(x, y));
}

template <typename T> bool holds(Predicate predicate, T x, T y) {
  switch (predicate) {
  case Predicate::eq:
    return x == y;
  case Predicate::ne:
    return x != y;
  case Predicate::lt:
    return x < y;
  case Predicate::le:
    return x <= y;
  case Predicate::gt:
    return x > y;
  case Predicate::ge:
    return x >= y;
  }
  llvm_unreachable("a predicate");
}

/// Towards zero; NaN becomes 0, and what is out of range the nearest number that the float's dtype has there.
int64_t toInteger(double x, DType from) {
  double high = from == DType::F32 ? 0x1.fffffep62 : 0x1.fffffffffffffp62;
  return std::isnan(x) ? 0 : static_cast<int64_t>(std::min(std::max(x, -0x1p63), high));
}

Function cast(DType from, DType to) {
  return [=](ArrayRef<Scalar> x) {
    if (isReal(from))
      return isReal(to) ? x[0] : integer(to == DType::Bool ? x[0].real != 0 : toInteger(x[0].real, from));
    if (to == DType::F32) // rounded once
      return real(static_cast<float>(x[0].integer));
    if (to == DType::F64)
      return real(static_cast<double>(x[0].integer));
    return integer(to == DType::Bool ? x[0].integer != 0 : x[0].integer);
  };
}

Function compare(Predicate predicate, bool reals) {
  return [=](ArrayRef<Scalar> x) {
    return integer(reals ? holds(predicate, x[0].real, x[1].real) : holds(predicate, x[0].integer, x[1].integer));
  };
}

Function realFunction(Operation *op) {
  return TypeSwitch<Operation *, Function>(op)
      .Case([](NegOp) { return real1([](double x) { return -x; }); })
      .Case([](AbsOp) { return real1([](double x) { return std::fabs(x); }); })
      .Case([](FloorOp) { return real1([](double x) { return std::floor(x); }); })
      .Case([](RoundOp) { return real1([](double x) { return std::nearbyint(x); }); })
      .Case([](SqrtOp) { return real1([](double x) { return std::sqrt(x); }); })
      .Case([](ExpOp) { return real1([](double x) { return std::exp(x); }); })
      .Case([](Expm1Op) { return real1([](double x) { return std::expm1(x); }); })
      .Case([](LogOp) { return real1([](double x) { return std::log(x); }); })
      .Case([](Log1pOp) { return real1([](double x) { return std::log1p(x); }); })
      .Case([](SinOp) { return real1([](double x) { return std::sin(x); }); })
      .Case([](CosOp) { return real1([](double x) { return std::cos(x); }); })
      .Case([](TanhOp) { return real1([](double x) { return std::tanh(x); }); })
      .Case([](ErfOp) { return real1([](double x) { return std::erf(x); }); })
      .Case([](AddOp) { return real2([](double x, double y) { return x + y; }); })
      .Case([](SubOp) { return real2([](double x, double y) { return x - y; }); })
      .Case([](MulOp) { return real2([](double x, double y) { return x * y; }); })
      .Case([](DivOp) { return real2([](double x, double y) { return x / y; }); })
      .Case([](RemOp) { return real2(remainder); })
      .Case([](PowOp) { return real2([](double x, double y) { return std::pow(x, y); }); })
      .Case([](MaxOp) { return real2(larger); })
      .Default([](Operation *) { return Function(); });
}

Function integerFunction(Operation *op) {
  return TypeSwitch<Operation *, Function>(op)
      .Case([](NegOp) { return integer1([](uint64_t x) { return -x; }); })
      .Case([](AbsOp) { return integer1([](uint64_t x) { return static_cast<int64_t>(x) < 0 ? -x : x; }); })
      .Case([](AddOp) { return integer2([](uint64_t x, uint64_t y) { return x + y; }); })
      .Case([](SubOp) { return integer2([](uint64_t x, uint64_t y) { return x - y; }); })
      .Case([](MulOp) { return integer2([](uint64_t x, uint64_t y) { return x * y; }); })
      .Case([](DivOp) { return integer2(integerQuotient); })
      .Case([](RemOp) { return integer2(integerRemainder); })
      .Case([](MaxOp) {
        return integer2(
            [](uint64_t x, uint64_t y) { return static_cast<int64_t>(x) > static_cast<int64_t>(y) ? x : y; });
      })
      .Default([](Operation *) { return Function(); });
}

Function functionOf(Operation *op, DType operand, DType result) {
  if (auto comparison = dyn_cast<CompareOp>(op))
    return compare(comparison.getPredicate(), isReal(operand));
  if (isa<SelectOp>(op))
    return [](ArrayRef<Scalar> x) { return x[0].integer ? x[1] : x[2]; };
  if (isa<CastOp>(op))
    return cast(operand, result);
  if (isa<DetachOp>(op))
    return [](ArrayRef<Scalar> x) { return x[0]; };
  return isReal(operand) ? realFunction(op) : integerFunction(op);
}

} // namespace

std::optional<Tensor> rune::interpreter::evaluateElementwise(Operation *op, ArrayRef<const Tensor *> operands) {
  if (!op->hasTrait<Elementwise>())
    return std::nullopt;
  DType dtype = dtypeOf(llvm::cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  Function function = functionOf(op, operands[0]->dtype, dtype);
  if (!function)
    return std::nullopt;
  Tensor result = Tensor::make(dtype, operands[0]->shape);
  for (size_t i = 0; i < result.elements.size(); ++i) {
    SmallVector<Scalar, 3> x;
    for (const Tensor *operand : operands)
      x.push_back(operand->elements[i]);
    result.elements[i] = roundTo(dtype, function(x));
  }
  return result;
}
