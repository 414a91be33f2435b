// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions, the matrix product, and attention.

#include "Gradients/OpGradients.h"

using namespace mlir;
using namespace rune;

namespace {

void vjp(ReduceSumOp op, OpGradients &g) { g.add(0, g.unreduce(g.cotangent(), op.getDims(), getDims(op.getInput()))); }

/// Ties share the gradient equally.
void vjp(ReduceMaxOp op, OpGradients &g) {
  Value x = op.getInput();
  auto shape = getDims(x);
  Value largest = g.compare(Predicate::eq, x, g.unreduce(op.getResult(), op.getDims(), shape));
  Type element = cast<RankedTensorType>(x.getType()).getElementType();
  Value ties = g.reduceSum(g.cast(largest, element), op.getDims());
  g.add(0, g.where(largest, g.unreduce(g.over(g.cotangent(), ties), op.getDims(), shape)));
}

void vjp(ArgmaxOp, OpGradients &) {}

/// The leading dimensions as one.
Value flattenRows(OpGradients &g, Value x) {
  auto dims = getDims(x);
  return g.reshape(x, {product(ArrayRef<DimExpr>(dims).drop_back()), dims.back()});
}

void vjp(MatmulOp op, OpGradients &g) {
  if (g.needs(0))
    g.add(0, g.matmul(g.cotangent(), g.transposeLast(op.getRhs())));
  if (!g.needs(1))
    return;
  bool shared = getDims(op.getRhs()).size() == 2;
  Value x = shared ? flattenRows(g, op.getLhs()) : op.getLhs();
  Value y = shared ? flattenRows(g, g.cotangent()) : g.cotangent();
  g.add(1, g.matmul(g.transposeLast(x), y));
}

void vjp(AttentionOp op, OpGradients &g) {
  // Nothing but this rule reads `logsum`.
  auto grad = AttentionGradOp::create(g.builder, g.loc, op.getQuery(), op.getKey(), op.getValue(), op.getResult(),
                                      op.getLogsum(), g.cotangent(), op.getScale(), op.getCausal());
  for (auto [i, value] : llvm::enumerate(grad.getResults()))
    if (g.needs(i))
      g.add(i, value);
}

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<GradientModel<Ops, vjp>>(*context), ...);
}

} // namespace

void rune::registerReductionGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<ReduceSumOp, ReduceMaxOp, ArgmaxOp, MatmulOp, AttentionOp>(context);
  });
}
