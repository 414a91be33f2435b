// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where temporaries lie in the workspace of a function, whatever its sizes are.

#ifndef RUNE_CODEGEN_WORKSPACEPLAN_H
#define RUNE_CODEGEN_WORKSPACEPLAN_H

#include "Dialect/DimExpr.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"

namespace rune {

/// Temporaries whose sizes are multiples of the same monomial share a zone, in which each lies at the lowest offset
/// where nothing that lives at the same time does.
class WorkspacePlan {
public:
  /// What a call needs whatever its sizes: a word of status, and the addresses of the tensors that a hook gets.
  explicit WorkspacePlan(mlir::func::FuncOp function);

  /// A temporary that is touched from the position `first` to `last`. Returns its number.
  unsigned add(const DimExpr &bytes, int64_t first, int64_t last);
  /// After all were added: finds their places.
  void place();

  DimExpr offsetOf(unsigned temporary) const;
  DimExpr total() const;
  /// What no plan can do without: the bytes that live at one time, at each of the times that may be the largest,
  /// depending on the symbols.
  llvm::SmallVector<DimExpr> bounds() const;

private:
  struct Temporary {
    int64_t bytes;       // for one unit of the zone's monomial, aligned
    int64_t first, last; // positions of the first and the last op that touches it
    int64_t offset = 0;  // in the zone, for one unit
  };
  struct Zone {
    DimExpr unit, start;
    llvm::SmallVector<Temporary> temporaries;
    int64_t bytes = 0;
    void place();
  };

  int64_t reserved;
  llvm::MapVector<std::string, Zone, std::map<std::string, unsigned>> zones;
  llvm::SmallVector<std::pair<unsigned, unsigned>> places; // of each temporary: its zone, and its number there
};

/// The bytes of an allocation; nothing where a size is not an expression of the function's symbols.
class SymbolicIndex;
std::optional<DimExpr> allocatedBytes(mlir::memref::AllocOp alloc, const SymbolicIndex &sizes);

} // namespace rune

#endif // RUNE_CODEGEN_WORKSPACEPLAN_H
