// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lowerings of single primitives share: the function being made, sizes as values, generic ops.

#ifndef RUNE_CODEGEN_LINALGLOWERING_H
#define RUNE_CODEGEN_LINALGLOWERING_H

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace rune {

/// The state of the lowering of one function.
class LinalgLowering {
public:
  LinalgLowering(mlir::OpBuilder &builder, RuneModuleOp module) : builder(builder), module(module) {}

  mlir::OpBuilder &builder;
  RuneModuleOp module;
  mlir::Value state;                    // the arena of members, memref<?xi8>
  mlir::Value context;                  // the call's rune_context
  mlir::Value training;                 // the arena of slots
  llvm::StringMap<mlir::Value> symbols; // the entry's dynamic sizes, index
  mlir::Location loc = builder.getUnknownLoc();
  int64_t hookSites = 0;
  int64_t checks = 0;

  /// The lowered value; its op is lowered on first use, so that what nothing reads leaves nothing behind.
  mlir::Value lookup(mlir::Value source);
  void lower(mlir::Operation *op);
  /// The lowered value with every element rounded to bfloat16, as f32: once, whoever reads it.
  mlir::Value roundedToBf16(mlir::Value source);
  void map(mlir::Value source, mlir::Value target) { mapping.map(source, target); }

  /// The type at this level: no encoding, booleans as bytes.
  mlir::RankedTensorType convert(mlir::Type type);

  mlir::Value index(int64_t value);
  /// A polynomial of sizes as an index value.
  mlir::Value size(const DimExpr &dim);
  /// The same, as an attribute where it is constant.
  mlir::OpFoldResult foldedSize(const DimExpr &dim);
  llvm::SmallVector<mlir::OpFoldResult> foldedSizes(llvm::ArrayRef<DimExpr> dims);
  /// An uninitialised tensor of a type of the rune dialect.
  mlir::Value empty(mlir::Type type);
  mlir::Value empty(llvm::ArrayRef<DimExpr> dims, mlir::Type element);
  /// A tensor of one value everywhere.
  mlir::Value filled(mlir::Type type, mlir::TypedAttr scalar);

  /// All-parallel generic op over the result's dimensions.
  mlir::Value elementwise(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> inputMaps, mlir::Type resultType,
                          llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> body);

  /// The tensor under another shape; `from` and `to` are its shapes.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<DimExpr> from, llvm::ArrayRef<DimExpr> to);

  /// Before anything else: the members that the function writes.
  void declareWritten(mlir::func::FuncOp function);
  /// The member's storage of the given number, as a tensor that is read-only unless the function writes it.
  mlir::Value member(llvm::StringRef name, unsigned storage);
  /// Its row-major value.
  mlir::Value member(llvm::StringRef name);
  /// Gives every storage of a member its new value.
  void setMember(llvm::StringRef name, mlir::Value value);
  /// The same with the panels of rune.get_panels.
  mlir::Value memberPanels(llvm::StringRef name);
  void setMemberPanels(llvm::StringRef name, mlir::Value panels);
  /// A word of the call's rune_context, i64.
  mlir::Value contextWord(unsigned index);

private:
  mlir::Value unpacked(mlir::Value panels);
  mlir::Value repackedSquares(mlir::Value panels);
  mlir::Value packed(StorageAttr storage, mlir::Value value, mlir::Value panels);
  mlir::Operation *ownerOf(llvm::StringRef name);
  struct Storage {
    mlir::Value view, tensor;
  };
  Storage view(mlir::Operation *owner, unsigned storage, bool writable);

  mlir::IRMapping mapping;
  llvm::DenseMap<mlir::Value, mlir::Value> rounded;
  std::map<std::pair<mlir::Operation *, unsigned>, Storage> written;
};

/// From places in a broadcast's result to places in its input.
mlir::AffineMap broadcastMap(BroadcastOp op);

/// The transposition of a result of attention's that is the only form in which anything else reads it: attention writes
/// that. Null where there is none.
TransposeOp transpositionInPlace(mlir::Value value);

/// Between the boolean of scalar arithmetic and the byte in memory.
mlir::Value loadBool(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value stored, mlir::Type element);
mlir::Value storeBool(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scalar);

void registerScalarLowerings(mlir::DialectRegistry &registry);
void registerShapeLowerings(mlir::DialectRegistry &registry);
void registerRandomLowerings(mlir::DialectRegistry &registry);
void registerReductionLowerings(mlir::DialectRegistry &registry);
void registerStructureLowerings(mlir::DialectRegistry &registry);
void registerAttentionLowerings(mlir::DialectRegistry &registry);

} // namespace rune

#endif // RUNE_CODEGEN_LINALGLOWERING_H
