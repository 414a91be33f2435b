// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An outlined function of loops over flat buffers, as it is being written.

#ifndef RUNE_CODEGEN_KERNEL_H
#define RUNE_CODEGEN_KERNEL_H

#include "Codegen/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

namespace rune {

class Kernel {
public:
  /// `threads`: its work may be split between several.
  Kernel(mlir::MLIRContext *context, mlir::Location loc, const SymbolicIndex &outer, bool threads);
  ~Kernel();
  Kernel(const Kernel &) = delete;

  mlir::OpBuilder b;
  mlir::Location loc;

  /// The flat buffer of a root, an argument of the kernel.
  mlir::Value buffer(const Root &root);
  /// A value of the caller: a constant or a size is made again here, any other scalar becomes an argument.
  mlir::Value capture(mlir::Value outerValue);
  mlir::Value index(const DimExpr &dim);
  mlir::Value index(int64_t value) { return index(DimExpr(value)); }

  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, int64_t y);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value x, mlir::Value y);
  /// The body only where the condition holds; straight code where that is known.
  void runIf(mlir::Value condition, llvm::function_ref<void()> body);
  /// base + value · stride
  mlir::Value advance(mlir::Value base, mlir::Value value, const DimExpr &stride);

  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)>;
  /// `for iv = from to to by step` with loop-carried values; a loop of at most one round becomes straight code.
  llvm::SmallVector<mlir::Value> loop(const DimExpr &from, const DimExpr &to, int64_t step, mlir::ValueRange carried,
                                      Body body);
  void loop(const DimExpr &from, const DimExpr &to, int64_t step, llvm::function_ref<void(mlir::Value iv)> body);
  /// The same between bounds that are computed.
  llvm::SmallVector<mlir::Value> loop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange carried,
                                      Body body);
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value iv)> body);
  /// Step 1, and the wish (`rune.unroll`) that the compiler behind us does `count` rounds at a time.
  llvm::SmallVector<mlir::Value> unrolledLoop(mlir::Value from, mlir::Value to, int64_t count, mlir::ValueRange carried,
                                              Body body);

  /// Work that may be split between threads: `body` does the units from `begin` to `end` of `count`, and whatever the
  /// ranges, the results are the same bits. Once in a kernel, not inside of a loop. `nanoseconds` is what all of it
  /// takes one thread, roughly.
  void parallel(const DimExpr &count, const DimExpr &nanoseconds,
                llvm::function_ref<void(mlir::Value begin, mlir::Value end)> body);
  /// Whether there may be enough of it.
  bool isWorthThreads(const DimExpr &count, const DimExpr &nanoseconds) const;

  /// Lanes 0, 1, … as an index vector.
  mlir::Value laneNumbers(int64_t lanes);
  /// The first `count` of the lanes: vector.create_mask, or vector.constant_mask where the count is a constant.
  mlir::Value mask(int64_t lanes, const DimExpr &count);

  /// What the caller passes: a buffer, a symbol, or a scalar of its own.
  using Argument = std::variant<Root, std::string, mlir::Value>;
  /// Ends the function; `function` is detached, `arguments` are in the order of its block's. Where it has work for
  /// several threads, that is `part`: the function's arguments, then a range.
  struct Finished {
    mlir::func::FuncOp function, part;
    llvm::SmallVector<Argument> arguments;
  };
  Finished finish(llvm::StringRef name);

private:
  mlir::Value addArgument(mlir::Type type, std::variant<Root, std::string, mlir::Value> source);
  void close(mlir::func::FuncOp ended);
  mlir::func::FuncOp writeLauncher(mlir::func::FuncOp part);

  const SymbolicIndex &outer;
  bool threads;
  mlir::func::FuncOp function;
  mlir::Operation *lastOfPreamble = nullptr;
  struct Ranges {
    mlir::Value begin, end; // placeholders until the function ends
    DimExpr count, nanoseconds;
  };
  std::optional<Ranges> ranges;
  std::vector<std::pair<Root, mlir::Value>> buffers;
  std::map<std::string, mlir::Value> sizes, symbols;
  llvm::DenseMap<mlir::Value, mlir::Value> captured;
  llvm::SmallVector<std::variant<Root, std::string, mlir::Value>> arguments;
};

/// A memref operand as a kernel sees it: its buffer, and strides over the iteration space.
struct Access {
  mlir::Value buffer;
  DimExpr offset;
  llvm::SmallVector<DimExpr> strides;
  mlir::Type element;
};

/// Reads `lanes` elements (or one, as a scalar) at `place`, `stride` apart: a scalar where the stride is 0. With a
/// mask, lanes without it are zero and their places not touched.
mlir::Value loadLanes(Kernel &kernel, const Access &access, mlir::Value place, const DimExpr &stride, int64_t lanes,
                      mlir::Value mask = {});
/// Writes a vector or a scalar.
void storeLanes(Kernel &kernel, const Access &access, mlir::Value place, mlir::Value value, mlir::Value mask = {});

/// The scalar in every lane, where it is not a vector yet.
mlir::Value spread(Kernel &kernel, mlir::Value value, int64_t lanes);

} // namespace rune

#endif // RUNE_CODEGEN_KERNEL_H
