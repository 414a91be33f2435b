// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The expansions of expand-math, one function for each elementary function, and the builder they are written with.
// Every expansion serves f32 and f64, scalars and 1-D vectors, with the same arithmetic on each lane: no table in
// memory, no library call, no fast-math. Integers are always as wide as the floats, so a vector keeps its lanes and
// its registers, and rounding to an integer is an addition, so nothing can be out of range.

#ifndef RUNE_CODEGEN_EXPANDMATH_H
#define RUNE_CODEGEN_EXPANDMATH_H

#include "Codegen/MathBuilder.h"

namespace rune {

/// ln(2) in two parts; the first has 15 and 33 bits, so that its product with any exponent is exact.
inline constexpr FormatConstant ln2Hi = {0.693145751953125, 6.93147180369123816490e-01};
inline constexpr FormatConstant ln2Lo = {1.42860682e-06, 1.90821492927058770002e-10};

/// e^x = 2 halfScale (1 + r + curve), with |r| <= ln(2)/2; what expm1, tanh and erf are made from.
struct ReducedExp {
  mlir::Value halfScale; // a power of two, halved so that it is finite for every x
  mlir::Value r, curve;
};

/// x in [-745, 710] (f64) or [-104, 89] (f32), or NaN.
ReducedExp reduceExp(MathBuilder &b, mlir::Value x);
/// e^r scale^2, where scale is a power of two and |r| <= ln(2).
mlir::Value scaledExp(MathBuilder &b, mlir::Value r, mlir::Value scale);
mlir::Value scaledExp(MathBuilder &b, FloatPair r, mlir::Value scale);

/// A positive finite x as 2^exponent * (1 + fraction), with 1 + fraction in [sqrt(1/2), sqrt(2)).
struct Decomposed {
  mlir::Value exponent;   // a float
  mlir::Value biasedBits; // the exponent with the format's bias, an integer; meaningless where x is denormal
  mlir::Value fraction;
};
Decomposed decompose(MathBuilder &b, mlir::Value x, bool denormals);

/// |x| reduced to r in [-pi/4, pi/4], with the number of quadrants taken away in the low two bits of an integer.
struct Reduced {
  mlir::Value r, quadrant;
};
Reduced reduceQuadrant(MathBuilder &b, mlir::Value a);
Reduced reduceQuadrantHuge(MathBuilder &b, mlir::Value a);

mlir::Value expandExp(MathBuilder &b, mlir::Value x);
mlir::Value expandExp2(MathBuilder &b, mlir::Value x);
mlir::Value expandExpM1(MathBuilder &b, mlir::Value x);
mlir::Value expandTanh(MathBuilder &b, mlir::Value x);
mlir::Value expandErf(MathBuilder &b, mlir::Value x);
mlir::Value expandLog(MathBuilder &b, mlir::Value x);
mlir::Value expandLog2(MathBuilder &b, mlir::Value x);
mlir::Value expandLog1p(MathBuilder &b, mlir::Value x);
mlir::Value expandSin(MathBuilder &b, mlir::Value x);
mlir::Value expandCos(MathBuilder &b, mlir::Value x);
/// C's fmod.
mlir::Value expandRem(MathBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value expandPow(MathBuilder &b, mlir::Value x, mlir::Value y);

} // namespace rune

#endif // RUNE_CODEGEN_EXPANDMATH_H
