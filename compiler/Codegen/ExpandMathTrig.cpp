// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// sin and cos: quadrants of |x| taken away, then a polynomial for the sine and one for the cosine of the rest.

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
// (sin(r)/r - 1) / r^2 in r^2.
constexpr Coefficients sinPolynomial = {{-0.166666552, 0.00833218638, -0.000195176894},
                                        {-0.1666666666666663, 0.00833333333332184, -0.00019841269829363385,
                                         2.755731354262375e-06, -2.5050735422954066e-08, 1.5895514056249116e-10}};
// cos(r) in r^2.
constexpr Coefficients cosPolynomial = {{1, -0.5, 0.0416666456, -0.00138873083, 2.44321018e-05},
                                        {1, -0.5, 0.04166666666666659, -0.0013888888888866362, 2.48015872824455e-05,
                                         -2.7557311918379727e-07, 2.087535703225831e-09, -1.1339488226849287e-11}};

/// The sine of r after that many quadrants, its sign flipped where the sign bit of `flip` is set.
Value sineAfter(MathBuilder &b, Value r, Value quadrant, Value flip) {
  Value z = b.mul(r, r);
  Value sine = b.fma(b.polynomial(z, sinPolynomial), b.mul(z, r), r);
  Value cosine = b.polynomial(z, cosPolynomial);
  Value isEven = b.iequal(b.iand(quadrant, b.i(1)), b.i(0));
  Value result = b.select(isEven, sine, cosine);
  Value sign = b.shl(b.iand(quadrant, b.i(2)), b.wordBits() - 2);
  return b.fromBits(b.ixor(b.bits(result), b.ixor(sign, flip)));
}
} // namespace

Value expandSin(MathBuilder &b, Value x) {
  auto [r, quadrant] = reduceQuadrant(b, b.abs(x));
  return sineAfter(b, r, quadrant, b.signOf(x));
}

Value expandCos(MathBuilder &b, Value x) {
  auto [r, quadrant] = reduceQuadrant(b, b.abs(x));
  return sineAfter(b, r, b.iadd(quadrant, b.i(1)), b.i(0));
}

} // namespace rune
