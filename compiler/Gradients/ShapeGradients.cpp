// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Primitives that move elements: each gradient moves them back.

#include "Gradients/OpGradients.h"

using namespace mlir;
using namespace rune;

namespace {

void vjp(ReshapeOp op, OpGradients &g) { g.add(0, g.reshape(g.cotangent(), getDims(op.getInput()))); }

void vjp(BroadcastOp op, OpGradients &g) {
  auto from = getDims(op.getInput()), to = getDims(op.getResult());
  SmallVector<int64_t> repeated;
  for (size_t i = 0; i < to.size(); ++i) {
    size_t added = to.size() - from.size();
    if (i < added || from[i - added] != to[i])
      repeated.push_back(i);
  }
  g.add(0, g.reshape(g.reduceSum(g.cotangent(), repeated), from));
}

void vjp(TransposeOp op, OpGradients &g) {
  SmallVector<int64_t> inverse(op.getPermutation().size());
  for (auto [i, from] : llvm::enumerate(op.getPermutation()))
    inverse[from] = i;
  g.add(0, g.transpose(g.cotangent(), inverse));
}

/// Back to their places every `step` elements: zeros after each of them, as another dimension.
Value spaceOut(OpGradients &g, Value x, int64_t dim, int64_t step) {
  SmallVector<DimExpr> dims = getDims(x), apart = dims;
  apart.insert(apart.begin() + dim + 1, DimExpr(1));
  SmallVector<DimExpr> low(apart.size()), high(apart.size());
  high[dim + 1] = DimExpr(step - 1);
  dims[dim] = dims[dim] * DimExpr(step);
  return g.reshape(g.pad(g.reshape(x, apart), low, high), dims);
}

void vjp(SliceOp op, OpGradients &g) {
  Value x = g.cotangent();
  SmallVector<DimExpr> input = getDims(op.getInput()), low = llvm::to_vector(op.getStarts().getDims()), high;
  for (auto [i, step] : llvm::enumerate(op.getSteps())) {
    if (step != 1)
      x = spaceOut(g, x, i, step);
    // The step - 1 zeros after the last element may reach beyond the input, and there may be no element.
    high.push_back(input[i] - low[i] - getDims(x)[i] + DimExpr(step - 1));
  }
  x = g.pad(x, low, high);
  bool reaches = llvm::any_of(op.getSteps(), [](int64_t step) { return step != 1; });
  g.add(0, reaches ? g.slice(x, SmallVector<DimExpr>(input.size()), input) : x);
}

void vjp(PadOp op, OpGradients &g) {
  Value inner = g.slice(g.cotangent(), op.getLow().getDims(), getDims(op.getInput()));
  if (g.needs(0))
    g.add(0, inner);
  if (g.needs(1)) {
    SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, getDims(inner).size()));
    g.add(1, g.minus(g.reduceSum(g.cotangent(), all), g.reduceSum(inner, all)));
  }
}

void vjp(ConcatOp op, OpGradients &g) {
  SmallVector<DimExpr> starts(getDims(op.getResult()).size());
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    auto dims = getDims(input);
    if (g.needs(i))
      g.add(i, g.slice(g.cotangent(), starts, dims));
    starts[op.getDim()] = starts[op.getDim()] + dims[op.getDim()];
  }
}

void vjp(GatherOp op, OpGradients &g) {
  Value zeros = g.number(0, op.getInput());
  g.add(0, ScatterAddOp::create(g.builder, g.loc, zeros, op.getIndices(), g.cotangent(), op.getDim()));
}

void vjp(ScatterAddOp op, OpGradients &g) {
  g.add(0, g.cotangent());
  if (g.needs(2))
    g.add(2, GatherOp::create(g.builder, g.loc, g.cotangent(), op.getIndices(), op.getDim()));
}

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<GradientModel<Ops, vjp>>(*context), ...);
}

} // namespace

void rune::registerShapeGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<ReshapeOp, BroadcastOp, TransposeOp, SliceOp, PadOp, ConcatOp, GatherOp, ScatterAddOp>(context);
  });
}
