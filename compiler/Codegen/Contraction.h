// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A matrix product that is being written: its operands as flat buffers, and what its two forms share. Every element is
// one chain of fused multiply-adds over ascending k, whatever the form, so that tiles, blocks, widths and remainders
// agree in every bit.

#ifndef RUNE_CODEGEN_CONTRACTION_H
#define RUNE_CODEGEN_CONTRACTION_H

#include "Codegen/Structured.h"

namespace rune {

class Contraction {
public:
  Contraction(ContractOp op, Scheduling &scheduling)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b) {}

  llvm::LogicalResult collect();

  /// Where a matrix stands: the element offset of its first row in every operand.
  struct Place {
    mlir::Value lhs, rhs;
    llvm::SmallVector<mlir::Value> outs, extras;
  };
  /// The same behind indices of the leading dimensions.
  Place advance(Place place, unsigned dim, mlir::Value iv);
  Place start();

  /// Dimensions before the rows.
  unsigned outerDims() const { return hasRows ? lead - 1 : lead; }
  DimExpr rows() const { return hasRows ? sizes[lead - 1] : DimExpr(1); }
  const DimExpr &columns() const { return sizes.back(); }
  DimExpr panels() const { return columns().ceilDiv(DimExpr(panelLanes)); }
  /// From row to row.
  DimExpr rowStride(const Access &access) const { return hasRows ? access.strides[lead - 1] : DimExpr(0); }
  /// Nanoseconds of all of one matrix, roughly: two vectors of multiply-adds in a cycle.
  DimExpr nanoseconds() const;

  /// Rows of a full tile, and whole panels that a tile of `rows` has beside each other: as many as registers hold, up
  /// to eight vectors, so that few rows too have enough chains to keep the multipliers busy. A single row reads its
  /// panels from memory operands.
  int64_t fullRows() const;
  int64_t panelsPerTile(int64_t rows) const;

  mlir::Type vectorType() const;
  mlir::Value zero();
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value sum);

  /// How many k a row of a panel holds: 2 of bfloat16.
  int64_t together() const { return pairs ? 2 : 1; }
  /// Rows of a panel.
  DimExpr panelRows() const { return depth.ceilDiv(DimExpr(together())); }
  /// A tile's sums, row by row, with one row of its panels: `left` has the scalars of each of the tile's rows
  /// (`together()`, or one where the last k is alone), `right` the vectors.
  llvm::SmallVector<mlir::Value> multiplyRow(llvm::ArrayRef<llvm::SmallVector<mlir::Value, 2>> left,
                                             llvm::ArrayRef<mlir::Value> right, mlir::ValueRange sums);
  /// Code that multiplies tiles of so many rows, in the mode that this needs.
  void inMode(int64_t rows, llvm::function_ref<void()> write);
  /// The epilogue of one vector of sums, and its store. `valid`: its columns that there are; nothing where all are.
  void finish(const Place &matrix, mlir::Value row, mlir::Value column, mlir::Value sum,
              const std::optional<DimExpr> &valid);

  ContractOp op;
  Scheduling &s;
  Kernel &kernel;
  mlir::OpBuilder &b;
  unsigned lead = 0;                // dimensions of the result before the columns
  unsigned batch = 0;               // those of them that the right side has, too
  bool hasRows = false;             // the last of `lead` is not one of `batch`
  llvm::SmallVector<DimExpr> sizes; // of the result
  Access lhs, rhs;
  llvm::SmallVector<Access> outs, extras;
  llvm::SmallVector<DimExpr> outPanelStrides, extraPanelStrides; // from panel to panel, where the result is panels
  DimExpr depth, panelStride;
  llvm::SmallVector<DimExpr> batchStrides; // of the right side
  int64_t panelLanes = 16, lanes = 8, panelVectors = 2;
  mlir::Type element; // of sums
  bool pairs = false; // the right side holds bfloat16

private:
  /// How sums of bfloat16 are made: by the instruction, or by fused multiply-adds, after which sums that are subnormal
  /// become zero in a mode of the processor or by instructions of their own.
  enum class Bf16Form { Instruction, Mode, Select };
  Bf16Form bf16Form(int64_t rows) const;
  llvm::SmallVector<mlir::Value> multiplyPairs(llvm::ArrayRef<llvm::SmallVector<mlir::Value, 2>> left,
                                               llvm::ArrayRef<mlir::Value> right, mlir::ValueRange sums);

  void mergePanels();
  mlir::Value columnPlace(mlir::Value at, mlir::Value column, const DimExpr &stride, llvm::ArrayRef<DimExpr> panels,
                          unsigned number);
  void mergeRows();
  bool mergeable(unsigned dim);
  void scatter(const Access &out, mlir::Value at, mlir::Value result, const DimExpr &valid);
};

/// Tiles that read the left side where it lies.
class ContractTiles {
public:
  explicit ContractTiles(Contraction &product)
      : product(product), kernel(product.kernel), b(product.b), panelLanes(product.panelLanes),
        panelVectors(product.panelVectors) {}

  /// Of one matrix; its panels, or its rows, may be shared by threads.
  void write(const Contraction::Place &matrix, bool threads);
  /// The rows of the range `panels` (without the ragged one unless `withRagged` says so), at most `mostRows` at a time.
  void writePanels(const Contraction::Place &matrix, mlir::Value firstPanel, mlir::Value lastPanel,
                   mlir::Value withRagged, const DimExpr &rows, int64_t mostRows);

private:
  using Range = std::pair<mlir::Value, mlir::Value>;
  struct Columns {
    mlir::Value firstPanel, lastPanel, withRagged;
  };
  void writeRows(const Contraction::Place &matrix, const Columns &columns, const DimExpr &rows, int64_t most);
  void writeRowTiles(const Contraction::Place &matrix, const Columns &columns, Range rows, int64_t height);
  void writeTile(const Contraction::Place &matrix, mlir::Value row, mlir::Value panel, int64_t height, int64_t count,
                 bool ragged);
  void shareRows(const Contraction::Place &matrix);

  Contraction &product;
  Kernel &kernel;
  mlir::OpBuilder &b;
  int64_t panelLanes, panelVectors;
};

/// Large products: blocks of the left side are copied into memory that tiles read in one run, partial sums wait beside
/// it, so that both stay in the second-level cache while the right side streams by, and no stride meets a power of two.
class ContractBlocks {
public:
  explicit ContractBlocks(Contraction &product);

  /// Whether the product is large enough, as far as its sizes are known.
  static bool isWorth(const Contraction &product);
  /// All matrices; their blocks may be shared by threads.
  void write();

private:
  struct Block {
    Contraction::Place matrix;
    mlir::Value row, rows;       // the first, and how many
    mlir::Value panel, panels;   // the same
    mlir::Value fullTiles, rest; // tiles of the full height, and rows behind them
  };
  void writeUnit(mlir::Value unit);
  void writeBlock(const Block &block);
  void pack(const Block &block, mlir::Value k, mlir::Value depth);
  void packRun(const Block &block, mlir::Value tile, mlir::Value k, mlir::Value depth);
  void packRows(const Block &block, mlir::Value tile, mlir::Value k, mlir::Value depth);
  void multiply(const Block &block, mlir::Value k, mlir::Value depth);
  void multiplyPanels(const Block &block, mlir::Value k, mlir::Value depth, mlir::Value panel, int64_t count);
  llvm::SmallVector<mlir::Value> rowPlaces(const Block &block, mlir::Value k, mlir::Value tile, int64_t height,
                                           bool partial);
  void writeTile(const Block &block, mlir::Value k, mlir::Value depth, mlir::Value panel, mlir::Value tile,
                 int64_t height, int64_t count, bool partial);
  void prefetch(mlir::Value tile, mlir::Value first, mlir::Value depth, llvm::ArrayRef<mlir::Value> panelStarts);
  void writeEpilogue(const Block &block);

  Contraction &product;
  Kernel &kernel;
  mlir::OpBuilder &b;
  int64_t lanes, panelLanes, panelVectors;
  int64_t tileRows, blockRows, blockPanels, blockDepth;
  bool rowsAreRuns; // the left side's rows, not its k, are side by side in memory
  bool packs;       // the left side is copied
  Access packed, sums;
};

} // namespace rune

#endif // RUNE_CODEGEN_CONTRACTION_H
