// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The micro-kernel: a register tile of rows by whole vectors of panels, its accumulators carried by the loop over k,
// its epilogue applied before the one store.

#include "Codegen/Contraction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace rune;
using Place = Contraction::Place;

void ContractTiles::write(const Place &matrix, bool threads) {
  DimExpr columns = product.columns(), rows = product.rows();
  DimExpr whole = columns.floorDiv(DimExpr(panelLanes)), rest = columns.mod(DimExpr(panelLanes));
  Value yes = arith::ConstantOp::create(b, kernel.loc, b.getBoolAttr(true));
  Columns all{kernel.index(0), kernel.index(whole), yes};
  // As many panels as any tile takes, on any processor.
  constexpr int64_t group = 8;
  DimExpr groups = product.panels().ceilDiv(DimExpr(group));
  bool few = groups.isConstant() && groups.getConstant() < 2;
  if (threads && few)
    return shareRows(matrix);
  if (!threads || !kernel.isWorthThreads(groups, product.nanoseconds()))
    return writeRows(matrix, all, rows, product.fullRows());
  kernel.parallel(groups, product.nanoseconds(), [&](Value begin, Value end) {
    Value first = kernel.mul(begin, kernel.index(group));
    Value last = kernel.min(kernel.mul(end, kernel.index(group)), kernel.index(whole));
    Value withRagged = kernel.compare(arith::CmpIPredicate::eq, end, kernel.index(groups));
    writeRows(matrix, {first, last, withRagged}, rows, product.fullRows());
  });
}

/// Few columns: threads take rows.
void ContractTiles::shareRows(const Place &matrix) {
  constexpr int64_t unit = 12; // whole tiles on any processor
  int64_t most = product.fullRows();
  DimExpr rows = product.rows(), tiles = rows.ceilDiv(DimExpr(unit));
  Value yes = arith::ConstantOp::create(b, kernel.loc, b.getBoolAttr(true));
  Columns all{kernel.index(0), kernel.index(product.columns().floorDiv(DimExpr(panelLanes))), yes};
  DimExpr nanoseconds = product.nanoseconds();
  if (rows.isConstant(1) || !kernel.isWorthThreads(tiles, nanoseconds))
    return writeRows(matrix, all, rows, most);
  kernel.parallel(tiles, nanoseconds, [&](Value begin, Value end) {
    Value full = kernel.index(rows - rows.mod(DimExpr(most)));
    Value first = kernel.mul(begin, kernel.index(unit)), last = kernel.mul(end, kernel.index(unit));
    writeRowTiles(matrix, all, {first, kernel.min(last, full)}, most);
    // What is left over, as below.
    DimExpr rest = rows.mod(DimExpr(most)), from = rows - rest;
    kernel.runIf(kernel.compare(arith::CmpIPredicate::eq, end, kernel.index(tiles)), [&] {
      for (int64_t some = llvm::bit_floor<uint64_t>(most - 1); some >= 1; some /= 2) {
        DimExpr to = from + (some == 1 ? rest : rest.floorDiv(DimExpr(some)) * DimExpr(some));
        rest = rows - to;
        writeRowTiles(matrix, all, {kernel.index(from), kernel.index(to)}, some);
        from = to;
      }
    });
  });
}

void ContractTiles::writePanels(const Place &matrix, Value firstPanel, Value lastPanel, Value withRagged,
                                const DimExpr &rows, int64_t mostRows) {
  writeRows(matrix, {firstPanel, lastPanel, withRagged}, rows, mostRows);
}

void ContractTiles::writeRows(const Place &matrix, const Columns &columns, const DimExpr &rows, int64_t most) {
  if (rows.isConstant()) {
    // Split without leftovers: 64 = 9 × 6 + 2 × 5.
    int64_t count = rows.getConstant();
    if (count == 0)
      return;
    int64_t tiles = llvm::divideCeil(count, most), small = count / tiles, larger = count % tiles;
    Value split = kernel.index(larger * (small + 1));
    writeRowTiles(matrix, columns, {kernel.index(0), split}, small + 1);
    writeRowTiles(matrix, columns, {split, kernel.index(rows)}, small);
    return;
  }
  // What is left over takes halving tiles, each at most once: a switch with a case for every remainder would be several
  // times the code.
  DimExpr rest = rows.mod(DimExpr(most)), from = rows - rest;
  writeRowTiles(matrix, columns, {kernel.index(0), kernel.index(from)}, most);
  for (int64_t height = llvm::bit_floor<uint64_t>(most - 1); height >= 1; height /= 2) {
    DimExpr to = from + (height == 1 ? rest : rest.floorDiv(DimExpr(height)) * DimExpr(height));
    rest = rows - to;
    writeRowTiles(matrix, columns, {kernel.index(from), kernel.index(to)}, height);
    from = to;
  }
}

/// Tiles of `height` rows over the columns: whole panels in groups, then one by one, then the ragged last.
void ContractTiles::writeRowTiles(const Place &matrix, const Columns &columns, Range rows, int64_t height) {
  if (rows.first == rows.second)
    return;
  int64_t group = product.panelsPerTile(height);
  auto tilesAt = [&](Value first, Value last, int64_t count, bool ragged) {
    kernel.loop(first, last, count, [&](Value panel) {
      kernel.loop(rows.first, rows.second, height,
                  [&](Value row) { writeTile(matrix, row, panel, height, count, ragged); });
    });
  };
  Value grouped = columns.lastPanel;
  if (group > 1) {
    Value length = kernel.sub(columns.lastPanel, columns.firstPanel);
    length = kernel.mul(kernel.div(length, group), kernel.index(group));
    grouped = kernel.add(columns.firstPanel, length);
  }
  tilesAt(columns.firstPanel, grouped, group, false);
  if (group > 1)
    tilesAt(grouped, columns.lastPanel, 1, false);
  DimExpr rest = product.columns().mod(DimExpr(panelLanes));
  if (rest.isConstant(0))
    return;
  Value some = kernel.compare(arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0));
  some = b.createOrFold<arith::AndIOp>(kernel.loc, some, columns.withRagged);
  kernel.runIf(some, [&] {
    DimExpr whole = product.columns().floorDiv(DimExpr(panelLanes));
    tilesAt(kernel.index(whole), kernel.index(whole + DimExpr(1)), 1, true);
  });
}

void ContractTiles::writeTile(const Place &matrix, Value row, Value panel, int64_t height, int64_t count, bool ragged) {
  int64_t width = count * panelVectors, lanes = product.lanes;
  SmallVector<Value> zeros(height * width, product.zero());
  DimExpr rowStride = product.rowStride(product.lhs);
  SmallVector<Value> rowStarts;
  for (int64_t i = 0; i < height; ++i)
    rowStarts.push_back(
        rowStride.isConstant(0) ? matrix.lhs : kernel.advance(matrix.lhs, kernel.add(row, kernel.index(i)), rowStride));
  SmallVector<Value> panelStarts;
  for (int64_t p = 0; p < count; ++p)
    panelStarts.push_back(kernel.advance(matrix.rhs, kernel.add(panel, kernel.index(p)), product.panelStride));

  int64_t together = product.together();
  auto multiply = [&](Value k, int64_t numbers, ValueRange sums) {
    SmallVector<Value> right;
    for (Value start : panelStarts) {
      Value at = kernel.add(start, kernel.mul(k, kernel.index(panelLanes)));
      for (int64_t v = 0; v < panelVectors; ++v)
        right.push_back(loadLanes(kernel, product.rhs, kernel.add(at, kernel.index(v * lanes)), DimExpr(1), lanes));
    }
    SmallVector<SmallVector<Value, 2>> left(height);
    for (int64_t i = 0; i < height; ++i)
      for (int64_t t = 0; t < numbers; ++t) {
        Value number = kernel.add(kernel.mul(k, kernel.index(together)), kernel.index(t));
        Value at = kernel.advance(rowStarts[i], number, product.lhs.strides.back());
        left[i].push_back(memref::LoadOp::create(b, kernel.loc, product.lhs.buffer, at));
      }
    return product.multiplyRow(left, right, sums);
  };
  SmallVector<Value> sums = zeros;
  product.inMode(height, [&] {
    DimExpr whole = product.depth.floorDiv(DimExpr(together));
    sums = kernel.loop(0, whole, 1, sums, [&](Value k, ValueRange carried) { return multiply(k, together, carried); });
    if (whole != product.panelRows())
      sums = kernel.loop(whole, product.panelRows(), 1, sums,
                         [&](Value k, ValueRange carried) { return multiply(k, 1, carried); });
  });
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j) {
      DimExpr valid = product.columns().mod(DimExpr(panelLanes)) - DimExpr(j * lanes);
      if (ragged && valid.isConstant() && valid.getConstant() <= 0)
        continue;
      bool partial = ragged && !(valid.isConstant() && valid.getConstant() >= lanes);
      Value column = kernel.add(kernel.mul(panel, kernel.index(panelLanes)), kernel.index(j * lanes));
      product.finish(matrix, kernel.add(row, kernel.index(i)), column, sums[i * width + j],
                     partial ? std::optional(valid) : std::nullopt);
    }
}
