// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each kind of structured op: writes it as loops into a kernel.

#ifndef RUNE_CODEGEN_STRUCTURED_H
#define RUNE_CODEGEN_STRUCTURED_H

#include "Codegen/Kernel.h"
#include "Codegen/TargetDesc.h"
#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace rune {

/// What every writer gets. Each fails, with an error at the op, where an operand's memory is not known.
struct Scheduling {
  Kernel &kernel;
  const SymbolicIndex &symbols;
  const TargetDesc &target;

  /// The operand over an iteration space.
  mlir::FailureOr<Access> access(mlir::Operation *op, mlir::Value memref, mlir::AffineMap map);
  mlir::FailureOr<View> view(mlir::Operation *op, mlir::Value memref);
};

/// Matrix products: test/Codegen/schedule/contract.mlir.
llvm::LogicalResult scheduleContract(ContractOp op, Scheduling &scheduling);
/// Attention, and its gradients: test/Codegen/differential/attention.mlir.
llvm::LogicalResult scheduleAttend(AttendOp op, Scheduling &scheduling);
llvm::LogicalResult scheduleAttendGrad(AttendGradOp op, Scheduling &scheduling);
/// Packing into panels: test/Codegen/schedule/pack.mlir.
llvm::LogicalResult schedulePack(PackOp op, Scheduling &scheduling);
/// Scattered additions: test/Codegen/schedule/scatter.mlir.
llvm::LogicalResult scheduleScatter(ScatterOp op, Scheduling &scheduling);
/// All-parallel generic ops: test/Codegen/schedule/elementwise.mlir.
llvm::LogicalResult scheduleElementwise(mlir::linalg::GenericOp op, Scheduling &scheduling);
/// Writes a copy that swaps the last two dimensions, where these are whole vectors of the target's; false for other
/// ops. Test: test/Codegen/schedule/transposition.mlir.
bool scheduleTransposition(mlir::linalg::GenericOp op, Scheduling &scheduling);
/// Generic ops that sum or take a maximum; `overwrite`: the destination holds the neutral element.
/// Test: test/Codegen/schedule/reduction.mlir.
llvm::LogicalResult scheduleReduction(mlir::linalg::GenericOp op, bool overwrite, Scheduling &scheduling);
/// Whether scheduleReduction can take the op.
bool isSimpleReduction(mlir::linalg::GenericOp op);
/// Whether a reduction that starts from the value gives what its elements alone give.
bool isNeutralStart(mlir::linalg::GenericOp op, mlir::Value start);
/// Any generic op, element by element: test/Codegen/schedule/scalar.mlir.
llvm::LogicalResult scheduleScalar(mlir::linalg::GenericOp op, Scheduling &scheduling);
/// Test: test/Codegen/schedule/check-index.mlir.
llvm::LogicalResult scheduleCheckIndex(CheckIndexOp op, mlir::Value workspace, Scheduling &scheduling);

/// The extents of a generic op's iteration space.
mlir::FailureOr<llvm::SmallVector<DimExpr>> iterationSizes(mlir::linalg::GenericOp op, Scheduling &scheduling);

/// Sets the status word to `code` where the condition does not hold and nothing failed before.
void emitFailUnless(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value condition, int32_t code,
                    mlir::Value status);

} // namespace rune

#endif // RUNE_CODEGEN_STRUCTURED_H
