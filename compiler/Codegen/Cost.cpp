// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

int64_t rune::elementCost(linalg::GenericOp op) {
  int64_t cost = 0;
  for (Operation &nested : op.getBody()->without_terminator()) {
    if (isa<arith::RemFOp>(nested))
      cost += 32;
    else if (isa<math::AbsFOp, math::FloorOp, math::FmaOp>(nested) || nested.getDialect()->getNamespace() == "arith")
      cost += isa<arith::DivFOp, arith::DivSIOp, arith::RemSIOp>(nested) ? 8 : 1;
    else if (!isa<linalg::IndexOp, arith::ConstantOp>(nested))
      cost += 16; // functions, and gathers
  }
  return cost;
}
