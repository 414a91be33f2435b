// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The remainder of a division, exact: multiples of the divisor times ever smaller powers of two are taken away, so that
// each quotient is a short integer and nothing is rounded.

#include "Codegen/ExpandMath.h"

#include <limits>

using namespace mlir;

namespace rune {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// How far the quotient shrinks in a step, as the third part of its exponent: with FMA its product with the divisor
/// may need twice the bits, without it one half of the divisor's bits must leave room for the quotient's.
int thirdOfStep(MathBuilder &b) { return b.isFused() ? (b.isDouble() ? 17 : 7) : (b.isDouble() ? 8 : 3); }

/// rest - q divisor, exactly, q being an integer of no more bits than a step allows.
Value subtractMultiple(MathBuilder &b, Value rest, Value q, Value divisor) {
  if (b.isFused())
    return b.fma(b.neg(q), divisor, rest);
  int64_t lowHalf = b.isDouble() ? (int64_t(1) << 27) - 1 : (int64_t(1) << 12) - 1;
  Value high = b.fromBits(b.iand(b.bits(divisor), b.i(~lowHalf)));
  Value low = b.sub(divisor, high);
  Value half = b.mul(b.mul(q, b.c(0.5)), high); // the whole may overflow
  return b.sub(b.sub(b.sub(rest, half), half), b.mul(q, low));
}

/// From |rest| up to the divisor times 2^step to no more than half of it; a divisor that overflowed takes nothing away.
Value reduceOnce(MathBuilder &b, Value rest, Value divisor) {
  Value q = b.roundeven(b.div(rest, divisor));
  return b.select(b.equal(divisor, b.c(infinity)), rest, subtractMultiple(b, rest, q, divisor));
}

/// For quotients of any size. The power of two comes as its cube root, which alone is in range.
Value reduceFromFar(MathBuilder &b, Value a, Value divisor) {
  int third = thirdOfStep(b), range = b.isDouble() ? 2098 : 277;
  int steps = range / (3 * third);
  Value start[] = {a, b.c(std::ldexp(1.0, steps * third))};
  auto body = [&](MathBuilder &inner, ValueRange carried) -> SmallVector<Value> {
    Value root = carried[1];
    Value scaled = inner.mul(inner.mul(inner.mul(divisor, root), root), root);
    return {reduceOnce(inner, carried[0], scaled), inner.mul(root, inner.c(std::ldexp(1.0, -third)))};
  };
  return b.repeat(steps + 1, start, body)[0];
}

} // namespace

Value expandRem(MathBuilder &b, Value x, Value y) {
  Value a = b.abs(x), divisor = b.abs(y);
  a = b.select(b.less(a, b.c(infinity)), a, b.c(std::numeric_limits<double>::quiet_NaN()));
  Value near = reduceOnce(b, a, divisor);
  Value isFar = b.less(b.mul(divisor, b.c(std::ldexp(1.0, 3 * thirdOfStep(b)))), a);
  Value rest = b.ifAny(isFar, near,
                       [&](MathBuilder &inner) -> SmallVector<Value> { return {reduceFromFar(inner, a, divisor)}; })[0];
  rest = b.select(b.less(rest, b.c(0)), b.add(rest, divisor), rest);
  return b.copysign(rest, x);
}

} // namespace rune
