// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Index values of a function as polynomials of its symbols, and back.

#ifndef RUNE_CODEGEN_SYMBOLICINDEX_H
#define RUNE_CODEGEN_SYMBOLICINDEX_H

#include "Dialect/DimExpr.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace rune {

/// The polynomial as index arithmetic, given the value of each symbol.
mlir::Value materializeIndex(mlir::OpBuilder &builder, mlir::Location loc, const DimExpr &dim,
                             llvm::function_ref<mlir::Value(llvm::StringRef)> symbol);

/// The symbols of a function with arenas: its trailing index arguments, named by `rune.symbols`.
class SymbolicIndex {
public:
  explicit SymbolicIndex(mlir::func::FuncOp function);

  /// The polynomial that an index value computes, if it is one.
  std::optional<DimExpr> toDim(mlir::Value value) const;
  std::optional<DimExpr> toDim(mlir::OpFoldResult value) const;
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc, const DimExpr &dim) const;

  llvm::ArrayRef<std::string> names() const { return order; }
  mlir::Value value(llvm::StringRef name) const { return values.lookup(name); }

private:
  std::optional<DimExpr> sizeOf(mlir::Value buffer, int64_t index) const;

  std::vector<std::string> order;
  llvm::StringMap<mlir::Value> values;
  llvm::DenseMap<mlir::Value, std::string> symbolOf;
};

} // namespace rune

#endif // RUNE_CODEGEN_SYMBOLICINDEX_H
