// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each elementwise primitive does to one element.

#include "Codegen/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

namespace {

/// Shorthand for arithmetic on scalars of one type.
struct Scalars {
  OpBuilder &b;
  Location loc;

  Value constant(Type type, double value) {
    if (isa<FloatType>(type))
      return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, static_cast<int64_t>(value)));
  }
  Value integer(Type type, int64_t value) { return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value)); }
  Value select(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  Value cmp(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value cmp(arith::CmpIPredicate p, Value x, Value y) { return arith::CmpIOp::create(b, loc, p, x, y); }
  template <typename Op> Value make(ValueRange operands) {
    return Op::create(b, loc, operands.front().getType(), operands);
  }
};

bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

bool isOrderedConstant(Value value) {
  FloatAttr attribute;
  return matchPattern(value, m_Constant(&attribute)) && !attribute.getValue().isNaN();
}

/// The larger of two floats, NaN where either is. With a constant on one side this is one `max` instruction, which
/// returns its second operand where the first is not greater.
Value maximum(Scalars s, Value x, Value y) {
  if (isOrderedConstant(x))
    return s.select(s.cmp(arith::CmpFPredicate::OGT, x, y), x, y);
  if (isOrderedConstant(y))
    return s.select(s.cmp(arith::CmpFPredicate::OGT, y, x), y, x);
  Value larger = s.select(s.cmp(arith::CmpFPredicate::OGT, x, y), x, y);
  return s.select(s.cmp(arith::CmpFPredicate::UNO, x, x), x, larger);
}

/// A divisor for which integer division is defined: 0 and the overflowing −1 become 1.
Value safeDivisor(Scalars s, Value x, Value y) {
  Type type = y.getType();
  Value zero = s.cmp(arith::CmpIPredicate::eq, y, s.integer(type, 0));
  Value minusOne = s.cmp(arith::CmpIPredicate::eq, y, s.integer(type, -1));
  Value lowest = s.cmp(arith::CmpIPredicate::eq, x, s.integer(type, std::numeric_limits<int64_t>::min()));
  Value overflow = arith::AndIOp::create(s.b, s.loc, minusOne, lowest);
  return s.select(arith::OrIOp::create(s.b, s.loc, zero, overflow), s.integer(type, 1), y);
}

/// Quotient and remainder rounded towards minus infinity.
std::pair<Value, Value> floorDivide(Scalars s, Value x, Value y) {
  Value divisor = safeDivisor(s, x, y);
  Value quotient = arith::DivSIOp::create(s.b, s.loc, x, divisor);
  Value rest = arith::SubIOp::create(s.b, s.loc, x, arith::MulIOp::create(s.b, s.loc, quotient, divisor));
  Value zero = s.integer(x.getType(), 0);
  Value signs = s.cmp(arith::CmpIPredicate::slt, arith::XOrIOp::create(s.b, s.loc, rest, divisor), zero);
  Value adjust = arith::AndIOp::create(s.b, s.loc, s.cmp(arith::CmpIPredicate::ne, rest, zero), signs);
  Value lower = arith::SubIOp::create(s.b, s.loc, quotient, s.integer(x.getType(), 1));
  return {s.select(adjust, lower, quotient), s.select(adjust, arith::AddIOp::create(s.b, s.loc, rest, divisor), rest)};
}

/// The exact remainder, moved to y's sign: torch's, infinities and zeros included.
Value floatRemainder(Scalars s, Value x, Value y) {
  Value rest = arith::RemFOp::create(s.b, s.loc, x, y);
  Value zero = s.constant(x.getType(), 0);
  Value signs = arith::XOrIOp::create(s.b, s.loc, s.cmp(arith::CmpFPredicate::OLT, rest, zero),
                                      s.cmp(arith::CmpFPredicate::OLT, y, zero));
  Value adjust = arith::AndIOp::create(s.b, s.loc, s.cmp(arith::CmpFPredicate::ONE, rest, zero), signs);
  return s.select(adjust, arith::AddFOp::create(s.b, s.loc, rest, y), rest);
}

/// Towards zero; NaN becomes 0 and what is out of range the nearest end, which a bare conversion leaves undefined.
Value floatToInteger(Scalars s, Value x, Type to) {
  Type type = x.getType();
  Value number = s.select(s.cmp(arith::CmpFPredicate::UNO, x, x), s.constant(type, 0), x);
  double high = type.isF32() ? 9223371487098961920.0 : 9223372036854774784.0, low = -9223372036854775808.0;
  number = s.select(s.cmp(arith::CmpFPredicate::OGT, number, s.constant(type, high)), s.constant(type, high), number);
  number = s.select(s.cmp(arith::CmpFPredicate::OLT, number, s.constant(type, low)), s.constant(type, low), number);
  return arith::FPToSIOp::create(s.b, s.loc, to, number);
}

Value castScalar(Scalars s, Value x, Type to) {
  Type from = x.getType();
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    if (isFloat(x))
      return s.cmp(arith::CmpFPredicate::UNE, x, s.constant(from, 0));
    return s.cmp(arith::CmpIPredicate::ne, x, s.integer(from, 0));
  }
  if (from.isInteger(1)) {
    if (isa<FloatType>(to))
      return s.select(x, s.constant(to, 1), s.constant(to, 0));
    return arith::ExtUIOp::create(s.b, s.loc, to, x);
  }
  if (isFloat(x) && isa<FloatType>(to))
    return from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth()
               ? Value(arith::ExtFOp::create(s.b, s.loc, to, x))
               : Value(arith::TruncFOp::create(s.b, s.loc, to, x));
  if (isFloat(x))
    return floatToInteger(s, x, to);
  return arith::SIToFPOp::create(s.b, s.loc, to, x);
}

arith::CmpFPredicate floatPredicate(Predicate predicate) {
  switch (predicate) {
  case Predicate::eq:
    return arith::CmpFPredicate::OEQ;
  case Predicate::ne:
    return arith::CmpFPredicate::UNE;
  case Predicate::lt:
    return arith::CmpFPredicate::OLT;
  case Predicate::le:
    return arith::CmpFPredicate::OLE;
  case Predicate::gt:
    return arith::CmpFPredicate::OGT;
  case Predicate::ge:
    return arith::CmpFPredicate::OGE;
  }
  llvm_unreachable("a predicate");
}

arith::CmpIPredicate integerPredicate(Predicate predicate, bool isUnsigned) {
  using P = arith::CmpIPredicate;
  switch (predicate) {
  case Predicate::eq:
    return P::eq;
  case Predicate::ne:
    return P::ne;
  case Predicate::lt:
    return isUnsigned ? P::ult : P::slt;
  case Predicate::le:
    return isUnsigned ? P::ule : P::sle;
  case Predicate::gt:
    return isUnsigned ? P::ugt : P::sgt;
  case Predicate::ge:
    return isUnsigned ? P::uge : P::sge;
  }
  llvm_unreachable("a predicate");
}

/// The scalar meaning of an op, by overload.
Value scalar(NegOp, Scalars s, ValueRange x) {
  if (isFloat(x[0]))
    return s.make<arith::NegFOp>(x);
  return arith::SubIOp::create(s.b, s.loc, s.integer(x[0].getType(), 0), x[0]);
}
Value scalar(AbsOp, Scalars s, ValueRange x) {
  if (isFloat(x[0]))
    return s.make<math::AbsFOp>(x);
  Value zero = s.integer(x[0].getType(), 0);
  return s.select(s.cmp(arith::CmpIPredicate::slt, x[0], zero), arith::SubIOp::create(s.b, s.loc, zero, x[0]), x[0]);
}
Value scalar(FloorOp, Scalars s, ValueRange x) { return s.make<math::FloorOp>(x); }
Value scalar(RoundOp, Scalars s, ValueRange x) { return s.make<math::RoundEvenOp>(x); }
Value scalar(SqrtOp, Scalars s, ValueRange x) { return s.make<math::SqrtOp>(x); }
Value scalar(ExpOp, Scalars s, ValueRange x) { return s.make<math::ExpOp>(x); }
Value scalar(Expm1Op, Scalars s, ValueRange x) { return s.make<math::ExpM1Op>(x); }
Value scalar(LogOp, Scalars s, ValueRange x) { return s.make<math::LogOp>(x); }
Value scalar(Log1pOp, Scalars s, ValueRange x) { return s.make<math::Log1pOp>(x); }
Value scalar(SinOp, Scalars s, ValueRange x) { return s.make<math::SinOp>(x); }
Value scalar(CosOp, Scalars s, ValueRange x) { return s.make<math::CosOp>(x); }
Value scalar(TanhOp, Scalars s, ValueRange x) { return s.make<math::TanhOp>(x); }
Value scalar(ErfOp, Scalars s, ValueRange x) { return s.make<math::ErfOp>(x); }
Value scalar(DetachOp, Scalars, ValueRange x) { return x[0]; }
Value scalar(AddOp, Scalars s, ValueRange x) {
  return isFloat(x[0]) ? s.make<arith::AddFOp>(x) : s.make<arith::AddIOp>(x);
}
Value scalar(SubOp, Scalars s, ValueRange x) {
  return isFloat(x[0]) ? s.make<arith::SubFOp>(x) : s.make<arith::SubIOp>(x);
}
Value scalar(MulOp, Scalars s, ValueRange x) {
  return isFloat(x[0])                 ? s.make<arith::MulFOp>(x)
         : x[0].getType().isInteger(1) ? s.make<arith::AndIOp>(x)
                                       : s.make<arith::MulIOp>(x);
}
Value scalar(DivOp, Scalars s, ValueRange x) {
  return isFloat(x[0]) ? s.make<arith::DivFOp>(x) : floorDivide(s, x[0], x[1]).first;
}
Value scalar(RemOp, Scalars s, ValueRange x) {
  return isFloat(x[0]) ? floatRemainder(s, x[0], x[1]) : floorDivide(s, x[0], x[1]).second;
}
Value scalar(PowOp, Scalars s, ValueRange x) { return s.make<math::PowFOp>(x); }
Value scalar(MaxOp, Scalars s, ValueRange x) {
  if (isFloat(x[0]))
    return maximum(s, x[0], x[1]);
  if (x[0].getType().isInteger(1))
    return s.make<arith::OrIOp>(x);
  return s.select(s.cmp(arith::CmpIPredicate::sgt, x[0], x[1]), x[0], x[1]);
}
Value scalar(CompareOp op, Scalars s, ValueRange x) {
  if (isFloat(x[0]))
    return s.cmp(floatPredicate(op.getPredicate()), x[0], x[1]);
  return s.cmp(integerPredicate(op.getPredicate(), x[0].getType().isInteger(1)), x[0], x[1]);
}
Value scalar(SelectOp, Scalars s, ValueRange x) { return s.select(x[0], x[1], x[2]); }
Value scalar(CastOp op, Scalars s, ValueRange x) { return castScalar(s, x[0], op.getDtype()); }

template <typename Op> struct ScalarModel : ScalarOpInterface::ExternalModel<ScalarModel<Op>, Op> {
  Value lowerScalar(Operation *op, OpBuilder &builder, Location loc, ValueRange scalars) const {
    return scalar(cast<Op>(op), Scalars{builder, loc}, scalars);
  }
};

/// The one lowering of elementwise ops: a generic op over the result's dimensions.
template <typename Op> struct ElementwiseModel : LinalgLowerableOpInterface::ExternalModel<ElementwiseModel<Op>, Op> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const {
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    SmallVector<TypedAttr> constants; // of an operand that is one value everywhere; else null
    for (Value operand : op->getOperands()) {
      auto map = AffineMap::getMultiDimIdentityMap(result.getRank(), op->getContext());
      while (auto broadcast = operand.getDefiningOp<BroadcastOp>()) {
        map = broadcastMap(broadcast).compose(map);
        operand = broadcast.getInput();
      }
      DenseElementsAttr elements;
      constants.push_back(matchPattern(operand, m_Constant(&elements)) && elements.isSplat()
                              ? elements.getSplatValue<TypedAttr>()
                              : TypedAttr());
      if (constants.back())
        continue;
      inputs.push_back(lowering.lookup(operand));
      maps.push_back(map);
    }
    Value value = lowering.elementwise(inputs, maps, result, [&](OpBuilder &builder, ValueRange elements) {
      SmallVector<Value> scalars;
      for (auto [operand, constant] : llvm::zip(op->getOperands(), constants)) {
        if (constant) {
          scalars.push_back(arith::ConstantOp::create(builder, op->getLoc(), constant));
          continue;
        }
        scalars.push_back(loadBool(builder, op->getLoc(), elements.front(),
                                   cast<RankedTensorType>(operand.getType()).getElementType()));
        elements = elements.drop_front();
      }
      return storeBool(builder, op->getLoc(), cast<ScalarOpInterface>(op).lowerScalar(builder, op->getLoc(), scalars));
    });
    lowering.map(op->getResult(0), value);
  }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<ScalarModel<Ops>>(*context), ...);
  (Ops::template attachInterface<ElementwiseModel<Ops>>(*context), ...);
}

} // namespace

Value rune::loadBool(OpBuilder &builder, Location loc, Value stored, Type element) {
  if (!element.isInteger(1) || stored.getType().isInteger(1))
    return stored;
  return arith::TruncIOp::create(builder, loc, element, stored);
}

Value rune::storeBool(OpBuilder &builder, Location loc, Value scalar) {
  if (!scalar.getType().isInteger(1))
    return scalar;
  return arith::ExtUIOp::create(builder, loc, builder.getI8Type(), scalar);
}

void rune::registerScalarLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<NegOp, AbsOp, FloorOp, RoundOp, SqrtOp, ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanhOp, ErfOp,
           DetachOp, AddOp, SubOp, MulOp, DivOp, RemOp, PowOp, MaxOp, CompareOp, SelectOp, CastOp>(context);
  });
}
