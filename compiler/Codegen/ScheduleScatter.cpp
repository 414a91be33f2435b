// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Additions at places that indices name, in the row-major order of what is added. Where one index serves a whole row
// of contiguous elements, the row is added in vectors.

#include "Codegen/Structured.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace rune;

namespace {

class ScatterWriter {
public:
  ScatterWriter(ScatterOp op, Scheduling &scheduling)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b) {}

  LogicalResult write() {
    auto view = s.view(op, op.getSource()), target = s.view(op, op.getInit());
    if (failed(view) || failed(target))
      return failure();
    sizes = view->sizes;
    MLIRContext *context = op.getContext();
    auto identity = AffineMap::getMultiDimIdentityMap(sizes.size(), context);
    SmallVector<AffineExpr> kept(identity.getResults());
    kept[op.getDim()] = getAffineConstantExpr(0, context);
    auto from = s.access(op, op.getSource(), identity);
    auto at = s.access(op, op.getIndices(), op.getMap());
    auto to = s.access(op, op.getInit(), AffineMap::get(sizes.size(), 0, kept, context));
    if (failed(from) || failed(at) || failed(to))
      return failure();
    source = *from;
    indices = *at;
    init = *to;
    count = target->sizes[op.getDim()];
    indexStride = target->strides[op.getDim()];
    size_t last = sizes.size() - 1;
    rows = last != op.getDim() && indices.strides[last].isConstant(0) && source.strides[last].isConstant(1) &&
           init.strides[last].isConstant(1);
    write(0, {kernel.index(source.offset), kernel.index(indices.offset), kernel.index(init.offset)});
    return success();
  }

private:
  struct Places {
    Value source, index, init;
  };

  void write(size_t i, Places places) {
    if (i + (rows ? 1 : 0) == sizes.size())
      return addAt(places);
    kernel.loop(0, sizes[i], 1, [&](Value iv) {
      write(i + 1,
            {kernel.advance(places.source, iv, source.strides[i]), kernel.advance(places.index, iv, indices.strides[i]),
             kernel.advance(places.init, iv, init.strides[i])});
    });
  }

  void addAt(Places places) {
    Location loc = kernel.loc;
    Value stored = memref::LoadOp::create(b, loc, indices.buffer, places.index);
    Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), stored);
    Value zero = kernel.index(0), size = kernel.index(count);
    Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
    Value wrapped = arith::AddIOp::create(b, loc, index, size);
    index = arith::SelectOp::create(b, loc, negative, wrapped, index);
    // Unsigned: what is still negative is too large. Such an index has failed the call already.
    Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, size);
    auto guarded = scf::IfOp::create(b, loc, fits);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guarded.thenBlock());
    Value place = kernel.advance(places.init, index, indexStride);
    if (!rows)
      return addLanes(places.source, place, 1, {});
    int64_t lanes = s.target.lanes(init.element.getIntOrFloatBitWidth());
    DimExpr length = sizes.back(), whole = length.floorDiv(DimExpr(lanes)) * DimExpr(lanes);
    kernel.loop(0, whole, lanes,
                [&](Value iv) { addLanes(kernel.add(places.source, iv), kernel.add(place, iv), lanes, {}); });
    DimExpr rest = length - whole;
    if (rest.isConstant(0))
      return;
    kernel.loop(whole, length, 1,
                [&](Value iv) { addLanes(kernel.add(places.source, iv), kernel.add(place, iv), 1, {}); });
  }

  void addLanes(Value from, Value to, int64_t lanes, Value mask) {
    Value x = loadLanes(kernel, source, from, DimExpr(1), lanes, mask);
    Value sum = loadLanes(kernel, init, to, DimExpr(1), lanes, mask);
    storeLanes(kernel, init, to, arith::AddFOp::create(b, kernel.loc, sum, x), mask);
  }

  ScatterOp op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  SmallVector<DimExpr> sizes;
  Access source, indices, init;
  DimExpr count, indexStride;
  bool rows = false;
};

} // namespace

LogicalResult rune::scheduleScatter(ScatterOp op, Scheduling &scheduling) {
  return ScatterWriter(op, scheduling).write();
}
