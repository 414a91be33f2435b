// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/BlockProduct.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

//===--- Vectors ----------------------------------------------------------===//

Type Lanes::vectorType() const { return lanes == 1 ? element : VectorType::get({lanes}, element); }

Value Lanes::splat(double value) {
  auto number = b.getFloatAttr(element, value);
  if (lanes == 1)
    return arith::ConstantOp::create(b, kernel.loc, number);
  return arith::ConstantOp::create(b, kernel.loc, DenseElementsAttr::get(cast<VectorType>(vectorType()), number));
}

Value Lanes::larger(Value x, Value y) {
  return select(arith::CmpFOp::create(b, kernel.loc, arith::CmpFPredicate::OGT, x, y), x, y);
}

Value Lanes::multiplyAdd(Value x, Value y, Value sum) {
  if (target.fma)
    return vector::FMAOp::create(b, kernel.loc, x, y, sum);
  return add(mul(x, y), sum);
}

Value Lanes::select(Value mask, Value x, Value y) { return arith::SelectOp::create(b, kernel.loc, mask, x, y); }

Value Lanes::firstLanes(Value count) {
  if (lanes == 1)
    return arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::sgt, count, kernel.index(0));
  return vector::CreateMaskOp::create(b, kernel.loc, VectorType::get({lanes}, b.getI1Type()), count);
}

Access Lanes::scratch(int64_t elements) {
  auto type = MemRefType::get({elements}, element);
  Value buffer = memref::AllocaOp::create(b, kernel.loc, type, b.getI64IntegerAttr(64));
  return Access{buffer, DimExpr(0), {}, element};
}

Value Lanes::loadScalar(const Access &access, Value place) {
  return spread(kernel, memref::LoadOp::create(b, kernel.loc, access.buffer, place), lanes);
}

//===--- Products ---------------------------------------------------------===//

/// As many vectors beside each other as leave room for six rows of them.
static int64_t vectorsPerTile(const Lanes &lanes) { return lanes.target.registers >= 32 ? 4 : 2; }
static constexpr int64_t tileRows = 6;

void BlockProduct::write(Lanes &lanes) const {
  Kernel &kernel = lanes.kernel;
  int64_t most = vectorsPerTile(lanes), width = most * lanes.lanes;
  int64_t whole = columns / width * width;
  kernel.loop(kernel.index(0), kernel.index(whole), width,
              [&](Value column) { writeColumns(lanes, column, most, lanes.lanes); });
  int64_t rest = columns - whole;
  if (rest == 0)
    return;
  int64_t vectors = llvm::divideCeil(rest, lanes.lanes);
  writeColumns(lanes, kernel.index(whole), vectors, rest - (vectors - 1) * lanes.lanes);
}

void BlockProduct::writeColumns(Lanes &lanes, Value column, int64_t vectors, int64_t lastCount) const {
  Kernel &kernel = lanes.kernel;
  Value whole = kernel.mul(kernel.div(rows, tileRows), kernel.index(tileRows));
  kernel.loop(kernel.index(0), whole, tileRows,
              [&](Value row) { writeTile(lanes, row, tileRows, column, vectors, lastCount); });
  kernel.loop(whole, rows, 1, [&](Value row) { writeTile(lanes, row, 1, column, vectors, lastCount); });
}

void BlockProduct::writeTile(Lanes &lanes, Value row, int64_t height, Value column, int64_t vectors,
                             int64_t lastCount) const {
  Kernel &kernel = lanes.kernel;
  Value mask = lastCount == lanes.lanes ? Value() : kernel.mask(lanes.lanes, DimExpr(lastCount));
  auto place = [&](int64_t i, int64_t j) {
    return Place{kernel.add(row, kernel.index(i)), kernel.add(column, kernel.index(j * lanes.lanes)),
                 j + 1 == vectors ? mask : Value()};
  };
  SmallVector<Value> starts, rowStarts, columnStarts;
  for (int64_t i = 0; i < height; ++i) {
    rowStarts.push_back(kernel.advance(left.start, kernel.add(row, kernel.index(i)), left.rowStride));
    for (int64_t j = 0; j < vectors; ++j)
      starts.push_back(start(place(i, j)));
  }
  for (int64_t j = 0; j < vectors; ++j)
    columnStarts.push_back(kernel.advance(right.start, place(0, j).column, right.columnStride));
  SmallVector<Value> sums = kernel.loop(kernel.index(0), depth, 1, starts, [&](Value k, ValueRange carried) {
    SmallVector<Value> rightVectors, next;
    for (int64_t j = 0; j < vectors; ++j)
      rightVectors.push_back(
          spread(kernel,
                 loadLanes(kernel, right.access, kernel.advance(columnStarts[j], k, right.depthStride),
                           right.columnStride, lanes.lanes, place(0, j).mask),
                 lanes.lanes));
    for (int64_t i = 0; i < height; ++i) {
      Value scalar = lanes.loadScalar(left.access, kernel.advance(rowStarts[i], k, left.depthStride));
      for (int64_t j = 0; j < vectors; ++j)
        next.push_back(lanes.multiplyAdd(scalar, rightVectors[j], carried[i * vectors + j]));
    }
    return next;
  });
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < vectors; ++j)
      finish(place(i, j), sums[i * vectors + j]);
}
