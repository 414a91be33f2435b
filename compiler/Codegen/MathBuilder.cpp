// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MathBuilder's operations as MLIR.

#include "Codegen/MathBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rune {

Value ConstantPool::get(Location loc, TypedAttr value) {
  Value &known = values[value];
  if (known)
    return known;
  OpBuilder builder(&entry, last ? std::next(Block::iterator(last)) : entry.begin());
  auto op = arith::ConstantOp::create(builder, loc, value);
  last = op;
  return known = op;
}

MathBuilder::MathBuilder(OpBuilder &builder, Location loc, Type type, bool fused, ConstantPool &pool)
    : builder(builder), pool(pool), loc(loc), type(type), isF64(getElementTypeOrSelf(type).isF64()), fused(fused) {
  intType = builder.getIntegerType(wordBits());
  if (auto vector = dyn_cast<VectorType>(type))
    intType = vector.clone(intType);
}

Value MathBuilder::constant(Type resultType, TypedAttr element) {
  if (auto vector = dyn_cast<VectorType>(resultType))
    element = DenseElementsAttr::get(vector, element);
  return pool.get(loc, element);
}

Value MathBuilder::c(FormatConstant value) {
  APFloat number = isF64 ? APFloat(value.f64) : APFloat(static_cast<float>(value.f32));
  return constant(type, FloatAttr::get(getElementTypeOrSelf(type), number));
}

Value MathBuilder::i(int64_t value) {
  APInt number(64, static_cast<uint64_t>(value));
  return constant(intType, IntegerAttr::get(getElementTypeOrSelf(intType), number.trunc(wordBits())));
}

Value MathBuilder::add(Value x, Value y) { return arith::AddFOp::create(builder, loc, x, y); }
Value MathBuilder::sub(Value x, Value y) { return arith::SubFOp::create(builder, loc, x, y); }
Value MathBuilder::mul(Value x, Value y) { return arith::MulFOp::create(builder, loc, x, y); }
Value MathBuilder::div(Value x, Value y) { return arith::DivFOp::create(builder, loc, x, y); }
Value MathBuilder::neg(Value x) { return arith::NegFOp::create(builder, loc, x); }
Value MathBuilder::abs(Value x) { return math::AbsFOp::create(builder, loc, x); }
Value MathBuilder::copysign(Value magnitude, Value sign) {
  return math::CopySignOp::create(builder, loc, magnitude, sign);
}
Value MathBuilder::roundeven(Value x) { return math::RoundEvenOp::create(builder, loc, x); }
Value MathBuilder::sqrt(Value x) { return math::SqrtOp::create(builder, loc, x); }

Value MathBuilder::fma(Value x, Value y, Value z) {
  if (!fused)
    return add(mul(x, y), z);
  return math::FmaOp::create(builder, loc, x, y, z);
}

Value MathBuilder::polynomial(Value x, const Coefficients &coefficients) {
  constexpr unsigned size = std::size(Coefficients().f32);
  unsigned count = size;
  auto at = [&](unsigned power) { return isF64 ? coefficients.f64[power] : coefficients.f32[power]; };
  while (at(count - 1) == 0)
    --count;
  Value result = c(at(count - 1));
  for (unsigned power = count - 1; power-- > 0;)
    result = fma(result, x, c(at(power)));
  return result;
}

Value MathBuilder::less(Value x, Value y) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, x, y);
}
Value MathBuilder::equal(Value x, Value y) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, x, y);
}
Value MathBuilder::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(builder, loc, condition, x, y);
}

Value MathBuilder::bits(Value x) { return arith::BitcastOp::create(builder, loc, intType, x); }
Value MathBuilder::fromBits(Value x) { return arith::BitcastOp::create(builder, loc, type, x); }
Value MathBuilder::iadd(Value x, Value y) { return arith::AddIOp::create(builder, loc, x, y); }
Value MathBuilder::isub(Value x, Value y) { return arith::SubIOp::create(builder, loc, x, y); }
Value MathBuilder::imul(Value x, Value y) { return arith::MulIOp::create(builder, loc, x, y); }
Value MathBuilder::iand(Value x, Value y) { return arith::AndIOp::create(builder, loc, x, y); }
Value MathBuilder::ior(Value x, Value y) { return arith::OrIOp::create(builder, loc, x, y); }
Value MathBuilder::ixor(Value x, Value y) { return arith::XOrIOp::create(builder, loc, x, y); }
Value MathBuilder::shl(Value x, Value y) { return arith::ShLIOp::create(builder, loc, x, y); }
Value MathBuilder::shr(Value x, Value y) { return arith::ShRUIOp::create(builder, loc, x, y); }
Value MathBuilder::iequal(Value x, Value y) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, x, y);
}
Value MathBuilder::ilessSigned(Value x, Value y) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, x, y);
}

FloatPair MathBuilder::orderedSumOf(Value x, Value y) {
  Value sum = add(x, y);
  return {sum, sub(y, sub(sum, x))};
}

FloatPair MathBuilder::differenceOf(Value x, Value y) {
  Value difference = sub(x, y);
  return {difference, sub(sub(x, difference), y)};
}

// T. Dekker, A floating-point technique for extending the available precision (1971), where there is no FMA.
FloatPair MathBuilder::productOf(Value x, Value y) {
  Value product = mul(x, y);
  if (fused)
    return {product, fma(x, y, neg(product))};
  auto halves = [&](Value whole) {
    Value spread = mul(whole, c({0x1p12 + 1, 0x1p27 + 1}));
    Value high = sub(spread, sub(spread, whole));
    return FloatPair{high, sub(whole, high)};
  };
  FloatPair p = halves(x), q = halves(y);
  Value error = sub(mul(p.hi, q.hi), product);
  error = add(add(error, mul(p.hi, q.lo)), mul(p.lo, q.hi));
  return {product, add(error, mul(p.lo, q.lo))};
}

SmallVector<Value> MathBuilder::ifAny(Value condition, ArrayRef<Value> common,
                                      function_ref<SmallVector<Value>(MathBuilder &)> build) {
  Value any = condition;
  if (isa<VectorType>(condition.getType()))
    any = vector::ReductionOp::create(builder, loc, vector::CombiningKind::OR, condition);
  auto branch = scf::IfOp::create(
      builder, loc, any,
      [&](OpBuilder &nested, Location nestedLoc) {
        MathBuilder inner(nested, nestedLoc, type, fused, pool);
        scf::YieldOp::create(nested, nestedLoc, build(inner));
      },
      [&](OpBuilder &nested, Location nestedLoc) { scf::YieldOp::create(nested, nestedLoc, common); });
  return SmallVector<Value>(branch.getResults());
}

SmallVector<Value> MathBuilder::repeat(int64_t times, ArrayRef<Value> carried,
                                       function_ref<SmallVector<Value>(MathBuilder &, ValueRange)> build) {
  auto index = [&](int64_t value) { return pool.get(loc, builder.getIndexAttr(value)); };
  auto loop = scf::ForOp::create(builder, loc, index(0), index(times), index(1), carried,
                                 [&](OpBuilder &nested, Location nestedLoc, Value, ValueRange values) {
                                   MathBuilder inner(nested, nestedLoc, type, fused, pool);
                                   scf::YieldOp::create(nested, nestedLoc, build(inner, values));
                                 });
  return SmallVector<Value>(loop.getResults());
}

} // namespace rune
