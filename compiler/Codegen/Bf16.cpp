// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Bf16.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace {

/// Arithmetic on a type of f32 and on its bits.
class Words {
public:
  Words(OpBuilder &b, Location loc, Type shape) : b(b), loc(loc), floats(b.getF32Type()), words(b.getI32Type()) {
    if (auto vector = dyn_cast<VectorType>(shape)) {
      floats = vector.clone(floats);
      words = vector.clone(words);
    }
  }

  Value word(uint32_t value) { return constant(words, b.getI32IntegerAttr(static_cast<int32_t>(value))); }
  Value number(float value) { return constant(floats, b.getF32FloatAttr(value)); }
  Value bits(Value x) { return arith::BitcastOp::create(b, loc, words, x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, loc, floats, x); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value plus(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value up(Value x) { return arith::ShLIOp::create(b, loc, x, word(16)); }
  Value down(Value x) { return arith::ShRUIOp::create(b, loc, x, word(16)); }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }
  Value isNaN(Value x) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x); }
  Value isSubnormal(Value x) {
    Value magnitude = math::AbsFOp::create(b, loc, x);
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, magnitude, number(0x1p-126f));
  }
  Value signOf(Value bits) { return both(bits, word(0x80000000)); }

private:
  Value constant(Type type, TypedAttr element) {
    if (auto vector = dyn_cast<VectorType>(type))
      element = DenseElementsAttr::get(vector, element);
    return arith::ConstantOp::create(b, loc, element);
  }

  OpBuilder &b;
  Location loc;
  Type floats, words;
};

} // namespace

Value rune::roundToBf16(OpBuilder &builder, Location loc, Value x) {
  Words w(builder, loc, x.getType());
  Value bits = w.bits(x);
  Value even = w.both(w.down(bits), w.word(1));
  Value rounded = w.plus(w.plus(bits, w.word(0x7fff)), even);
  Value quiet = w.either(bits, w.word(0x00400000));
  rounded = w.select(w.isNaN(x), quiet, rounded);
  rounded = w.select(w.isSubnormal(x), w.signOf(bits), rounded);
  return w.fromBits(w.both(rounded, w.word(0xffff0000)));
}

Value rune::pairOfBf16(OpBuilder &builder, Location loc, Value first, Value second) {
  Words w(builder, loc, first.getType());
  return w.either(w.down(w.bits(first)), w.bits(second));
}

Value rune::firstOfPair(OpBuilder &builder, Location loc, Value pair) {
  Words w(builder, loc, pair.getType());
  return w.fromBits(w.up(pair));
}

Value rune::secondOfPair(OpBuilder &builder, Location loc, Value pair) {
  Words w(builder, loc, pair.getType());
  return w.fromBits(w.both(pair, w.word(0xffff0000)));
}

Value rune::flushSubnormal(OpBuilder &builder, Location loc, Value x) {
  Words w(builder, loc, x.getType());
  return w.select(w.isSubnormal(x), w.fromBits(w.signOf(w.bits(x))), x);
}
