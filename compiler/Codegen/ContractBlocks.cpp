// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Contraction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

/// Rows for which tiles that read the left side in place are better: what is packed would be read once.
static constexpr int64_t fewRows = 3;

bool ContractBlocks::isWorth(const Contraction &product) {
  DimExpr rows = product.rows();
  const DimExpr &columns = product.columns(), &depth = product.depth;
  if (product.lanes == 1 || !columns.isConstant() || columns.getConstant() < 64 ||
      (rows.isConstant() && rows.getConstant() < 16))
    return false;
  if (depth.isConstant())
    return depth.getConstant() >= 128 && columns.getConstant() * depth.getConstant() >= 1 << 17;
  return rows.isConstant() && rows.getConstant() * columns.getConstant() >= 1 << 17;
}

ContractBlocks::ContractBlocks(Contraction &product)
    : product(product), kernel(product.kernel), b(product.b), lanes(product.lanes), panelLanes(product.panelLanes),
      panelVectors(product.panelVectors), tileRows(product.fullRows()) {
  // A block of the left side and its sums: half of the second-level cache, which is larger where vectors are.
  int64_t bytes = llvm::divideCeil(product.rhs.element.getIntOrFloatBitWidth(), 8);
  blockDepth = 1024 / bytes;
  int64_t most = (product.s.target.vectorBytes == 64 ? 2048 : 1024) / bytes / panelLanes;
  blockRows = 132 / tileRows * tileRows;
  // Even shares for an even number of threads, unless there are blocks of rows enough: each share packs them again.
  int64_t panels = product.panels().getConstant(), shares = llvm::divideCeil(panels, most);
  DimExpr rows = product.rows();
  bool manyRows = rows.isConstant() && rows.getConstant() >= 8 * blockRows;
  if (shares % 2 == 1 && panels >= 16 && !manyRows)
    ++shares;
  blockPanels = llvm::alignTo(llvm::divideCeil(panels, shares), 2);
  rowsAreRuns = product.rowStride(product.lhs).isConstant(1);
  // Rows whose distance is a multiple of 4 KiB would all lie in one set of the first-level cache.
  DimExpr stride = product.rowStride(product.lhs);
  packs = !product.lhs.strides.back().isConstant(1) || !stride.isConstant() || stride.getConstant() * bytes % 4096 == 0;
}

void ContractBlocks::write() {
  DimExpr rowBlocks = product.rows().ceilDiv(DimExpr(blockRows));
  DimExpr columnBlocks = product.panels().ceilDiv(DimExpr(blockPanels));
  DimExpr units = rowBlocks * columnBlocks, nanoseconds = product.nanoseconds();
  for (unsigned dim = 0; dim < product.outerDims(); ++dim) {
    units = units * product.sizes[dim];
    nanoseconds = nanoseconds * product.sizes[dim];
  }
  kernel.parallel(units, nanoseconds, [&](Value begin, Value end) {
    auto scratch = [&](int64_t elements) {
      auto type = MemRefType::get({elements}, product.element);
      Value buffer = memref::AllocaOp::create(b, kernel.loc, type, b.getI64IntegerAttr(64));
      return Access{buffer, DimExpr(0), {}, product.element};
    };
    // What a vector copies beyond a tile's last rows lands behind them.
    packed = packs ? scratch(blockRows * blockDepth + panelLanes) : product.lhs;
    sums = scratch(blockRows * blockPanels * panelLanes);
    kernel.loop(begin, end, 1, [&](Value unit) { writeUnit(unit); });
  });
}

/// Units that follow each other share their columns.
void ContractBlocks::writeUnit(Value unit) {
  auto split = [&](const DimExpr &size) {
    if (size.isConstant(1))
      return kernel.index(0);
    Value extent = kernel.index(size), rest = b.createOrFold<arith::RemUIOp>(kernel.loc, unit, extent);
    unit = b.createOrFold<arith::DivUIOp>(kernel.loc, unit, extent);
    return rest;
  };
  DimExpr rows = product.rows(), panels = product.panels();
  Value rowBlock = split(rows.ceilDiv(DimExpr(blockRows)));
  Value columnBlock = split(panels.ceilDiv(DimExpr(blockPanels)));
  Block block{product.start(), {}, {}, {}, {}, {}, {}};
  for (unsigned dim = product.outerDims(); dim-- > 0;)
    block.matrix = product.advance(block.matrix, dim, dim == 0 ? unit : split(product.sizes[dim]));
  block.panel = kernel.mul(columnBlock, kernel.index(blockPanels));
  block.panels = kernel.min(kernel.sub(kernel.index(panels), block.panel), kernel.index(blockPanels));
  block.row = kernel.mul(rowBlock, kernel.index(blockRows));
  block.rows = kernel.min(kernel.sub(kernel.index(rows), block.row), kernel.index(blockRows));
  if (rows.isConstant())
    return writeBlock(block);
  Value few = kernel.compare(arith::CmpIPredicate::sle, kernel.index(rows), kernel.index(fewRows));
  auto branch = scf::IfOp::create(b, kernel.loc, few, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  // The last panel of all may be ragged.
  DimExpr whole = product.columns().floorDiv(DimExpr(panelLanes));
  Value end = kernel.add(block.panel, block.panels);
  Value last = kernel.compare(arith::CmpIPredicate::eq, end, kernel.index(panels));
  ContractTiles(product).writePanels(block.matrix, block.panel, kernel.min(end, kernel.index(whole)), last, rows, 2);
  b.setInsertionPointToStart(branch.elseBlock());
  writeBlock(block);
}

void ContractBlocks::writeBlock(const Block &given) {
  Block block = given;
  block.fullTiles = kernel.div(block.rows, tileRows);
  block.rest = kernel.sub(block.rows, kernel.mul(block.fullTiles, kernel.index(tileRows)));
  Value depth = kernel.index(product.depth);
  kernel.loop(kernel.index(0), depth, blockDepth, [&](Value k) {
    Value here = kernel.min(kernel.sub(depth, k), kernel.index(blockDepth));
    if (packs)
      pack(block, k, here);
    product.inMode(tileRows, [&] { multiply(block, k, here); });
  });
  writeEpilogue(block);
}

//===--- The left side ----------------------------------------------------===//

void ContractBlocks::pack(const Block &block, Value k, Value depth) {
  Value tiles = kernel.div(kernel.add(block.rows, kernel.index(tileRows - 1)), tileRows);
  kernel.loop(kernel.index(0), tiles, 1, [&](Value tile) {
    if (rowsAreRuns)
      packRun(block, tile, k, depth);
    else
      packRows(block, tile, k, depth);
  });
}

/// [k][row]: the rows of one k lie side by side here as there.
void ContractBlocks::packRun(const Block &block, Value tile, Value k, Value depth) {
  Value row = kernel.mul(tile, kernel.index(tileRows));
  Value valid = kernel.min(kernel.sub(block.rows, row), kernel.index(tileRows));
  Value from = kernel.add(block.matrix.lhs, kernel.add(block.row, row));
  Value to = kernel.mul(tile, kernel.index(tileRows * blockDepth));
  int64_t vectors = llvm::divideCeil(tileRows, lanes);
  SmallVector<Value> masks;
  auto type = VectorType::get({lanes}, b.getI1Type());
  for (int64_t v = 0; v < vectors; ++v) {
    Value left = kernel.sub(valid, kernel.index(v * lanes));
    masks.push_back(vector::CreateMaskOp::create(b, kernel.loc, type, left));
  }
  kernel.loop(kernel.index(0), depth, 1, [&](Value i) {
    Value at = kernel.advance(from, kernel.add(k, i), product.lhs.strides.back());
    Value place = kernel.add(to, kernel.mul(i, kernel.index(tileRows)));
    for (int64_t v = 0; v < vectors; ++v) {
      Value offset = kernel.index(v * lanes);
      Value values = loadLanes(kernel, product.lhs, kernel.add(at, offset), DimExpr(1), lanes, masks[v]);
      storeLanes(kernel, packed, kernel.add(place, offset), values);
    }
  });
}

/// [k / lanes][row][k % lanes]: vectors along k of each row.
void ContractBlocks::packRows(const Block &block, Value tile, Value k, Value depth) {
  Value first = kernel.mul(tile, kernel.index(tileRows));
  Value valid = kernel.min(kernel.sub(block.rows, first), kernel.index(tileRows));
  Value to = kernel.mul(tile, kernel.index(tileRows * blockDepth));
  const DimExpr &stride = product.lhs.strides.back();
  Value full = kernel.mul(kernel.div(depth, lanes), kernel.index(lanes)), rest = kernel.sub(depth, full);
  auto type = VectorType::get({lanes}, b.getI1Type());
  Value mask = vector::CreateMaskOp::create(b, kernel.loc, type, rest);
  Value some = kernel.compare(arith::CmpIPredicate::ne, rest, kernel.index(0));
  auto store = [&](Value start, Value i, Value values) {
    storeLanes(kernel, packed, kernel.add(start, kernel.mul(i, kernel.index(tileRows))), values);
  };
  kernel.loop(kernel.index(0), valid, 1, [&](Value r) {
    Value row = kernel.add(kernel.add(block.row, first), r);
    Value from = kernel.advance(block.matrix.lhs, row, product.rowStride(product.lhs));
    Value start = kernel.add(to, kernel.mul(r, kernel.index(lanes)));
    auto copy = [&](Value i, Value only) {
      Value at = kernel.advance(from, kernel.add(k, i), stride);
      store(start, i, spread(kernel, loadLanes(kernel, product.lhs, at, stride, lanes, only), lanes));
    };
    kernel.loop(kernel.index(0), full, lanes, [&](Value i) { copy(i, {}); });
    kernel.runIf(some, [&] { copy(full, mask); });
  });
  // What fills up the last tile.
  kernel.loop(valid, kernel.index(tileRows), 1, [&](Value r) {
    Value start = kernel.add(to, kernel.mul(r, kernel.index(lanes)));
    kernel.loop(kernel.index(0), depth, lanes, [&](Value i) { store(start, i, product.zero()); });
  });
}

//===--- Tiles ------------------------------------------------------------===//

void ContractBlocks::multiply(const Block &block, Value k, Value depth) {
  int64_t group = product.panelsPerTile(tileRows);
  Value grouped = block.panels;
  if (group > 1)
    grouped = kernel.mul(kernel.div(block.panels, group), kernel.index(group));
  kernel.loop(kernel.index(0), grouped, group, [&](Value panel) { multiplyPanels(block, k, depth, panel, group); });
  // No block has a panel left over where their number is even.
  DimExpr over = product.panels().mod(DimExpr(group));
  if (group > 1 && !over.isConstant(0))
    kernel.loop(grouped, block.panels, 1, [&](Value panel) { multiplyPanels(block, k, depth, panel, 1); });
}

/// Full tiles, then the lowest of three that holds what is left over.
void ContractBlocks::multiplyPanels(const Block &block, Value k, Value depth, Value panel, int64_t count) {
  kernel.loop(kernel.index(0), block.fullTiles, 1,
              [&](Value tile) { writeTile(block, k, depth, panel, tile, tileRows, count, /*partial=*/false); });
  int64_t above = 0;
  for (int64_t height : {tileRows / 3, tileRows - tileRows / 3, tileRows}) {
    if (height <= above)
      continue;
    Value more = kernel.compare(arith::CmpIPredicate::sgt, block.rest, kernel.index(above));
    Value less = kernel.compare(arith::CmpIPredicate::sle, block.rest, kernel.index(height));
    kernel.runIf(b.createOrFold<arith::AndIOp>(kernel.loc, more, less),
                 [&] { writeTile(block, k, depth, panel, block.fullTiles, height, count, /*partial=*/true); });
    above = height;
  }
}

/// Where a tile's rows begin at this k, relative to `tileStart`; those that there are not are the last one again.
SmallVector<Value> ContractBlocks::rowPlaces(const Block &block, Value k, Value tile, int64_t height, bool partial) {
  SmallVector<Value> places;
  if (packs) {
    Value start = kernel.mul(tile, kernel.index(tileRows * blockDepth));
    for (int64_t r = 0; r < height; ++r)
      places.push_back(kernel.add(start, kernel.index(r * (rowsAreRuns ? 1 : lanes))));
    return places;
  }
  Value first = kernel.add(block.row, kernel.mul(tile, kernel.index(tileRows)));
  DimExpr stride = product.rowStride(product.lhs);
  Value start = kernel.add(kernel.advance(block.matrix.lhs, first, stride), k);
  for (int64_t r = 0; r < height; ++r) {
    Value row = kernel.index(r);
    if (partial)
      row = kernel.min(row, kernel.sub(block.rest, kernel.index(1)));
    places.push_back(kernel.advance(start, row, stride));
  }
  return places;
}

void ContractBlocks::writeTile(const Block &block, Value k, Value depth, Value panel, Value tile, int64_t height,
                               int64_t count, bool partial) {
  int64_t width = count * panelVectors, rowLength = blockPanels * panelLanes, together = product.together();
  SmallVector<Value> rows = rowPlaces(block, k, tile, height, partial);
  Value sumStart =
      kernel.add(kernel.mul(tile, kernel.index(tileRows * rowLength)), kernel.mul(panel, kernel.index(panelLanes)));
  auto sumPlace = [&](int64_t i, int64_t j) {
    return kernel.add(sumStart, kernel.index(i * rowLength + j / panelVectors * panelLanes + j % panelVectors * lanes));
  };
  SmallVector<Value> rightStarts;
  for (int64_t p = 0; p < count; ++p) {
    Value number = kernel.add(kernel.add(block.panel, panel), kernel.index(p));
    Value start = kernel.advance(block.matrix.rhs, number, product.panelStride);
    rightStarts.push_back(kernel.add(start, kernel.mul(kernel.div(k, together), kernel.index(panelLanes))));
  }
  // The first block of k begins at zero.
  SmallVector<Type> types(height * width, product.vectorType());
  Value begins = kernel.compare(arith::CmpIPredicate::eq, k, kernel.index(0));
  auto start = scf::IfOp::create(
      b, kernel.loc, begins,
      [&](OpBuilder &, Location loc) {
        scf::YieldOp::create(b, loc, SmallVector<Value>(types.size(), product.zero()));
      },
      [&](OpBuilder &, Location loc) {
        SmallVector<Value> loaded;
        for (int64_t i = 0; i < height; ++i)
          for (int64_t j = 0; j < width; ++j)
            loaded.push_back(loadLanes(kernel, sums, sumPlace(i, j), DimExpr(1), lanes));
        scf::YieldOp::create(b, loc, loaded);
      });

  // `i`: a row of the panels behind those of `first`.
  auto multiply = [&](Value first, Value i, int64_t numbers, ValueRange carried) {
    SmallVector<Value> right;
    for (Value panelStart : rightStarts) {
      Value panelRow = kernel.add(kernel.div(first, together), i);
      Value place = kernel.add(panelStart, kernel.mul(panelRow, kernel.index(panelLanes)));
      for (int64_t v = 0; v < panelVectors; ++v)
        right.push_back(loadLanes(kernel, product.rhs, kernel.add(place, kernel.index(v * lanes)), DimExpr(1), lanes));
    }
    SmallVector<SmallVector<Value, 2>> left(height);
    for (int64_t r = 0; r < height; ++r)
      for (int64_t t = 0; t < numbers; ++t) {
        Value number = kernel.add(kernel.mul(i, kernel.index(together)), kernel.index(t));
        Value place = kernel.add(rows[r], packs ? kernel.mul(first, kernel.index(tileRows)) : first);
        place = kernel.add(place, packs && rowsAreRuns ? kernel.mul(number, kernel.index(tileRows)) : number);
        left[r].push_back(memref::LoadOp::create(b, kernel.loc, packed.buffer, place));
      }
    return product.multiplyRow(left, right, carried);
  };
  SmallVector<Value> results =
      kernel.loop(kernel.index(0), depth, lanes, start.getResults(), [&](Value first, ValueRange outer) {
        prefetch(tile, first, depth, rightStarts);
        bool isWhole = product.depth.mod(DimExpr(lanes)).isConstant(0);
        Value end = isWhole ? kernel.index(lanes) : kernel.min(kernel.index(lanes), kernel.sub(depth, first));
        Value whole = kernel.div(end, together);
        SmallVector<Value> next =
            kernel.unrolledLoop(kernel.index(0), whole, 4 / together, outer,
                                [&](Value i, ValueRange carried) { return multiply(first, i, together, carried); });
        if (!product.depth.mod(DimExpr(together)).isConstant(0))
          next = kernel.loop(whole, kernel.div(kernel.add(end, kernel.index(together - 1)), together), 1, next,
                             [&](Value i, ValueRange carried) { return multiply(first, i, 1, carried); });
        return next;
      });
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j)
      storeLanes(kernel, sums, sumPlace(i, j), results[i * width + j]);
}

/// The first tiles fetch what the next panels will need.
void ContractBlocks::prefetch(Value tile, Value first, Value depth, ArrayRef<Value> panelStarts) {
  constexpr int64_t rowsEach = 3; // times 16 vectors of k: six tiles are enough
  Value row = kernel.add(kernel.mul(tile, kernel.index(blockDepth / lanes)), kernel.div(first, lanes));
  row = kernel.mul(row, kernel.index(rowsEach));
  Value panelRows = kernel.div(depth, product.together());
  kernel.runIf(kernel.compare(arith::CmpIPredicate::slt, row, panelRows), [&] {
    for (Value start : panelStarts) {
      Value next = kernel.advance(start, kernel.index(panelStarts.size()), product.panelStride);
      for (int64_t i = 0; i < rowsEach; ++i) {
        Value at = kernel.add(next, kernel.mul(kernel.add(row, kernel.index(i)), kernel.index(panelLanes)));
        memref::PrefetchOp::create(b, kernel.loc, product.rhs.buffer, at, /*isWrite=*/false, /*localityHint=*/2,
                                   /*isDataCache=*/true);
      }
    }
  });
}

//===--- The epilogue -----------------------------------------------------===//

void ContractBlocks::writeEpilogue(const Block &block) {
  DimExpr rest = product.columns().mod(DimExpr(lanes));
  Value firstColumn = kernel.mul(block.panel, kernel.index(panelLanes));
  Value columns =
      kernel.min(kernel.sub(kernel.index(product.columns()), firstColumn), kernel.index(blockPanels * panelLanes));
  auto at = [&](Value r, Value column, const std::optional<DimExpr> &valid) {
    Value row = kernel.add(block.row, r), start = kernel.mul(r, kernel.index(blockPanels * panelLanes));
    Value sum = loadLanes(kernel, sums, kernel.add(start, column), DimExpr(1), lanes);
    product.finish(block.matrix, row, kernel.add(firstColumn, column), sum, valid);
  };
  // What lies side by side in memory follows each other.
  if (product.op.getPanels()) {
    kernel.loop(kernel.index(0), columns, panelLanes, [&](Value panel) {
      kernel.loop(kernel.index(0), block.rows, 1, [&](Value r) {
        for (int64_t v = 0; v < panelVectors; ++v)
          at(r, kernel.add(panel, kernel.index(v * lanes)), {});
      });
    });
    return;
  }
  Value full = kernel.mul(kernel.div(columns, lanes), kernel.index(lanes));
  kernel.loop(kernel.index(0), block.rows, 1, [&](Value r) {
    kernel.loop(kernel.index(0), full, lanes, [&](Value column) { at(r, column, {}); });
    if (!rest.isConstant(0))
      kernel.runIf(kernel.compare(arith::CmpIPredicate::ne, columns, full), [&] { at(r, full, rest); });
  });
}
