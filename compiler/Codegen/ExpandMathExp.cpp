// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// exp, exp2, expm1, tanh. Cody and Waite's reduction, a minimax polynomial (Remez, relative error), a scaling by
// exponent bits.

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
constexpr double log2E = 1.4426950408889634;

// (e^r - 1 - r) / r^2 on [-ln(2), ln(2)], error relative to e^r.
constexpr Coefficients expPolynomial = {
    {0.500000536, 0.166666523, 0.0416596942, 0.00833316892, 0.00141313416, 0.000200927811},
    {0.5, 0.16666666666666638, 0.04166666666666643, 0.008333333333341814, 0.0013888888888950032, 0.0001984126983233475,
     2.4801587247498742e-05, 2.7557323714646246e-06, 2.755734092219649e-07, 2.5050942477358906e-08,
     2.087263872026282e-09, 1.6209771436165174e-10, 1.1793010871859429e-11}};

// (e^r - 1 - r) / r^2 on [-ln(2)/2, ln(2)/2], error relative to e^r - 1.
constexpr Coefficients expm1Polynomial = {
    {0.5, 0.166666657, 0.0416664667, 0.00833364297, 0.00139351073, 0.000196645255},
    {0.5000000000000001, 0.16666666666666674, 0.041666666666654854, 0.008333333333321346, 0.0013888888892227996,
     0.00019841269891745605, 2.4801583997081137e-05, 2.75572346579335e-06, 2.7558104465831434e-07,
     2.5113417348311014e-08, 2.1128150732228056e-09}};

// (tanh(x)/x - 1) / x^2 in x^2 on [0, 0.55].
constexpr Coefficients tanhPolynomial = {{-0.333333194, 0.133326337, -0.0538563877, 0.0210860725, -0.00629221555},
                                         {-0.33333333333333315, 0.13333333333328595, -0.05396825396466055,
                                          0.02186948840731893, -0.008863232907628514, 0.0035920948123464537,
                                          -0.0014555593350208933, 0.0005885079433633798, -0.0002335342495354543,
                                          8.352494987885558e-05, -1.961796432547118e-05}};
} // namespace

ReducedExp reduceExp(MathBuilder &b, Value x) {
  // Added to a small number this rounds it to an integer, and leaves integer + bias - 1 in the low bits.
  Value shifter = b.c(b.roundingShift() + b.bias() - 1);
  Value shifted = b.fma(x, b.c(log2E), shifter);
  Value power = b.sub(shifted, shifter);
  Value r = b.fma(power, b.c(ln2Lo.negated()), b.fma(power, b.c(ln2Hi.negated()), x));
  return {b.exponentFromLowBits(shifted), r, b.mul(b.polynomial(r, expm1Polynomial), b.mul(r, r))};
}

// Two multiplications by 2^half reach every exponent: the first is exact, the second rounds a denormal or overflows.
Value scaledExp(MathBuilder &b, Value r, Value scale) {
  Value q = b.polynomial(r, expPolynomial), one = b.c(1);
  // Two roundings in each step of Horner's rule would be felt in the last two.
  Value power = b.isFused() ? b.fma(b.fma(q, r, one), r, one) : b.add(b.fma(q, b.mul(r, r), r), one);
  return b.mul(b.mul(power, scale), scale);
}

// e^lo is 1 + lo, and (1 + hi) stands for e^hi before it.
Value scaledExp(MathBuilder &b, FloatPair r, Value scale) {
  Value curve = b.mul(b.polynomial(r.hi, expPolynomial), b.mul(r.hi, r.hi));
  Value small = b.add(curve, b.fma(r.lo, r.hi, r.lo));
  Value power = b.add(b.add(small, r.hi), b.c(1));
  return b.mul(b.mul(power, scale), scale);
}

Value expandExp(MathBuilder &b, Value x) {
  // What is 0, as behind every mask of an attention, must not get there by an underflow: processors trap into
  // microcode.
  Value vanishes = b.less(x, b.c({-104, -746}));
  x = b.atMost(b.select(vanishes, b.c(0), x), b.c({89, 710}));
  Value shifter = b.c(b.roundingShift() + b.bias());
  Value shifted = b.fma(x, b.c(log2E / 2), shifter);
  Value half = b.sub(shifted, shifter);
  Value r = b.fma(half, b.c(ln2Hi.scaled(-2)), x);
  r = b.fma(half, b.c(ln2Lo.scaled(-2)), r);
  return scaledExp(b, r, b.select(vanishes, b.c(0), b.exponentFromLowBits(shifted)));
}

Value expandExp2(MathBuilder &b, Value x) {
  x = b.atMost(b.atLeast(x, b.c({-151, -1076})), b.c({128, 1024}));
  Value shifter = b.c(b.roundingShift() + b.bias());
  Value shifted = b.fma(x, b.c(0.5), shifter);
  Value half = b.sub(shifted, shifter);
  Value r = b.mul(b.sub(x, b.add(half, half)), b.c(0.6931471805599453));
  return scaledExp(b, r, b.exponentFromLowBits(shifted));
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), all halved so that 2^128 (2^1024) need not be met.
Value expandExpM1(MathBuilder &b, Value x) {
  auto [scale, r, curve] = reduceExp(b, b.atMost(b.atLeast(x, b.c({-18, -38})), b.c({89, 710})));
  Value half = b.fma(scale, curve, b.fma(scale, r, b.sub(scale, b.c(0.5))));
  // Keeps -0, and the last bit of a denormal, which halving would lose.
  Value tiny = b.less(b.abs(x), b.c({0x1p-25, 0x1p-54}));
  return b.select(tiny, x, b.add(half, half));
}

// Where tanh(x) is below 1/2 a polynomial, else 1 - 2 / (e^2x + 1); past the clamp that is 1.
Value expandTanh(MathBuilder &b, Value x) {
  Value a = b.abs(x);
  Value z = b.mul(a, a);
  Value small = b.fma(b.polynomial(z, tanhPolynomial), b.mul(z, a), a);
  auto [scale, r, curve] = reduceExp(b, b.atMost(b.add(a, a), b.c({20, 40})));
  Value divisor = b.fma(scale, b.add(r, curve), b.add(scale, b.c(0.5)));
  Value large = b.sub(b.c(1), b.div(b.c(1), divisor));
  return b.withSignOf(b.select(b.less(a, b.c(0.55)), small, large), x);
}

} // namespace rune
