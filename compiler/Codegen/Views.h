// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memrefs as what loops address: a flat buffer, and strides over an iteration space.

#ifndef RUNE_CODEGEN_VIEWS_H
#define RUNE_CODEGEN_VIEWS_H

#include "Codegen/SymbolicIndex.h"

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"

namespace rune {

/// A buffer before any index: an input or output, a place in an arena, or a constant.
struct Root {
  mlir::Value value; // a function argument, an arena for `bytes`, a memref.get_global, or what is not placed yet
  DimExpr bytes;     // offset in the arena, or in an input
  bool arena = false;
  mlir::Type element;
  DimExpr count = 0; // elements

  bool operator==(const Root &other) const {
    return value == other.value && arena == other.arena && element == other.element && bytes == other.bytes;
  }
};

/// Elements of a root at offset + Σ index · stride.
struct View {
  Root root;
  DimExpr offset;
  llvm::SmallVector<DimExpr> sizes, strides;

  /// The strides over an iteration space of which `map` gives the places here; constants in the map are place 0.
  llvm::SmallVector<DimExpr> stridesOver(mlir::AffineMap map) const;
};

/// Follows views (subview, reshapes, casts, transposes) down to the root. Nothing where one of them is unknown.
std::optional<View> resolveView(mlir::Value memref, const SymbolicIndex &symbols);

/// Row-major strides.
llvm::SmallVector<DimExpr> contiguousStrides(llvm::ArrayRef<DimExpr> sizes);

} // namespace rune

#endif // RUNE_CODEGEN_VIEWS_H
