// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on f32 or f64, scalars or 1-D vectors, in the operations that both back ends print.

#ifndef RUNE_CODEGEN_MATHBUILDER_H
#define RUNE_CODEGEN_MATHBUILDER_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cmath>

namespace rune {

/// A constant that differs between the formats.
struct FormatConstant {
  double f32, f64;
  constexpr FormatConstant scaled(double by) const { return {f32 * by, f64 * by}; }
  constexpr FormatConstant negated() const { return scaled(-1); }
};

/// A polynomial's coefficients for each format, lowest power first, up to the last that is not 0.
struct Coefficients {
  double f32[20], f64[20];
};

/// hi + lo, where lo is small against hi.
struct FloatPair {
  mlir::Value hi, lo;
};

/// The constants of one function, each once, at its start.
class ConstantPool {
public:
  explicit ConstantPool(mlir::Block &entry) : entry(entry) {}
  mlir::Value get(mlir::Location loc, mlir::TypedAttr value);

private:
  mlir::Block &entry;
  mlir::Operation *last = nullptr;
  llvm::DenseMap<mlir::Attribute, mlir::Value> values;
};

class MathBuilder {
public:
  using Value = mlir::Value;

  /// `type` is that of every float built; without `fused` no fma is built.
  MathBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, bool fused, ConstantPool &pool);

  bool isDouble() const { return isF64; }
  bool isFused() const { return fused; }
  unsigned wordBits() const { return isF64 ? 64 : 32; }
  unsigned mantissaBits() const { return isF64 ? 52 : 23; }
  int bias() const { return isF64 ? 1023 : 127; }
  int64_t signBit() const { return int64_t(1) << (wordBits() - 1); }
  /// The smallest number whose last bit is worth 1.
  double implicitBit() const { return isF64 ? 0x1p52 : 0x1p23; }
  /// Added to a number up to a quarter of it, this rounds to an integer, which is then in the sum's low bits.
  double roundingShift() const { return 1.5 * implicitBit(); }

  Value c(double value) { return c({value, value}); }
  Value c(FormatConstant value);
  Value i(int64_t value);

  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value neg(Value x);
  Value abs(Value x);
  Value copysign(Value magnitude, Value sign);
  /// The same for a magnitude whose sign bit is clear, one operation shorter.
  Value withSignOf(Value magnitude, Value sign) { return fromBits(ior(bits(magnitude), signOf(sign))); }
  /// The sign bit alone, as an integer.
  Value signOf(Value x) { return iand(bits(x), i(signBit())); }
  Value roundeven(Value x);
  Value sqrt(Value x);
  /// x y + z, rounded once where the target has FMA, twice where not.
  Value fma(Value x, Value y, Value z);
  /// By Horner's rule.
  Value polynomial(Value x, const Coefficients &coefficients);

  /// Ordered comparisons: false where an operand is NaN.
  Value less(Value x, Value y);
  Value equal(Value x, Value y);
  Value select(Value condition, Value x, Value y);
  /// The smaller (larger) of x and a number; NaN where x is. One instruction on x86.
  Value atMost(Value x, Value bound) { return select(less(bound, x), bound, x); }
  Value atLeast(Value x, Value bound) { return select(less(x, bound), bound, x); }

  Value bits(Value x);
  Value fromBits(Value x);
  Value iadd(Value x, Value y);
  Value isub(Value x, Value y);
  Value imul(Value x, Value y);
  Value iand(Value x, Value y);
  Value ior(Value x, Value y);
  Value ixor(Value x, Value y);
  Value shl(Value x, Value y);
  Value shr(Value x, Value y); // logical
  Value shl(Value x, unsigned by) { return shl(x, i(by)); }
  Value shr(Value x, unsigned by) { return shr(x, i(by)); }
  Value iequal(Value x, Value y);
  Value ilessSigned(Value x, Value y);

  /// 2^n, from a float whose low bits hold n + bias.
  Value exponentFromLowBits(Value shifted) { return fromBits(shl(bits(shifted), mantissaBits())); }
  /// An integer below implicitBit(), plus implicitBit(), as a float.
  Value smallIntToFloatBits(Value integer) { return fromBits(ior(integer, bits(c(implicitBit())))); }

  /// x + y exactly, for |x| >= |y| or x = 0.
  FloatPair orderedSumOf(Value x, Value y);
  /// x - y, with what rounding lost, for |x| >= |y| or where the difference is exact.
  FloatPair differenceOf(Value x, Value y);
  /// x y exactly, unless it underflows.
  FloatPair productOf(Value x, Value y);

  /// `common` where no lane of the condition is set, else what `build` gives.
  llvm::SmallVector<Value> ifAny(Value condition, llvm::ArrayRef<Value> common,
                                 llvm::function_ref<llvm::SmallVector<Value>(MathBuilder &)> build);

  /// What `build` makes of the carried values, so many times.
  llvm::SmallVector<Value> repeat(int64_t times, llvm::ArrayRef<Value> carried,
                                  llvm::function_ref<llvm::SmallVector<Value>(MathBuilder &, mlir::ValueRange)> build);

private:
  Value constant(mlir::Type resultType, mlir::TypedAttr element);

  mlir::OpBuilder &builder;
  ConstantPool &pool;
  mlir::Location loc;
  mlir::Type type, intType;
  bool isF64, fused;
};

} // namespace rune

#endif // RUNE_CODEGEN_MATHBUILDER_H
