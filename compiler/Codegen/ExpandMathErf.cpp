// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// erf: a polynomial below 1, and above it 1 - e^p(x) with p a polynomial for log(erfc(x)).

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
// erf(x)/x - 1 in x^2 on [0, 1].
constexpr Coefficients smallPolynomial = {
    {0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.00079978531, 7.80690461e-05},
    {0.1283791670955126, -0.376126389031841, 0.11283791670971098, -0.026866170648031137, 0.005223977652692431,
     -0.0008548328535783552, 0.00012055386192491565, -1.4926881434817232e-05, 1.648105829288839e-06,
     -1.6557122657318528e-07, 1.6013179371953144e-08, -1.646455417167874e-09, 1.4343257401283352e-10}};

// log(erfc(2 + u)), weighted by erfc, on [-1, 1.93] (f32) and [-1, 3.94] (f64).
constexpr Coefficients largePolynomial = {
    {-5.36494112, -4.41814423, -0.9236871, -0.0164557137, 0.00335233659, -0.00100682396, 6.35523102e-05},
    {-5.364941264616636, -4.418160805994417, -0.9237508418239683, -0.01646511813730166, 0.0035707563483895074,
     -0.000732399378239201, 0.0001353093270576273, -2.070647155464796e-05, 1.952197168299484e-06,
     2.0373190621408635e-07, -1.7318626133357425e-07, 5.768984994840269e-08, -1.397829001349454e-08,
     2.6127697495810895e-09, -2.622091995296274e-10, -7.171555624016767e-11, 3.771022390050818e-11,
     -5.088540622420598e-12}};
} // namespace

Value expandErf(MathBuilder &b, Value x) {
  Value a = b.abs(x);
  Value small = b.fma(b.polynomial(b.mul(a, a), smallPolynomial), a, a);
  Value u = b.sub(b.atMost(a, b.c({3.93, 5.94})), b.c(2));
  auto [scale, r, curve] = reduceExp(b, b.polynomial(u, largePolynomial));
  Value large = b.fma(b.fma(scale, b.add(r, curve), scale), b.c(-2), b.c(1));
  return b.withSignOf(b.select(b.less(a, b.c(1)), small, large), x);
}

} // namespace rune
