// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reduction of sin's and cos's argument: Cody and Waite's up to a bound, Payne and Hanek's beyond it.

#include "Codegen/ExpandMath.h"

using namespace mlir;

namespace rune {

namespace {
// With FMA: pi/2 in three parts; n times the first, taken from a number close to it, is exact.
constexpr FormatConstant fusedParts[] = {{1.570796251296997, 1.5707963267948966},
                                         {7.549789415861596e-08, 6.123233995736765e-17},
                                         {5.390302953474238e-15, 1.082856673921914e-32}};
constexpr FormatConstant fusedBound = {0x1p16, 0x1p26};
// Without: four parts, the first three of 13 and 33 bits, so that their products with n are exact.
constexpr FormatConstant splitParts[] = {{1.570556640625, 1.5707963267341256},
                                         {0.0002396702766418457, 6.077100506303966e-11},
                                         {1.5890691429376602e-08, 2.0222662487111665e-21},
                                         {2.5633440682570896e-12, 8.4784276603689e-32}};
constexpr FormatConstant splitBound = {0x1p11, 0x1p20};

Value subtractQuadrants(MathBuilder &b, Value a, Value n) {
  if (b.isFused()) {
    for (const FormatConstant &part : fusedParts)
      a = b.fma(n, b.c(part.negated()), a);
    return a;
  }
  Value first = b.sub(a, b.mul(n, b.c(splitParts[0])));
  FloatPair second = b.differenceOf(first, b.mul(n, b.c(splitParts[1])));
  FloatPair third = b.differenceOf(second.hi, b.mul(n, b.c(splitParts[2])));
  Value rest = b.sub(b.add(second.lo, third.lo), b.mul(n, b.c(splitParts[3])));
  return b.add(third.hi, rest);
}

// The bits of 2/pi, after one word of zeros.
const uint64_t twoOverPi[] = {0,
                              0xa2f9836e4e441529,
                              0xfc2757d1f534ddc0,
                              0xdb6295993c439041,
                              0xfe5163abdebbc561,
                              0xb7246e3a424dd2e0,
                              0x06492eea09d1921c,
                              0xfe1deb1cb129a73e,
                              0xe88235f52ebb4484,
                              0xe99c7026b45f7e41,
                              0x3991d639835339f4,
                              0x9c845f8bbdf9283b,
                              0x1ff897ffde05980f,
                              0xef2f118b5a0a6d1f,
                              0x6d367ecf27cb09b7,
                              0x4f463f669e5fea2d,
                              0x7527bac7ebe5f17b,
                              0x3d0739f78a5292ea,
                              0x6bfb5fb11f8d5d08,
                              0x56033046fc7b6bab};

SmallVector<Value> tableWords(MathBuilder &b) {
  SmallVector<Value> words;
  if (b.isDouble()) {
    for (uint64_t word : twoOverPi)
      words.push_back(b.i(int64_t(word)));
    return words;
  }
  words.push_back(b.i(0));
  for (unsigned i = 1; words.size() < 8; ++i)
    for (uint64_t half : {twoOverPi[i] >> 32, twoOverPi[i] & 0xffffffff})
      words.push_back(b.i(int64_t(half)));
  words.resize(8);
  return words;
}

/// Words index .. index + 3 of the table, by selects: a shifter that moves by words.
SmallVector<Value> selectWords(MathBuilder &b, Value index) {
  SmallVector<Value> words = tableWords(b);
  for (unsigned step = b.isDouble() ? 16 : 4; step; step /= 2) {
    Value stays = b.iequal(b.iand(index, b.i(step)), b.i(0));
    SmallVector<Value> next;
    for (unsigned i = 0; i < words.size() && i < 3 + step; ++i)
      next.push_back(i + step < words.size() ? b.select(stays, words[i], words[i + step]) : words[i]);
    words = next;
  }
  return words;
}

/// The high word of m * a, where m has few enough bits that no sum here overflows.
Value highProduct(MathBuilder &b, Value m, Value a) {
  unsigned half = b.wordBits() / 2;
  Value mask = b.i((int64_t(1) << half) - 1);
  Value mHigh = b.shr(m, half), mLow = b.iand(m, mask);
  Value aHigh = b.shr(a, half), aLow = b.iand(a, mask);
  Value middle = b.iadd(b.imul(mLow, aHigh), b.shr(b.imul(mLow, aLow), half));
  Value rest = b.iadd(b.imul(mHigh, aLow), b.iand(middle, mask));
  return b.iadd(b.iadd(b.imul(mHigh, aHigh), b.shr(middle, half)), b.shr(rest, half));
}

/// x + y, and the carry out of it.
std::pair<Value, Value> addWithCarry(MathBuilder &b, Value x, Value y) {
  Value sum = b.iadd(x, y);
  Value carry = b.ior(b.iand(x, y), b.iand(b.ior(x, y), b.ixor(sum, b.i(-1))));
  return {sum, b.shr(carry, b.wordBits() - 1)};
}

/// a * 2/pi modulo 4 in two words, the top two bits of the first before the point. a = m 2^e is at least 2^11.
std::pair<Value, Value> quadrantsModulo4(MathBuilder &b, Value a) {
  unsigned mantissa = b.mantissaBits(), word = b.wordBits();
  Value bits = b.bits(a);
  Value m = b.ior(b.iand(bits, b.i((int64_t(1) << mantissa) - 1)), b.i(int64_t(1) << mantissa));
  // The first bit of 2/pi that matters is the one that m turns into 2.
  Value position = b.iadd(b.shr(bits, mantissa), b.i(int64_t(word) - 2 - int64_t(mantissa + b.bias())));
  Value index = b.shr(position, word == 64 ? 6 : 5);
  Value left = b.iand(position, b.i(word - 1));
  Value right = b.isub(b.i(word - 1), left);
  SmallVector<Value> words = selectWords(b, index);
  SmallVector<Value> window;
  for (unsigned i = 0; i < 3; ++i)
    window.push_back(b.ior(b.shl(words[i], left), b.shr(b.shr(words[i + 1], 1), right)));
  auto [low, carry] = addWithCarry(b, b.imul(m, window[1]), highProduct(b, m, window[2]));
  Value high = b.iadd(b.iadd(b.imul(m, window[0]), highProduct(b, m, window[1])), carry);
  return {high, low};
}
} // namespace

// M. Payne and R. Hanek, Radian reduction for trigonometric functions (1983), with integers: only the bits of 2/pi
// whose product with a is neither a multiple of 4 nor too small to matter.
Reduced reduceQuadrantHuge(MathBuilder &b, Value a) {
  unsigned word = b.wordBits(), mantissa = b.mantissaBits();
  auto [high, low] = quadrantsModulo4(b, a);
  Value quadrant = b.shr(b.iadd(high, b.i(int64_t(1) << (word - 3))), word - 2);
  high = b.isub(high, b.shl(quadrant, word - 2));
  // The magnitude by one's complement: the last of the low word's bits does not matter.
  Value negative = b.isub(b.i(0), b.shr(high, word - 1));
  high = b.ixor(high, negative);
  low = b.ixor(low, negative);

  // Its word - 3 + word bits in three floats of `mantissa` bits at most.
  unsigned cut = word - 3 - mantissa, taken = mantissa - cut;
  Value middle = b.ior(b.shl(b.iand(high, b.i((int64_t(1) << cut) - 1)), taken), b.shr(low, word - taken));
  Value last = b.iand(low, b.i((int64_t(1) << (word - taken)) - 1));
  auto weighted = [&](Value integer, int bitsDropped) {
    Value exact = b.sub(b.smallIntToFloatBits(integer), b.c(b.implicitBit()));
    return b.mul(exact, b.c(std::ldexp(1.0, bitsDropped - (2 * int(word) - 2))));
  };
  FloatPair sum = b.orderedSumOf(weighted(b.shr(high, cut), word + cut), weighted(middle, word - taken));
  sum.lo = b.add(sum.lo, weighted(last, 0));

  Value halfPi = b.c(1.5707963267948966);
  Value rest = b.fma(sum.hi, b.c({-4.37113883e-08, 6.123233995736766e-17}), b.mul(sum.lo, halfPi));
  FloatPair product = b.productOf(sum.hi, halfPi);
  Value r = b.add(product.hi, b.add(product.lo, rest));
  r = b.fromBits(b.ixor(b.bits(r), b.shl(negative, word - 1)));
  return {b.select(b.less(a, b.c(INFINITY)), r, b.sub(a, a)), quadrant};
}

Reduced reduceQuadrant(MathBuilder &b, Value a) {
  Value shifter = b.c(b.roundingShift());
  Value shifted = b.fma(a, b.c(0.6366197723675814), shifter);
  Value r = subtractQuadrants(b, a, b.sub(shifted, shifter));
  Value quadrant = b.bits(shifted);
  // By the bits, so that infinity and NaN count as huge.
  Value huge = b.ilessSigned(b.bits(b.c(b.isFused() ? fusedBound : splitBound)), b.bits(a));
  SmallVector<Value> chosen = b.ifAny(huge, {r, quadrant}, [&](MathBuilder &inner) -> SmallVector<Value> {
    Reduced exact = reduceQuadrantHuge(inner, a);
    return {inner.select(huge, exact.r, r), inner.select(huge, exact.quadrant, quadrant)};
  });
  return {chosen[0], chosen[1]};
}

} // namespace rune
