// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise primitives. The conventions at kinks are PyTorch's (tools/autograd/derivatives.yaml there).

#include "Gradients/OpGradients.h"

using namespace mlir;
using namespace rune;

namespace {

void vjp(NegOp, OpGradients &g) { g.add(0, g.neg(g.cotangent())); }

/// sign(x), 0 at 0
void vjp(AbsOp op, OpGradients &g) {
  Value x = op.getInput(), negative = g.where(g.compare(Predicate::lt, x, 0), g.neg(g.cotangent()));
  g.add(0, g.select(g.compare(Predicate::gt, x, 0), g.cotangent(), negative));
}

void vjp(SqrtOp op, OpGradients &g) { g.add(0, g.over(g.cotangent(), g.times(op.getResult(), 2))); }
void vjp(ExpOp op, OpGradients &g) { g.add(0, g.times(g.cotangent(), op.getResult())); }
void vjp(Expm1Op op, OpGradients &g) {
  g.add(0, g.times(g.cotangent(), g.plus(op.getResult(), g.number(1, op.getResult()))));
}
void vjp(LogOp op, OpGradients &g) { g.add(0, g.over(g.cotangent(), op.getInput())); }
void vjp(Log1pOp op, OpGradients &g) {
  g.add(0, g.over(g.cotangent(), g.plus(op.getInput(), g.number(1, op.getInput()))));
}
void vjp(SinOp op, OpGradients &g) { g.add(0, g.times(g.cotangent(), g.unary<CosOp>(op.getInput()))); }
void vjp(CosOp op, OpGradients &g) { g.add(0, g.neg(g.times(g.cotangent(), g.unary<SinOp>(op.getInput())))); }
void vjp(TanhOp op, OpGradients &g) {
  Value y = op.getResult();
  g.add(0, g.times(g.cotangent(), g.minus(g.number(1, y), g.times(y, y))));
}
/// 2 / √π · exp(−x²)
void vjp(ErfOp op, OpGradients &g) {
  Value x = op.getInput(), bell = g.unary<ExpOp>(g.neg(g.times(x, x)));
  g.add(0, g.times(g.cotangent(), g.times(bell, 1.1283791670955126)));
}

void vjp(AddOp, OpGradients &g) {
  g.add(0, g.cotangent());
  g.add(1, g.cotangent());
}
void vjp(SubOp, OpGradients &g) {
  g.add(0, g.cotangent());
  if (g.needs(1))
    g.add(1, g.neg(g.cotangent()));
}
void vjp(MulOp op, OpGradients &g) {
  if (g.needs(0))
    g.add(0, g.times(g.cotangent(), op.getRhs()));
  if (g.needs(1))
    g.add(1, g.times(g.cotangent(), op.getLhs()));
}
/// −(x / y) / y for the divisor, which does not overflow where y² would
void vjp(DivOp op, OpGradients &g) {
  if (g.needs(0))
    g.add(0, g.over(g.cotangent(), op.getRhs()));
  if (g.needs(1))
    g.add(1, g.neg(g.times(g.cotangent(), g.over(op.getResult(), op.getRhs()))));
}
void vjp(RemOp op, OpGradients &g) {
  g.add(0, g.cotangent());
  if (g.needs(1))
    g.add(1, g.neg(g.times(g.cotangent(), g.unary<FloorOp>(g.over(op.getLhs(), op.getRhs())))));
}

/// y xʸ⁻¹, 0 where y = 0; and xʸ ln x, 0 where x = 0 and y ≥ 0
void vjp(PowOp op, OpGradients &g) {
  Value x = op.getLhs(), y = op.getRhs();
  if (g.needs(0)) {
    Value lower = g.binary<PowOp>(x, g.minus(y, g.number(1, y)));
    Value slope = g.times(g.cotangent(), g.times(y, lower));
    g.add(0, g.select(g.compare(Predicate::eq, y, 0), g.number(0, y), slope));
  }
  if (g.needs(1)) {
    Value flat = g.binary<MulOp>(g.compare(Predicate::eq, x, 0), g.compare(Predicate::ge, y, 0));
    Value slope = g.times(g.cotangent(), g.times(op.getResult(), g.unary<LogOp>(x)));
    g.add(1, g.select(flat, g.number(0, x), slope));
  }
}

/// Ties share the gradient equally.
void vjp(MaxOp op, OpGradients &g) {
  Value x = op.getLhs(), y = op.getRhs(), tie = g.compare(Predicate::eq, x, y);
  Value share = g.select(tie, g.times(g.cotangent(), 0.5), g.cotangent());
  if (g.needs(0))
    g.add(0, g.select(g.compare(Predicate::lt, x, y), g.number(0, x), share));
  if (g.needs(1))
    g.add(1, g.select(g.compare(Predicate::lt, y, x), g.number(0, x), share));
}

void vjp(SelectOp op, OpGradients &g) {
  if (g.needs(1))
    g.add(1, g.where(op.getCondition(), g.cotangent()));
  if (g.needs(2))
    g.add(2, g.select(op.getCondition(), g.number(0, g.cotangent()), g.cotangent()));
}

void vjp(CastOp op, OpGradients &g) {
  Type from = cast<RankedTensorType>(op.getInput().getType()).getElementType();
  if (isa<FloatType>(from))
    g.add(0, g.cast(g.cotangent(), from));
}

/// Constant between its jumps, or cut off on purpose.
template <typename Op> void none(Op, OpGradients &) {}

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<GradientModel<Ops, vjp>>(*context), ...);
}
template <typename... Ops> void attachNone(MLIRContext *context) {
  (Ops::template attachInterface<GradientModel<Ops, none<Ops>>>(*context), ...);
}

} // namespace

void rune::registerScalarGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<NegOp, AbsOp, SqrtOp, ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanhOp, ErfOp, AddOp, SubOp, MulOp,
           DivOp, RemOp, PowOp, MaxOp, SelectOp, CastOp>(context);
    attachNone<FloorOp, RoundOp, CompareOp, DetachOp>(context);
  });
}
