// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What structured ops cost, roughly.

#ifndef RUNE_CODEGEN_COST_H
#define RUNE_CODEGEN_COST_H

#include "Codegen/SymbolicIndex.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace rune {

/// Vector instructions for an element (of all lanes), without loads and stores.
int64_t elementCost(mlir::linalg::GenericOp op);

/// Nanoseconds for a thousand elements: vectors of four to sixteen with their loads and stores, and what the body adds.
inline int64_t nanosecondsForThousand(mlir::linalg::GenericOp op) { return 100 + 30 * elementCost(op); }

/// What a structured op on memrefs computes and moves: floating-point operations, of which a fused multiply-add is two
/// and a function one, and the bytes of its operands, each once.
struct OpCost {
  DimExpr flops, bytes;
};
OpCost costOf(mlir::Operation *op, const SymbolicIndex &symbols);

} // namespace rune

#endif // RUNE_CODEGEN_COST_H
