// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The micro-kernel builder: a register tile of MR rows by whole vectors of panels, its accumulators carried by the
// loop over k, its epilogue applied before the one store. Every element is one chain of fused multiply-adds over
// ascending k, whatever the tile, so that tiles, widths and remainders agree in every bit.

#include "Codegen/Structured.h"
#include "Codegen/VectorBody.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

namespace {

class ContractWriter {
public:
  ContractWriter(ContractOp op, Scheduling &scheduling)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b) {}

  LogicalResult write() {
    if (failed(collect()))
      return failure();
    mergeRows();
    SmallVector<Value> ivs(lead);
    writeOuter(0, ivs);
    return success();
  }

private:
  //===--- Operands -------------------------------------------------------===//

  LogicalResult collect() {
    auto outView = s.view(op, op.getInit());
    auto rhsView = s.view(op, op.getRhs());
    if (failed(outView) || failed(rhsView))
      return failure();
    rank = outView->sizes.size();
    lead = rank - 1;
    sizes = outView->sizes;
    MLIRContext *context = op.getContext();
    auto out = s.access(op, op.getInit(), AffineMap::getMultiDimIdentityMap(rank, context));
    auto lhs = s.access(op, op.getLhs(), cast<AffineMapAttr>(op.getMaps()[0]).getValue());
    if (failed(out) || failed(lhs))
      return failure();
    this->out = *out;
    this->lhs = *lhs;
    for (auto [extra, map] : llvm::zip(op.getExtras(), op.getMaps().getValue().drop_front())) {
      auto access = s.access(op, extra, cast<AffineMapAttr>(map).getValue());
      if (failed(access))
        return failure();
      extras.push_back(*access);
    }
    rhs = {kernel.buffer(rhsView->root), rhsView->offset, {}, rhsView->root.element};
    batch = rhsView->sizes.size() - 3;
    panels = rhsView->sizes[batch];
    depth = rhsView->sizes[batch + 1];
    panelLanes = rhsView->sizes[batch + 2].getConstant();
    panelStride = rhsView->strides[batch];
    batchStrides.assign(rhsView->strides.begin(), rhsView->strides.begin() + batch);
    unsigned bits = rhs.element.getIntOrFloatBitWidth();
    lanes = std::min(s.target.lanes(bits), panelLanes);
    panelVectors = panelLanes / lanes;
    return success();
  }

  /// Leading dimensions that are one run of rows in every operand become one dimension of rows.
  void mergeRows() {
    unsigned end = lead;
    while (end - 1 > batch && end >= 2 && mergeable(end - 2)) {
      sizes[end - 2] = sizes[end - 2] * sizes[end - 1];
      auto drop = [&](Access &access) { access.strides.erase(access.strides.begin() + end - 2); };
      drop(out);
      drop(lhs);
      llvm::for_each(extras, drop);
      sizes.erase(sizes.begin() + end - 1);
      --end;
      --lead;
      --rank;
    }
  }

  bool mergeable(unsigned dim) {
    auto runs = [&](const Access &access) { return access.strides[dim] == access.strides[dim + 1] * sizes[dim + 1]; };
    return runs(out) && runs(lhs) && llvm::all_of(extras, runs);
  }

  //===--- Loops ----------------------------------------------------------===//

  /// Where a tile stands: element offsets of its first row in every operand.
  struct Place {
    Value lhs, rhs, out;
    SmallVector<Value> extras;
  };

  /// Loops over what is neither rows nor columns.
  void writeOuter(unsigned dim, SmallVector<Value> &ivs) {
    if (dim + 1 < lead) {
      kernel.loop(0, sizes[dim], 1, [&](Value iv) {
        ivs[dim] = iv;
        writeOuter(dim + 1, ivs);
      });
      return;
    }
    // With no leading dimension, or where the last one selects the right side's batch, there is one row.
    bool hasRows = lead > 0 && lead - 1 >= batch;
    if (lead > 0 && !hasRows) {
      kernel.loop(0, sizes[dim], 1, [&](Value iv) {
        ivs[dim] = iv;
        writeRows(base(ivs), DimExpr(1), -1);
      });
      return;
    }
    writeRows(base(ivs), hasRows ? sizes[lead - 1] : DimExpr(1), hasRows ? static_cast<int>(lead) - 1 : -1);
  }

  Place base(ArrayRef<Value> ivs) {
    Place place;
    auto start = [&](const Access &access) {
      Value offset = kernel.index(access.offset);
      for (auto [iv, stride] : llvm::zip(ivs, access.strides))
        if (iv)
          offset = kernel.advance(offset, iv, stride);
      return offset;
    };
    place.lhs = start(lhs);
    place.out = start(out);
    for (const Access &extra : extras)
      place.extras.push_back(start(extra));
    place.rhs = kernel.index(rhs.offset);
    for (auto [iv, stride] : llvm::zip(ivs, batchStrides))
      if (iv)
        place.rhs = kernel.advance(place.rhs, iv, stride);
    return place;
  }

  /// Whole panels that a tile of `rows` has beside each other: as many as registers hold, up to eight vectors, so that
  /// few rows too have enough chains to keep the multipliers busy. A single row reads its panels from memory operands.
  int64_t panelsPerTile(int64_t rows) const {
    int64_t best = 1;
    for (int64_t count = 1; count * panelVectors <= 8; count *= 2) {
      int64_t vectors = count * panelVectors;
      int64_t registers = rows == 1 ? vectors + 2 : rows * vectors + vectors + 1;
      if (registers <= s.target.registers)
        best = count;
    }
    return best;
  }

  /// Rows of a full tile.
  int64_t fullRows() const {
    int64_t vectors = panelVectors == 1 ? 2 : panelVectors;
    int64_t rows = (s.target.registers - 1 - vectors) / vectors;
    return std::max<int64_t>(1, std::min<int64_t>(rows, panelVectors == 1 ? 12 : 6));
  }

  void writeRows(const Place &start, const DimExpr &rows, int dim) {
    rowDim = dim;
    int64_t most = fullRows();
    if (rows.isConstant()) {
      // Split without leftovers: 64 = 9 × 6 + 2 × 5.
      int64_t count = rows.getConstant();
      if (count == 0)
        return;
      int64_t tiles = llvm::divideCeil(count, most), small = count / tiles, larger = count % tiles;
      writeRowTiles(start, DimExpr(0), DimExpr(larger * (small + 1)), small + 1);
      writeRowTiles(start, DimExpr(larger * (small + 1)), rows, small);
      return;
    }
    // What is left over takes halving tiles, each at most once: a switch with a case for every remainder would be
    // several times the code.
    DimExpr rest = rows.mod(DimExpr(most)), from = rows - rest;
    writeRowTiles(start, DimExpr(0), from, most);
    for (int64_t height = llvm::bit_floor<uint64_t>(most - 1); height >= 1; height /= 2) {
      DimExpr to = from + (height == 1 ? rest : rest.floorDiv(DimExpr(height)) * DimExpr(height));
      rest = rows - to;
      writeRowTiles(start, from, to, height);
      from = to;
    }
  }

  /// Tiles of `height` rows over all columns: whole panels in groups, then one by one, then the ragged last.
  void writeRowTiles(const Place &start, const DimExpr &from, const DimExpr &to, int64_t height) {
    if ((to - from).isConstant(0))
      return;
    DimExpr columns = sizes.back();
    DimExpr whole = columns.floorDiv(DimExpr(panelLanes));
    bool ragged = !columns.mod(DimExpr(panelLanes)).isConstant(0);
    int64_t group = panelsPerTile(height);
    DimExpr grouped = whole - whole.mod(DimExpr(group));
    auto tilesAt = [&](const DimExpr &firstPanel, const DimExpr &lastPanel, int64_t count, bool masked) {
      kernel.loop(firstPanel, lastPanel, count, [&](Value panel) {
        kernel.loop(from, to, height, [&](Value row) { writeTile(start, row, panel, height, count, masked); });
      });
    };
    tilesAt(DimExpr(0), grouped, group, false);
    if (group > 1)
      tilesAt(grouped, whole, 1, false);
    if (!ragged)
      return;
    if (columns.isConstant())
      return tilesAt(whole, whole + DimExpr(1), 1, true);
    Value rest = kernel.index(columns.mod(DimExpr(panelLanes)));
    Value some = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne, rest, kernel.index(0));
    auto guardOp = scf::IfOp::create(b, kernel.loc, some);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guardOp.thenBlock());
    tilesAt(whole, whole + DimExpr(1), 1, true);
  }

  //===--- The tile -------------------------------------------------------===//

  void writeTile(const Place &start, Value row, Value panel, int64_t height, int64_t count, bool masked) {
    int64_t width = count * panelVectors;
    // One lane is a scalar.
    Type vector = lanes == 1 ? rhs.element : VectorType::get({lanes}, rhs.element);
    Value zero = arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(vector));
    SmallVector<Value> zeros(height * width, zero);

    DimExpr rowStride = rowDim < 0 ? DimExpr(0) : lhs.strides[rowDim];
    SmallVector<Value> rowStarts;
    for (int64_t i = 0; i < height; ++i)
      rowStarts.push_back(rowOf(start.lhs, row, i, rowStride));
    SmallVector<Value> panelStarts;
    for (int64_t p = 0; p < count; ++p)
      panelStarts.push_back(kernel.advance(start.rhs, kernel.add(panel, kernel.index(p)), panelStride));

    SmallVector<Value> sums = kernel.loop(0, depth, 1, zeros, [&](Value k, ValueRange accumulators) {
      SmallVector<Value> right;
      for (int64_t p = 0; p < count; ++p) {
        Value at = kernel.add(panelStarts[p], kernel.mul(k, kernel.index(panelLanes)));
        for (int64_t v = 0; v < panelVectors; ++v)
          right.push_back(loadLanes(kernel, rhs, kernel.add(at, kernel.index(v * lanes)), DimExpr(1), lanes));
      }
      SmallVector<Value> next;
      for (int64_t i = 0; i < height; ++i) {
        Value at = kernel.advance(rowStarts[i], k, lhs.strides.back());
        Value scalar = memref::LoadOp::create(b, kernel.loc, lhs.buffer, at);
        Value left = spread(kernel, scalar, lanes);
        for (int64_t j = 0; j < width; ++j)
          next.push_back(multiplyAdd(left, right[j], accumulators[i * width + j]));
      }
      return next;
    });
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < width; ++j)
        finish(start, row, i, panel, j, sums[i * width + j], masked);
  }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (s.target.fma)
      return vector::FMAOp::create(b, kernel.loc, x, y, sum);
    Value product = arith::MulFOp::create(b, kernel.loc, x, y);
    return arith::AddFOp::create(b, kernel.loc, product, sum);
  }

  Value rowOf(Value start, Value row, int64_t i, const DimExpr &stride) {
    if (stride.isConstant(0))
      return start;
    return kernel.advance(start, kernel.add(row, kernel.index(i)), stride);
  }

  /// The epilogue of one vector, and its store.
  void finish(const Place &start, Value row, int64_t i, Value panel, int64_t j, Value sum, bool masked) {
    DimExpr valid = sizes.back().mod(DimExpr(panelLanes)) - DimExpr(j * lanes);
    if (masked && valid.isConstant() && valid.getConstant() <= 0)
      return;
    bool partial = masked && !(valid.isConstant() && valid.getConstant() >= lanes);
    Value mask = partial ? kernel.mask(lanes, valid) : Value();
    Value column = kernel.add(kernel.mul(panel, kernel.index(panelLanes)), kernel.index(j * lanes));

    VectorBody body(kernel, lanes);
    Block &epilogue = op.getEpilogue().front();
    body.map(epilogue.getArgument(0), sum);
    for (auto [k, extra] : llvm::enumerate(extras)) {
      Value at = rowOf(start.extras[k], row, i, rowDim < 0 ? DimExpr(0) : extra.strides[rowDim]);
      at = kernel.advance(at, column, extra.strides.back());
      body.map(epilogue.getArgument(k + 1), loadLanes(kernel, extra, at, extra.strides.back(), lanes, mask));
    }
    for (Operation &nested : epilogue.without_terminator())
      body.emit(&nested);
    Value result = body.getVector(cast<YieldOp>(epilogue.getTerminator()).getValue());

    Value at = rowOf(start.out, row, i, rowDim < 0 ? DimExpr(0) : out.strides[rowDim]);
    at = kernel.advance(at, column, out.strides.back());
    if (out.strides.back().isConstant(1))
      return storeLanes(kernel, out, at, result, mask);
    scatter(at, result, masked ? valid : DimExpr(lanes));
  }

  /// Columns that are not side by side in memory are stored one by one.
  void scatter(Value at, Value result, const DimExpr &valid) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      if (valid.isConstant() && lane >= valid.getConstant())
        return;
      auto store = [&] {
        Value element = lanes == 1 ? result : Value(vector::ExtractOp::create(b, kernel.loc, result, lane));
        Value place = kernel.advance(at, kernel.index(lane), out.strides.back());
        memref::StoreOp::create(b, kernel.loc, element, out.buffer, place);
      };
      if (valid.isConstant()) {
        store();
        continue;
      }
      Value inside =
          arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::slt, kernel.index(lane), kernel.index(valid));
      auto guardOp = scf::IfOp::create(b, kernel.loc, inside);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(guardOp.thenBlock());
      store();
    }
  }

  ContractOp op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  unsigned rank = 0, lead = 0, batch = 0;
  SmallVector<DimExpr> sizes; // of the result
  Access lhs, rhs, out;
  SmallVector<Access> extras;
  DimExpr panels, depth, panelStride;
  SmallVector<DimExpr> batchStrides;
  int64_t panelLanes = 16, lanes = 8, panelVectors = 2;
  int rowDim = -1; // the dimension that a tile's rows run along; −1: there is one row
};

/// Packs the last two dimensions, panel by panel.
class PackWriter {
public:
  PackWriter(PackOp op, Scheduling &scheduling)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b) {}

  LogicalResult write() {
    auto in = s.view(op, op.getInput()), out = s.view(op, op.getInit());
    if (failed(in) || failed(out))
      return failure();
    source = {kernel.buffer(in->root), in->offset, in->strides, in->root.element};
    target = {kernel.buffer(out->root), out->offset, out->strides, out->root.element};
    batch = in->sizes.size() - 2;
    columns = in->sizes[batch + (op.getTransposed() ? 0 : 1)];
    depth = in->sizes[batch + (op.getTransposed() ? 1 : 0)];
    columnStride = in->strides[batch + (op.getTransposed() ? 0 : 1)];
    depthStride = in->strides[batch + (op.getTransposed() ? 1 : 0)];
    panelLanes = out->sizes.back().getConstant();
    writeBatch(0, in->sizes, kernel.index(source.offset), kernel.index(target.offset));
    return success();
  }

private:
  void writeBatch(unsigned dim, ArrayRef<DimExpr> sizes, Value from, Value to) {
    if (dim == batch)
      return writePanels(from, to);
    kernel.loop(0, sizes[dim], 1, [&](Value iv) {
      writeBatch(dim + 1, sizes, kernel.advance(from, iv, source.strides[dim]),
                 kernel.advance(to, iv, target.strides[dim]));
    });
  }

  void writePanels(Value from, Value to) {
    DimExpr whole = columns.floorDiv(DimExpr(panelLanes)), rest = columns.mod(DimExpr(panelLanes));
    kernel.loop(0, whole, 1, [&](Value panel) { writePanel(from, to, panel, DimExpr(panelLanes)); });
    if (rest.isConstant(0))
      return;
    if (rest.isConstant())
      return writePanel(from, to, kernel.index(whole), rest);
    Value some = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0));
    auto guardOp = scf::IfOp::create(b, kernel.loc, some);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guardOp.thenBlock());
    writePanel(from, to, kernel.index(whole), rest);
  }

  void writePanel(Value from, Value to, Value panel, const DimExpr &valid) {
    int64_t lanes = std::min(s.target.lanes(source.element.getIntOrFloatBitWidth()), panelLanes);
    from = kernel.advance(from, kernel.mul(panel, kernel.index(panelLanes)), columnStride);
    to = kernel.advance(to, panel, target.strides[batch]);
    kernel.loop(0, depth, 1, [&](Value k) {
      Value at = kernel.advance(from, k, depthStride), place = kernel.advance(to, k, DimExpr(panelLanes));
      for (int64_t v = 0; v < panelLanes; v += lanes) {
        DimExpr left = valid - DimExpr(v);
        bool full = left.isConstant() && left.getConstant() >= lanes;
        Value start = kernel.advance(at, kernel.index(v), columnStride);
        Value value = loadLanes(kernel, source, start, columnStride, lanes, full ? Value() : kernel.mask(lanes, left));
        storeLanes(kernel, target, kernel.add(place, kernel.index(v)), spread(kernel, value, lanes));
      }
    });
  }

  PackOp op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  Access source, target;
  unsigned batch = 0;
  DimExpr columns, depth, columnStride, depthStride;
  int64_t panelLanes = 16;
};

} // namespace

LogicalResult rune::scheduleContract(ContractOp op, Scheduling &scheduling) {
  return ContractWriter(op, scheduling).write();
}

LogicalResult rune::schedulePack(PackOp op, Scheduling &scheduling) { return PackWriter(op, scheduling).write(); }
