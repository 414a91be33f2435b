// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// pow: y log2|x| in pairs of floats, then 2 to that. log2(1 + f) = s (C0 + s^2 (C1 + ...)), Ci = 2 / (ln(2) (2i + 1)),
// s = f / (2 + f); the terms large enough to matter in the lower half of a pair are pairs, the others a polynomial.

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
// The terms from C2 (f32) or C3 (f64) on.
constexpr Coefficients log2Polynomial = {{0.577079356, 0.411921352, 0.336340904},
                                         {0.41219858311113755, 0.32059889796525637, 0.2623081923117254,
                                          0.22195268714066818, 0.19238607062526492, 0.16874415369032236,
                                          0.1705209777325032}};
constexpr FormatConstant log2Hi[] = {{2.885390043258667, 2.8853900817779268},
                                     {0.9617967009544373, 0.9617966939259756},
                                     {0.5770780444145203, 0.5770780163555853}};
constexpr FormatConstant log2Lo[] = {{3.851926067000022e-08, 4.0710547481862066e-17},
                                     {-7.028461812552678e-09, 5.0577616648125907e-17},
                                     {-2.805893473123433e-08, 5.2551030481378675e-17}};

/// f / (2 + f), where 1 + f is a float and 2 + f need not be.
FloatPair quotient(MathBuilder &b, Value f) {
  Value one = b.c(1);
  Value m = b.add(f, one);
  FloatPair divisor;
  divisor.hi = b.add(m, one);
  divisor.lo = b.sub(m, b.sub(divisor.hi, one));
  Value reciprocal = b.div(one, divisor.hi);
  Value hi = b.mul(f, reciprocal);
  FloatPair back = b.productOf(hi, divisor.hi);
  Value rest = b.sub(b.sub(b.sub(f, back.hi), back.lo), b.mul(hi, divisor.lo));
  return {hi, b.mul(rest, reciprocal)};
}

FloatPair productOf(MathBuilder &b, FloatPair p, FloatPair q) {
  FloatPair product = b.productOf(p.hi, q.hi);
  Value cross = b.fma(p.hi, q.lo, b.fma(p.lo, q.hi, product.lo));
  return b.orderedSumOf(product.hi, cross);
}

/// log2(x) for positive finite x, to a relative 2^-36 (f32) or 2^-68 (f64).
FloatPair log2Pair(MathBuilder &b, Value x) {
  Decomposed d = decompose(b, x, /*denormals=*/true);
  FloatPair s = quotient(b, d.fraction);
  FloatPair square = productOf(b, s, s);
  Value tail = b.polynomial(square.hi, log2Polynomial);
  FloatPair series = {tail, b.c(0)};
  for (int i = b.isDouble() ? 2 : 1; i >= 0; --i) {
    FloatPair next = productOf(b, square, series);
    series = b.orderedSumOf(b.c(log2Hi[i]), next.hi);
    series.lo = b.add(series.lo, b.add(next.lo, b.c(log2Lo[i])));
  }
  FloatPair fractionLog = productOf(b, s, series);
  FloatPair sum = b.orderedSumOf(d.exponent, fractionLog.hi);
  return {sum.hi, b.add(sum.lo, fractionLog.lo)};
}

/// 2^(p.hi + p.lo).
Value exp2Pair(MathBuilder &b, FloatPair p) {
  Value bound = b.c({160, 1100});
  Value inRange = b.less(b.abs(p.hi), bound);
  Value lo = b.select(inRange, p.lo, b.c(0));
  Value hi = b.atMost(b.atLeast(p.hi, b.neg(bound)), bound);
  Value shifter = b.c(b.roundingShift() + b.bias());
  // An odd integer leaves 1 and not -1, for the power of which the sum below would be rounded more coarsely.
  Value shifted = b.fma(b.sub(hi, b.c(0x1p-10)), b.c(0.5), shifter);
  Value half = b.sub(shifted, shifter);
  // lo is worth a bit of hi, which is many of the rest.
  FloatPair rest = b.orderedSumOf(b.sub(hi, b.add(half, half)), lo);
  Value ln2 = b.c(0.6931471805599453);
  FloatPair exponent = b.productOf(rest.hi, ln2);
  exponent.lo = b.fma(rest.hi, b.c({-1.90465421e-09, 2.3190468138462996e-17}), exponent.lo);
  exponent.lo = b.fma(rest.lo, ln2, exponent.lo);
  return scaledExp(b, exponent, b.exponentFromLowBits(shifted));
}
} // namespace

// Special cases as in C's Annex F: |x| of 0, infinity or NaN only needs the right logarithm.
Value expandPow(MathBuilder &b, Value x, Value y) {
  Value zero = b.c(0), one = b.c(1), infinity = b.c(INFINITY);
  Value a = b.abs(x);
  FloatPair log = log2Pair(b, a);
  log.hi = b.select(b.equal(a, zero), b.c(-INFINITY), b.select(b.less(a, infinity), log.hi, a));

  // Past this |y| the result is 0, 1 or infinity for every x, and the products below stay finite.
  Value limit = b.c({0x1p33, 0x1p65});
  Value clamped = b.atMost(b.atLeast(y, b.neg(limit)), limit);
  FloatPair product = b.productOf(clamped, log.hi);
  product.lo = b.fma(clamped, log.lo, product.lo);
  Value result = exp2Pair(b, product);

  Value halfY = b.mul(y, b.c(0.5));
  Value isInteger = b.equal(b.roundeven(y), y);
  Value isEven = b.equal(b.roundeven(halfY), halfY);
  // An odd y hands on the sign of x, -0 included; y that is no integer makes a negative x NaN.
  Value sign = b.select(isEven, b.i(0), b.select(isInteger, b.signOf(x), b.i(0)));
  result = b.fromBits(b.ixor(b.bits(result), sign));
  Value ofNegative = b.select(isInteger, result, b.c(NAN));
  ofNegative = b.select(b.less(a, infinity), ofNegative, result);
  result = b.select(b.less(x, zero), ofNegative, result);
  result = b.select(b.equal(y, zero), one, result);
  return b.select(b.equal(x, one), one, result);
}

} // namespace rune
