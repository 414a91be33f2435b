// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) as arithmetic on 64-bit integers
// that hold 32-bit words.

#include "Codegen/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace rune;

namespace {

struct Words {
  OpBuilder &b;
  Location loc;

  Value constant(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value)); }
  Value low(Value x) { return arith::AndIOp::create(b, loc, x, constant(0xffffffff)); }
  Value high(Value x) { return arith::ShRUIOp::create(b, loc, x, constant(32)); }
  Value mul(Value x, int64_t factor) { return arith::MulIOp::create(b, loc, x, constant(factor)); }
  Value mix(Value x, Value y, Value z) {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, x, y).getResult(), z);
  }
  Value shiftRight(Value x, int64_t bits) { return arith::ShRUIOp::create(b, loc, x, constant(bits)); }
};

/// The first two of the four words at a counter.
std::pair<Value, Value> philox(Words w, std::array<Value, 4> counter, Value seed) {
  Value k0 = w.low(seed), k1 = w.high(seed);
  for (int round = 0; round < 10; ++round) {
    Value p0 = w.mul(counter[0], 0xD2511F53), p1 = w.mul(counter[2], 0xCD9E8D57);
    counter = {w.mix(w.high(p1), counter[1], k0), w.low(p1), w.mix(w.high(p0), counter[3], k1), w.low(p0)};
    k0 = w.low(arith::AddIOp::create(w.b, w.loc, k0, w.constant(0x9E3779B9)));
    k1 = w.low(arith::AddIOp::create(w.b, w.loc, k1, w.constant(0xBB67AE85)));
  }
  return {counter[0], counter[1]};
}

/// As many leading bits as the type's fraction holds, as a number in [0, 1).
Value toUnit(Words w, std::pair<Value, Value> words, Type element) {
  if (element.isF32()) {
    Value bits = arith::TruncIOp::create(w.b, w.loc, w.b.getI32Type(), w.shiftRight(words.first, 8));
    Value number = arith::SIToFPOp::create(w.b, w.loc, element, bits);
    Value unit = arith::ConstantOp::create(w.b, w.loc, w.b.getFloatAttr(element, 0x1p-24));
    return arith::MulFOp::create(w.b, w.loc, number, unit);
  }
  // 52 bits below the point of a number in [1, 2): no conversion of 64-bit integers, which not every target has.
  Value upper = arith::ShLIOp::create(w.b, w.loc, words.first, w.constant(20));
  Value bits = arith::OrIOp::create(w.b, w.loc, upper, w.shiftRight(words.second, 12));
  bits = arith::OrIOp::create(w.b, w.loc, bits, w.constant(0x3FF0000000000000));
  Value number = arith::BitcastOp::create(w.b, w.loc, element, bits);
  return arith::SubFOp::create(w.b, w.loc, number,
                               arith::ConstantOp::create(w.b, w.loc, w.b.getFloatAttr(element, 1.0)).getResult());
}

void lower(RandOp op, LinalgLowering &lowering) {
  Value seed = lowering.contextWord(1), draw = lowering.contextWord(2);
  auto dims = getDims(op.getResult());
  SmallVector<Value> strides;
  DimExpr stride(1);
  for (size_t i = dims.size(); i-- > 0;) {
    strides.insert(strides.begin(), lowering.size(stride));
    stride = stride * dims[i];
  }
  Value result = lowering.elementwise({}, {}, op.getType(), [&](OpBuilder &b, ValueRange) -> Value {
    Location loc = op.getLoc();
    Words w{b, loc};
    Value element = w.constant(0);
    for (auto [i, step] : llvm::enumerate(strides)) {
      Value index = linalg::IndexOp::create(b, loc, i);
      Value place = arith::MulIOp::create(b, loc, index, step);
      Value word = arith::IndexCastOp::create(b, loc, b.getI64Type(), place);
      element = arith::AddIOp::create(b, loc, element, word);
    }
    Value which = arith::XOrIOp::create(b, loc, w.constant(op.getId()), w.high(draw));
    auto words = philox(w, {w.low(element), w.high(element), which, w.low(draw)}, seed);
    return toUnit(w, words, op.getType().getElementType());
  });
  lowering.map(op, result);
}

struct Model : LinalgLowerableOpInterface::ExternalModel<Model, RandOp> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const { lower(cast<RandOp>(op), lowering); }
};

} // namespace

void rune::registerRandomLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) { RandOp::attachInterface<Model>(*context); });
}
