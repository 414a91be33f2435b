// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrices as panels of columns: what a product reads of its right side is then one run of memory.

#include "Codegen/Bf16.h"
#include "Codegen/Structured.h"

using namespace mlir;
using namespace rune;

namespace {

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
    pairs = target.element.isInteger(32) && source.element.isF32();
    panelRows = depth.ceilDiv(DimExpr(pairs ? 2 : 1));
    Value from = kernel.index(source.offset), to = kernel.index(target.offset);
    unsigned first = 0;
    while (first < batch && in->sizes[first].isConstant(1))
      ++first;
    if (first == batch) {
      writePanels(from, to);
      return success();
    }
    // A nanosecond for a vector of sixteen, read and written.
    DimExpr elements = depth * columns;
    for (unsigned dim = first; dim < batch; ++dim)
      elements = elements * in->sizes[dim];
    kernel.parallel(in->sizes[first], elements.ceilDiv(DimExpr(16)), [&](Value begin, Value end) {
      kernel.loop(begin, end, 1, [&](Value iv) {
        writeBatch(first + 1, in->sizes, kernel.advance(from, iv, source.strides[first]),
                   kernel.advance(to, iv, target.strides[first]));
      });
    });
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

  /// Rows that lie in one run are read a few at a time from end to end, as memory likes it; else panel by panel.
  void writePanels(Value from, Value to) {
    if (columnStride.isConstant(1) && depth.isConstant() && depth.getConstant() >= 4 * runs)
      return writeRuns(from, to);
    DimExpr whole = columns.floorDiv(DimExpr(panelLanes)), rest = columns.mod(DimExpr(panelLanes));
    kernel.parallel(whole, depth * whole, [&](Value begin, Value end) {
      Range all{kernel.index(0), kernel.index(panelRows)};
      kernel.loop(begin, end, 1, [&](Value panel) { writePanel(from, to, panel, DimExpr(panelLanes), all); });
      if (!rest.isConstant(0))
        kernel.runIf(isRagged(rest, whole, end), [&] { writePanel(from, to, kernel.index(whole), rest, all); });
    });
  }

  static constexpr int64_t runs = 16; // that a processor fetches ahead of

  void writeRuns(Value from, Value to) {
    DimExpr whole = columns.floorDiv(DimExpr(panelLanes)), rest = columns.mod(DimExpr(panelLanes));
    DimExpr blocks = panelRows.ceilDiv(DimExpr(runs));
    kernel.parallel(blocks, depth * whole, [&](Value begin, Value end) {
      kernel.loop(begin, end, 1, [&](Value block) {
        Value first = kernel.mul(block, kernel.index(runs));
        Range rows{first, kernel.min(kernel.add(first, kernel.index(runs)), kernel.index(panelRows))};
        kernel.loop(kernel.index(0), kernel.index(whole), 1,
                    [&](Value panel) { writePanel(from, to, panel, DimExpr(panelLanes), rows); });
        if (!rest.isConstant(0))
          kernel.runIf(kernel.compare(arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0)),
                       [&] { writePanel(from, to, kernel.index(whole), rest, rows); });
      });
    });
  }

  /// Whether there is a panel that is not full, in the last of the ranges.
  Value isRagged(const DimExpr &rest, const DimExpr &whole, Value end) {
    Value last = kernel.compare(arith::CmpIPredicate::eq, end, kernel.index(whole));
    if (rest.isConstant())
      return last;
    Value some = kernel.compare(arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0));
    return b.createOrFold<arith::AndIOp>(kernel.loc, last, some);
  }

  using Range = std::pair<Value, Value>;

  void writePanel(Value from, Value to, Value panel, const DimExpr &valid, Range rows) {
    int64_t lanes = std::min(s.target.lanes(source.element.getIntOrFloatBitWidth()), panelLanes);
    from = kernel.advance(from, kernel.mul(panel, kernel.index(panelLanes)), columnStride);
    to = kernel.advance(to, panel, target.strides[batch]);
    // Of the last of the pairs the second may be missing.
    Value whole = pairs ? kernel.min(rows.second, kernel.index(depth.floorDiv(DimExpr(2)))) : rows.second;
    auto writeRow = [&](Value row, int64_t numbers) {
      Value place = kernel.advance(to, row, DimExpr(panelLanes));
      for (int64_t v = 0; v < panelLanes; v += lanes) {
        DimExpr left = valid - DimExpr(v);
        bool full = left.isConstant() && left.getConstant() >= lanes;
        Value mask = full ? Value() : kernel.mask(lanes, left);
        SmallVector<Value> values;
        for (int64_t i = 0; i < numbers; ++i) {
          Value k = pairs ? kernel.add(kernel.mul(row, kernel.index(2)), kernel.index(i)) : row;
          Value start = kernel.advance(kernel.advance(from, k, depthStride), kernel.index(v), columnStride);
          values.push_back(spread(kernel, loadLanes(kernel, source, start, columnStride, lanes, mask), lanes));
        }
        storeLanes(kernel, target, kernel.add(place, kernel.index(v)), pairs ? paired(values) : values.front());
      }
    };
    kernel.loop(rows.first, whole, 1, [&](Value row) { writeRow(row, pairs ? 2 : 1); });
    if (pairs && !depth.mod(DimExpr(2)).isConstant(0))
      kernel.loop(whole, rows.second, 1, [&](Value row) { writeRow(row, 1); });
  }

  /// Rounded; a second that is missing is zero.
  Value paired(ArrayRef<Value> values) {
    Value first = roundToBf16(b, kernel.loc, values.front());
    if (values.size() == 2)
      return pairOfBf16(b, kernel.loc, first, roundToBf16(b, kernel.loc, values.back()));
    Value zero = arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(first.getType()));
    return pairOfBf16(b, kernel.loc, first, zero);
  }

  PackOp op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  Access source, target;
  unsigned batch = 0;
  DimExpr columns, depth, panelRows, columnStride, depthStride;
  int64_t panelLanes = 16;
  bool pairs = false; // f32 becomes pairs of bfloat16
};

} // namespace

LogicalResult rune::schedulePack(PackOp op, Scheduling &scheduling) { return PackWriter(op, scheduling).write(); }
