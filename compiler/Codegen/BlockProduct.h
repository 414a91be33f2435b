// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_BLOCKPRODUCT_H
#define RUNE_CODEGEN_BLOCKPRODUCT_H

#include "Codegen/Structured.h"

namespace rune {

/// Matrices of a kernel's own making, and vectors over them.
class Lanes {
public:
  Lanes(Scheduling &scheduling, mlir::Type element)
      : kernel(scheduling.kernel), b(scheduling.kernel.b), target(scheduling.target), element(element),
        lanes(scheduling.target.lanes(element.getIntOrFloatBitWidth())) {}

  mlir::Type vectorType() const;
  mlir::Value splat(double value);
  mlir::Value add(mlir::Value x, mlir::Value y) { return mlir::arith::AddFOp::create(b, kernel.loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return mlir::arith::SubFOp::create(b, kernel.loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return mlir::arith::MulFOp::create(b, kernel.loc, x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return mlir::arith::DivFOp::create(b, kernel.loc, x, y); }
  mlir::Value larger(mlir::Value x, mlir::Value y);
  /// x · y + sum, rounded once where the target can.
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value sum);
  mlir::Value select(mlir::Value mask, mlir::Value x, mlir::Value y);
  /// The first `count` lanes: none where it is negative.
  mlir::Value firstLanes(mlir::Value count);

  /// Memory of the kernel's own for so many elements.
  Access scratch(int64_t elements);
  mlir::Value load(const Access &access, mlir::Value place, mlir::Value mask = {}) {
    return loadLanes(kernel, access, place, DimExpr(1), lanes, mask);
  }
  mlir::Value loadScalar(const Access &access, mlir::Value place);
  void store(const Access &access, mlir::Value place, mlir::Value value, mlir::Value mask = {}) {
    storeLanes(kernel, access, place, value, mask);
  }

  Kernel &kernel;
  mlir::OpBuilder &b;
  const TargetDesc &target;
  mlir::Type element;
  int64_t lanes;
};

/// A small product whose sides are read where they lie: for each row and vector of columns one chain of fused
/// multiply-adds over ascending k.
struct BlockProduct {
  /// Element (row, k) at start + row · rowStride + k · depthStride.
  struct Left {
    const Access &access;
    mlir::Value start;
    DimExpr rowStride, depthStride;
  };
  /// Element (k, column) at start + k · depthStride + column · columnStride.
  struct Right {
    const Access &access;
    mlir::Value start;
    DimExpr depthStride, columnStride;
  };
  /// A vector of the product: its row, its first column, and the mask of the columns that there are (null where all).
  struct Place {
    mlir::Value row, column, mask;
  };

  Left left;
  Right right;
  mlir::Value rows, depth;
  int64_t columns;
  llvm::function_ref<mlir::Value(Place)> start; // what the chain begins with
  llvm::function_ref<void(Place, mlir::Value)> finish;

  void write(Lanes &lanes) const;

private:
  void writeColumns(Lanes &lanes, mlir::Value column, int64_t vectors, int64_t lastCount) const;
  void writeTile(Lanes &lanes, mlir::Value row, int64_t height, mlir::Value column, int64_t vectors,
                 int64_t lastCount) const;
};

} // namespace rune

#endif // RUNE_CODEGEN_BLOCKPRODUCT_H
