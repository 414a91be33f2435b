// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// log, log2, log1p: the argument as 2^k (1 + f), a minimax polynomial for log(1 + f) (f32) or fdlibm's form of it, with
// one division and half the terms (f64).

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
// f32: (log(1 + f) - f + f^2/2) / f^3; f64: (2 atanh(s) / s - 2) / s^2 in s^2, where s = f / (2 + f).
constexpr Coefficients logPolynomial = {{0.333333135, -0.250001669, 0.200022236, -0.166593626, 0.14209561, -0.125498191,
                                         0.121097371, -0.109116539, 0.053233292},
                                        {0.6666666666666666, 0.40000000000004954, 0.28571428569396, 0.2222222260978235,
                                         0.18181778100278875, 0.15387000966582146, 0.1325185838180395,
                                         0.13237529757064379}};

/// log(1 + f) + k ln(2), the small part first.
Value logOf(MathBuilder &b, Value f, Value k) {
  if (b.isDouble()) {
    Value s = b.div(f, b.add(f, b.c(2)));
    Value z = b.mul(s, s);
    Value square = b.mul(b.mul(f, b.c(0.5)), f);
    Value series = b.mul(z, b.polynomial(z, logPolynomial));
    Value small = b.fma(s, b.add(square, series), b.mul(k, b.c(ln2Lo)));
    return b.fma(k, b.c(ln2Hi), b.add(f, b.sub(small, square)));
  }
  Value z = b.mul(f, f);
  Value small = b.mul(b.mul(b.polynomial(f, logPolynomial), f), z);
  small = b.fma(k, b.c(ln2Lo), small);
  return b.fma(k, b.c(ln2Hi), b.add(f, b.fma(z, b.c(-0.5), small)));
}

/// result, or the value at 0, below 0, at infinity and at NaN.
Value withLogSpecials(MathBuilder &b, Value x, Value result) {
  Value zero = b.c(0);
  Value below = b.select(b.equal(x, zero), b.c(-INFINITY), b.c(NAN));
  result = b.select(b.less(zero, x), result, below);
  return b.select(b.less(x, b.c(INFINITY)), result, x);
}
} // namespace

Decomposed decompose(MathBuilder &b, Value x, bool denormals) {
  unsigned mantissa = b.mantissaBits();
  Value offset = b.c(b.implicitBit() + b.bias());
  if (denormals) {
    Value isDenormal = b.less(x, b.c({0x1p-126, 0x1p-1022}));
    x = b.select(isDenormal, b.mul(x, b.c(b.implicitBit())), x);
    offset = b.select(isDenormal, b.c(b.implicitBit() + b.bias() + mantissa), offset);
  }
  int64_t sqrtHalf = b.isDouble() ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  Value shifted = b.iadd(b.bits(x), b.i((int64_t(b.bias()) << mantissa) - sqrtHalf));
  Value biased = b.shr(shifted, mantissa);
  Value m = b.iadd(b.iand(shifted, b.i((int64_t(1) << mantissa) - 1)), b.i(sqrtHalf));
  return {b.sub(b.smallIntToFloatBits(biased), offset), biased, b.sub(b.fromBits(m), b.c(1))};
}

Value expandLog(MathBuilder &b, Value x) {
  Decomposed d = decompose(b, x, /*denormals=*/true);
  return withLogSpecials(b, x, logOf(b, d.fraction, d.exponent));
}

Value expandLog2(MathBuilder &b, Value x) {
  Decomposed d = decompose(b, x, /*denormals=*/true);
  Value l = logOf(b, d.fraction, b.c(0));
  Value rest = b.fma(l, b.c({1.92596303e-08, 2.0355273740931033e-17}), d.exponent);
  return withLogSpecials(b, x, b.fma(l, b.c({1.44269502, 1.4426950408889634}), rest));
}

// With 1 + x = 2^k (1 + f), f = 2^-k x + (2^-k - 1) is rounded once, though 1 + x is rounded. The factor is 4 2^-k,
// which is normal for every k.
Value expandLog1p(MathBuilder &b, Value x) {
  Value onePlus = b.add(x, b.c(1));
  Decomposed d = decompose(b, onePlus, /*denormals=*/false);
  Value scale = b.fromBits(b.shl(b.isub(b.i(2 * b.bias() + 2), d.biasedBits), b.mantissaBits()));
  Value f = b.mul(b.fma(x, scale, b.sub(scale, b.c(4))), b.c(0.25));
  Value result = withLogSpecials(b, onePlus, logOf(b, f, d.exponent));
  return b.copysign(result, x); // keeps -0
}

} // namespace rune
