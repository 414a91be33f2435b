// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies that swap the last two dimensions, square by square in registers.

#include "Codegen/Structured.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

/// The sizes of a copy that reads along the dimension before the last, and writes along the last, where both are whole
/// vectors; nothing for other ops. `lanes` is of the vectors.
static std::optional<SmallVector<DimExpr>> sizesOfTransposition(linalg::GenericOp op, Scheduling &scheduling,
                                                                int64_t lanes) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getNumLoops() < 2 || lanes < 4 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      op.getBody()->getTerminator()->getOperand(0) != op.getBody()->getArgument(0))
    return std::nullopt;
  auto extents = iterationSizes(op, scheduling);
  if (failed(extents))
    return std::nullopt;
  bool squares = llvm::all_of(ArrayRef(*extents).take_back(2), [&](const DimExpr &size) {
    return size.isConstant() && size.getConstant() > 0 && size.getConstant() % lanes == 0;
  });
  return squares ? std::optional(std::move(*extents)) : std::nullopt;
}

namespace {

class TranspositionWriter {
public:
  TranspositionWriter(Scheduling &scheduling, ArrayRef<DimExpr> sizes, Access in, Access out, int64_t lanes)
      : kernel(scheduling.kernel), b(scheduling.kernel.b), sizes(sizes), in(std::move(in)), out(std::move(out)),
        lanes(lanes) {}

  /// Of four dimensions, as from panels to panels of the transpose, the first goes in blocks inside of the second: both
  /// what is read and what is written are then runs that a processor fetches ahead of.
  void write() {
    Value from = kernel.index(in.offset), to = kernel.index(out.offset);
    if (sizes.size() < 3)
      return writeMatrix(from, to);
    // A nanosecond for a vector of sixteen, read and written.
    DimExpr nanoseconds = product(sizes).ceilDiv(DimExpr(8));
    if (sizes.size() != 4)
      return kernel.parallel(sizes[0], nanoseconds, [&](Value begin, Value end) {
        kernel.loop(begin, end, 1, [&](Value iv) { writeDim(1, next(from, iv, in, 0), next(to, iv, out, 0)); });
      });
    kernel.parallel(sizes[0].ceilDiv(DimExpr(block)), nanoseconds, [&](Value begin, Value end) {
      kernel.loop(begin, end, 1, [&](Value iv) {
        Value first = kernel.mul(iv, kernel.index(block));
        Value last = kernel.min(kernel.add(first, kernel.index(block)), kernel.index(sizes[0]));
        kernel.loop(kernel.index(0), kernel.index(sizes[1]), 1, [&](Value column) {
          Value source = next(from, column, in, 1), target = next(to, column, out, 1);
          kernel.loop(first, last, 1,
                      [&](Value row) { writeMatrix(next(source, row, in, 0), next(target, row, out, 0)); });
        });
      });
    });
  }

private:
  static constexpr int64_t block = 4;

  Value next(Value place, Value iv, const Access &access, unsigned dim) {
    return kernel.advance(place, iv, access.strides[dim]);
  }

  void writeDim(unsigned dim, Value from, Value to) {
    if (dim + 2 == sizes.size())
      return writeMatrix(from, to);
    kernel.loop(0, sizes[dim], 1,
                [&](Value iv) { writeDim(dim + 1, next(from, iv, in, dim), next(to, iv, out, dim)); });
  }

  void writeMatrix(Value from, Value to) {
    unsigned row = sizes.size() - 2, column = row + 1;
    kernel.loop(0, sizes[row], lanes, [&](Value i) {
      Value fromRows = next(from, i, in, row), toRows = next(to, i, out, row);
      kernel.loop(0, sizes[column], lanes,
                  [&](Value j) { writeSquare(next(fromRows, j, in, column), next(toRows, j, out, column)); });
    });
  }

  void writeSquare(Value from, Value to) {
    unsigned row = sizes.size() - 2, column = row + 1;
    SmallVector<Value> vectors;
    for (int64_t i = 0; i < lanes; ++i)
      vectors.push_back(loadLanes(kernel, in, next(from, kernel.index(i), in, column), DimExpr(1), lanes));
    transpose(vectors);
    for (int64_t i = 0; i < lanes; ++i)
      storeLanes(kernel, out, next(to, kernel.index(i), out, row), vectors[i]);
  }

  /// Eklundh's: at each step the squares of half the size beside the diagonal change places.
  void transpose(MutableArrayRef<Value> vectors) {
    for (int64_t half = lanes / 2; half > 0; half /= 2)
      for (int64_t i = 0; i < lanes; ++i) {
        if (i & half)
          continue;
        SmallVector<int64_t> upper, lower;
        for (int64_t lane = 0; lane < lanes; ++lane) {
          upper.push_back(lane & half ? lanes + lane - half : lane);
          lower.push_back(lane & half ? lanes + lane : lane + half);
        }
        Value x = vectors[i], y = vectors[i + half];
        vectors[i] = vector::ShuffleOp::create(b, kernel.loc, x, y, upper);
        vectors[i + half] = vector::ShuffleOp::create(b, kernel.loc, x, y, lower);
      }
  }

  Kernel &kernel;
  OpBuilder &b;
  ArrayRef<DimExpr> sizes;
  Access in, out;
  int64_t lanes;
};

} // namespace

bool rune::scheduleTransposition(linalg::GenericOp op, Scheduling &scheduling) {
  // Portable C++ has a gather for this: it does not know the lanes of a square.
  if (!scheduling.target.isProcessor() || !isa<MemRefType>(op->getOperand(0).getType()))
    return false;
  Type element = cast<MemRefType>(op.getDpsInits()[0].getType()).getElementType();
  if (!element.isF32() && !element.isF64())
    return false;
  int64_t lanes = scheduling.target.lanes(element.getIntOrFloatBitWidth());
  auto sizes = sizesOfTransposition(op, scheduling, lanes);
  if (!sizes)
    return false;
  auto in = scheduling.access(op, op->getOperand(0), op.getMatchingIndexingMap(&op->getOpOperand(0)));
  auto out = scheduling.access(op, op->getOperand(1), op.getMatchingIndexingMap(&op->getOpOperand(1)));
  unsigned row = sizes->size() - 2;
  if (failed(in) || failed(out) || !in->strides[row].isConstant(1) || !out->strides[row + 1].isConstant(1))
    return false;
  TranspositionWriter(scheduling, *sizes, *in, *out, lanes).write();
  return true;
}
