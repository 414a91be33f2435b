// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory each step of a bufferized function reads and writes.

#ifndef RUNE_CODEGEN_MEMORYUSE_H
#define RUNE_CODEGEN_MEMORYUSE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/DenseMap.h"

namespace rune {

/// The top-level ops of a function before `plan-memory` that touch memory, in order. Views of one allocation, and of
/// one place in an arena, are one buffer: members and slots do not overlap.
class MemoryUse {
public:
  struct Buffer {
    mlir::Value root;                             // what allocates it, an argument, or a view of an arena
    mlir::memref::AllocOp alloc;                  // null for memory of the caller
    bool arena = false;                           // a place in the state or training arena
    llvm::SmallVector<unsigned> readers, writers; // steps, ascending; one that does both is in both
    bool isAllocated() const { return alloc != nullptr; }
  };
  struct Step {
    mlir::Operation *op;
    llvm::SmallVector<unsigned> reads, writes; // buffers, each once
    llvm::SmallVector<unsigned> sources;       // steps whose results it is computed from: loaded numbers
    bool check = false;                        // nothing after it happens where it fails
    bool barrier = false;                      // foreign code, or effects that are not known
  };

  explicit MemoryUse(mlir::func::FuncOp function);

  llvm::ArrayRef<Step> steps() const { return allSteps; }
  llvm::ArrayRef<Buffer> buffers() const { return allBuffers; }
  /// The buffer that a memref is a view of; nothing for scalars' memory that no step touches.
  std::optional<unsigned> bufferOf(mlir::Value memref) const;

private:
  void addStep(mlir::Operation *op);
  unsigned number(mlir::Value memref);
  void findSources();

  std::vector<Step> allSteps;
  std::vector<Buffer> allBuffers;
  llvm::DenseMap<mlir::Value, unsigned> ofRoot;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, unsigned> ofPlace;
};

/// Puts the steps in the given order; sizes, views and allocations follow what needs them.
void reorder(mlir::func::FuncOp function, const MemoryUse &use, llvm::ArrayRef<unsigned> order);

} // namespace rune

#endif // RUNE_CODEGEN_MEMORYUSE_H
