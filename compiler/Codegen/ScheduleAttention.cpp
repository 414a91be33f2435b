// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention in blocks of queries and keys, the scores of a block in memory of the kernel's own: no matrix of all
// scores, and with `causal` no block that nothing sees. (T. Dao et al.: FlashAttention, 2022.) The lanes of a vector
// are queries, so that sums over keys and over the inner dimension are chains, the same for any number of lanes.

#include "Codegen/BlockProduct.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace rune;

namespace {

// Multiples of any number of lanes, and of the rows of a tile.
constexpr int64_t blockRows = 48, blockKeys = 48;

/// A matrix for each place of the leading dimensions.
struct Matrix {
  Access access;
  DimExpr rowStride, columnStride;
  Value start; // of the matrix at hand

  Value row(Kernel &kernel, Value index) const { return kernel.advance(start, index, rowStride); }
};

/// What forward and backward share.
class AttentionWriter {
protected:
  AttentionWriter(Operation *op, Scheduling &scheduling, double scale, bool causal)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b), scale(scale), causal(causal) {}

  FailureOr<Matrix> matrix(Value memref, AffineMap map) {
    auto access = s.access(op, memref, map);
    if (failed(access))
      return failure();
    size_t rank = access->strides.size();
    return Matrix{*access, access->strides[rank - 2], access->strides[rank - 1], {}};
  }

  LogicalResult readSizes(Value query, AffineMap queryMap, Value value, AffineMap valueMap) {
    auto q = s.view(op, query), v = s.view(op, value);
    if (failed(q) || failed(v))
      return failure();
    unsigned rank = queryMap.getNumDims();
    auto sizeOf = [](const View &view, AffineMap map, unsigned dim) {
      return view.sizes[*map.getResultPosition(getAffineDimExpr(dim, map.getContext()))];
    };
    for (unsigned dim = 0; dim + 2 < rank; ++dim)
      batch.push_back(sizeOf(*q, queryMap, dim));
    rows = sizeOf(*q, queryMap, rank - 2);
    depth = sizeOf(*q, queryMap, rank - 1).getConstant();
    keys = sizeOf(*v, valueMap, rank - 2);
    width = sizeOf(*v, valueMap, rank - 1).getConstant();
    return success();
  }

  /// The matrices at a place of the leading dimensions, which are counted as one.
  void enter(Value number, ArrayRef<Matrix *> matrices) {
    for (Matrix *matrix : matrices)
      matrix->start = kernel.index(matrix->access.offset);
    for (size_t dim = batch.size(); dim-- > 0;) {
      Value index = number;
      if (dim > 0) {
        Value size = kernel.index(batch[dim]);
        number = b.createOrFold<arith::DivUIOp>(kernel.loc, number, size);
        index = kernel.sub(index, kernel.mul(number, size));
      }
      for (Matrix *matrix : matrices)
        matrix->start = kernel.advance(matrix->start, index, matrix->access.strides[dim]);
    }
  }

  DimExpr matrices() const { return product(batch); }

  /// The rows from `row` on, as [column][row in the block]; rows that there are not are zero.
  void packTransposed(Lanes &lanes, const Matrix &from, Value row, int64_t columns, const Access &to) {
    Value count = kernel.sub(kernel.index(rows), row);
    for (int64_t r = 0; r < blockRows; r += lanes.lanes) {
      Value mask = lanes.firstLanes(kernel.sub(count, kernel.index(r)));
      Value start = from.row(kernel, kernel.add(row, kernel.index(r)));
      kernel.loop(kernel.index(0), kernel.index(columns), 1, [&](Value column) {
        Value values = loadLanes(kernel, from.access, kernel.advance(start, column, from.columnStride), from.rowStride,
                                 lanes.lanes, mask);
        Value place = kernel.add(kernel.mul(column, kernel.index(blockRows)), kernel.index(r));
        lanes.store(to, place, spread(kernel, values, lanes.lanes));
      });
    }
  }

  /// How many keys the rows of a block see.
  Value keysOf(Value row) {
    Value all = kernel.index(keys);
    return causal ? kernel.min(all, kernel.add(row, kernel.index(blockRows))) : all;
  }

  /// Whether lanes, of rows from `row` on, are before the key.
  Value hidden(Lanes &lanes, Value row, Value key) { return lanes.firstLanes(kernel.sub(key, row)); }

  /// The products of `some` rows of a matrix from `first` on with what was packed, as [row][row in the block].
  void multiplyPacked(Lanes &lanes, const Matrix &matrix, Value first, Value some, const Access &packed,
                      int64_t columns, llvm::function_ref<void(BlockProduct::Place, Value)> finish) {
    Value zero = lanes.splat(0);
    BlockProduct{{matrix.access, matrix.row(kernel, first), matrix.rowStride, matrix.columnStride},
                 {packed, kernel.index(0), DimExpr(blockRows), DimExpr(1)},
                 some,
                 kernel.index(columns),
                 blockRows,
                 [&](BlockProduct::Place) { return zero; },
                 finish}
        .write(lanes);
  }

  Value exp(Value x) { return math::ExpOp::create(b, kernel.loc, x); }

  /// A loop over all columns in vectors; `body` gets the column and the mask of a last vector that is not full.
  void forColumns(Lanes &lanes, int64_t columns, llvm::function_ref<void(Value, Value)> body) {
    int64_t whole = columns / lanes.lanes * lanes.lanes;
    kernel.loop(kernel.index(0), kernel.index(whole), lanes.lanes, [&](Value column) { body(column, {}); });
    if (whole < columns)
      body(kernel.index(whole), kernel.mask(lanes.lanes, DimExpr(columns - whole)));
  }

  /// Nanoseconds of so many multiply-adds for each pair of a query and a key.
  DimExpr nanoseconds(int64_t forEachPair) const {
    return (matrices() * rows * keys * DimExpr(forEachPair)).ceilDiv(DimExpr(causal ? 64 : 32));
  }

  /// The first lane of row `r` of a block in a scratch matrix.
  Value at(Value row, int64_t stride, Value column) {
    return kernel.add(kernel.mul(row, kernel.index(stride)), column);
  }

  Operation *op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  double scale;
  bool causal;
  SmallVector<DimExpr> batch;
  DimExpr rows, keys;
  int64_t depth = 0, width = 0;
};

//===--- Forward ----------------------------------------------------------===//

class ForwardWriter : AttentionWriter {
public:
  ForwardWriter(AttendOp op, Scheduling &scheduling)
      : AttentionWriter(op, scheduling, op.getScale().convertToDouble(), op.getCausal()), op(op) {}

  LogicalResult write() {
    auto maps = llvm::to_vector(op.getMaps().getAsValueRange<AffineMapAttr>());
    if (failed(readSizes(op.getQuery(), maps[0], op.getValue(), maps[2])))
      return failure();
    auto q = matrix(op.getQuery(), maps[0]), k = matrix(op.getKey(), maps[1]), v = matrix(op.getValue(), maps[2]),
         r = matrix(op.getResultInit(), maps[3]);
    unsigned rank = maps[0].getNumDims();
    auto l = s.access(op, op.getLogsumInit(), AffineMap::getMultiDimIdentityMap(rank - 1, op.getContext()));
    if (failed(q) || failed(k) || failed(v) || failed(r) || failed(l))
      return failure();
    query = *q, key = *k, value = *v, result = *r;
    logsum = {*l, l->strides.back(), DimExpr(0), {}};
    DimExpr blocks = rows.ceilDiv(DimExpr(blockRows));
    kernel.parallel(matrices() * blocks, nanoseconds(depth + width + 16), [&](Value begin, Value end) {
      Lanes lanes(s, query.access.element);
      packed = lanes.scratch(depth * blockRows);
      scores = lanes.scratch(blockKeys * blockRows);
      sums = lanes.scratch(blockRows * width);
      for (Access *row : {&largest, &total, &factor})
        *row = lanes.scratch(blockRows);
      kernel.loop(begin, end, 1, [&](Value unit) {
        Value count = kernel.index(blocks), number = b.createOrFold<arith::DivUIOp>(kernel.loc, unit, count);
        Value block = kernel.sub(unit, kernel.mul(number, count));
        enter(number, {&query, &key, &value, &result, &logsum});
        writeBlock(lanes, kernel.mul(block, kernel.index(blockRows)));
      });
    });
    return success();
  }

private:
  void writeBlock(Lanes &lanes, Value row) {
    Value count = kernel.min(kernel.sub(kernel.index(rows), row), kernel.index(blockRows));
    packTransposed(lanes, query, row, depth, packed);
    Value lowest = lanes.splat(-INFINITY), zero = lanes.splat(0);
    kernel.loop(kernel.index(0), kernel.index(blockRows), lanes.lanes, [&](Value r) {
      lanes.store(largest, r, lowest);
      lanes.store(total, r, zero);
    });
    kernel.loop(kernel.index(0), count, 1, [&](Value r) {
      forColumns(lanes, width, [&](Value column, Value mask) { lanes.store(sums, at(r, width, column), zero, mask); });
    });
    Value seen = keysOf(row);
    kernel.loop(kernel.index(0), seen, blockKeys, [&](Value first) {
      Value some = kernel.min(kernel.sub(seen, first), kernel.index(blockKeys));
      writeScores(lanes, row, first, some);
      writeWeights(lanes, some);
      addValues(lanes, count, first, some);
    });
    finish(lanes, row, count);
  }

  void writeScores(Lanes &lanes, Value row, Value first, Value some) {
    Value factor = lanes.splat(scale), lowest = lanes.splat(-INFINITY);
    multiplyPacked(lanes, key, first, some, packed, depth, [&](BlockProduct::Place place, Value sum) {
      Value score = lanes.mul(sum, factor);
      if (causal) {
        Value mask = hidden(lanes, kernel.add(row, place.column), kernel.add(first, place.row));
        score = lanes.select(mask, lowest, score);
      }
      lanes.store(scores, at(place.row, blockRows, place.column), score);
    });
  }

  /// Scores become exponentials relative to the largest score so far; `factor` is what the sums so far lose by it.
  void writeWeights(Lanes &lanes, Value some) {
    kernel.loop(kernel.index(0), kernel.index(blockRows), lanes.lanes, [&](Value r) {
      Value before = lanes.load(largest, r);
      Value now = kernel.loop(kernel.index(0), some, 1, before, [&](Value k, ValueRange carried) {
        return SmallVector<Value>{lanes.larger(lanes.load(scores, at(k, blockRows, r)), carried[0])};
      })[0];
      Value lost = exp(lanes.sub(before, now)), zero = lanes.splat(0);
      Value sum = kernel.loop(kernel.index(0), some, 1, zero, [&](Value k, ValueRange carried) {
        Value weight = exp(lanes.sub(lanes.load(scores, at(k, blockRows, r)), now));
        lanes.store(scores, at(k, blockRows, r), weight);
        return SmallVector<Value>{lanes.add(carried[0], weight)};
      })[0];
      lanes.store(largest, r, now);
      lanes.store(factor, r, lost);
      lanes.store(total, r, lanes.add(lanes.mul(lanes.load(total, r), lost), sum));
    });
  }

  void addValues(Lanes &lanes, Value count, Value first, Value some) {
    BlockProduct{{scores, kernel.index(0), DimExpr(1), DimExpr(blockRows)},
                 {value.access, value.row(kernel, first), value.rowStride, value.columnStride},
                 count,
                 some,
                 width,
                 [&](BlockProduct::Place place) {
                   Value so = lanes.load(sums, at(place.row, width, place.column), place.mask);
                   return lanes.mul(so, lanes.loadScalar(factor, place.row));
                 },
                 [&](BlockProduct::Place place, Value sum) {
                   lanes.store(sums, at(place.row, width, place.column), sum, place.mask);
                 }}
        .write(lanes);
  }

  void finish(Lanes &lanes, Value row, Value count) {
    kernel.loop(kernel.index(0), count, 1, [&](Value r) {
      // Where there is no key at all, the sums are 0, and so is what they make.
      Value divisor = lanes.larger(lanes.splat(std::numeric_limits<float>::min()), lanes.loadScalar(total, r)),
            start = result.row(kernel, kernel.add(row, r));
      forColumns(lanes, width, [&](Value column, Value mask) {
        Value quotient = lanes.div(lanes.load(sums, at(r, width, column), mask), divisor);
        lanes.store(result.access, kernel.advance(start, column, result.columnStride), quotient, mask);
      });
    });
    kernel.loop(kernel.index(0), kernel.index(blockRows), lanes.lanes, [&](Value r) {
      Value logarithm = math::LogOp::create(b, kernel.loc, lanes.load(total, r));
      lanes.store(logsum.access, logsum.row(kernel, kernel.add(row, r)), lanes.add(lanes.load(largest, r), logarithm),
                  lanes.firstLanes(kernel.sub(count, r)));
    });
  }

  AttendOp op;
  Matrix query, key, value, result, logsum;
  Access packed, scores, sums, largest, total, factor;
};

//===--- Backward ---------------------------------------------------------===//

class BackwardWriter : AttentionWriter {
public:
  BackwardWriter(AttendGradOp op, Scheduling &scheduling)
      : AttentionWriter(op, scheduling, op.getScale().convertToDouble(), op.getCausal()), op(op) {}

  LogicalResult write() {
    auto maps = llvm::to_vector(op.getMaps().getAsValueRange<AffineMapAttr>());
    if (failed(readSizes(op.getQuery(), maps[0], op.getValue(), maps[2])))
      return failure();
    Value operands[] = {op.getQuery(),     op.getKey(),        op.getValue(),    op.getResult(),
                        op.getCotangent(), op.getDqueryInit(), op.getDkeyInit(), op.getDvalueInit()};
    for (auto [i, operand] : llvm::enumerate(operands)) {
      auto found = matrix(operand, maps[i]);
      if (failed(found))
        return failure();
      *all[i] = *found;
    }
    unsigned rank = maps[0].getNumDims();
    auto l = s.access(op, op.getLogsum(), AffineMap::getMultiDimIdentityMap(rank - 1, op.getContext()));
    if (failed(l))
      return failure();
    logsum = {*l, l->strides.back(), DimExpr(0), {}};
    // Blocks of queries add to the same keys: a matrix is one thread's.
    kernel.parallel(matrices(), nanoseconds(3 * depth + 2 * width + 32), [&](Value begin, Value end) {
      Lanes lanes(s, query.access.element);
      packed = lanes.scratch(depth * blockRows);
      packedCotangent = lanes.scratch(width * blockRows);
      weights = lanes.scratch(blockKeys * blockRows);
      dscores = lanes.scratch(blockKeys * blockRows);
      sums = lanes.scratch(blockRows * depth);
      means = lanes.scratch(blockRows);
      logsums = lanes.scratch(blockRows);
      kernel.loop(begin, end, 1, [&](Value number) {
        enter(number, {&query, &key, &value, &result, &cotangent, &dquery, &dkey, &dvalue, &logsum});
        clear(lanes, dkey, depth);
        clear(lanes, dvalue, width);
        kernel.loop(kernel.index(0), kernel.index(rows), blockRows, [&](Value row) { writeBlock(lanes, row); });
      });
    });
    return success();
  }

private:
  void clear(Lanes &lanes, const Matrix &matrix, int64_t columns) {
    Value zero = lanes.splat(0);
    kernel.loop(kernel.index(0), kernel.index(keys), 1, [&](Value row) {
      Value start = matrix.row(kernel, row);
      forColumns(lanes, columns, [&](Value column, Value mask) {
        lanes.store(matrix.access, kernel.advance(start, column, matrix.columnStride), zero, mask);
      });
    });
  }

  void writeBlock(Lanes &lanes, Value row) {
    Value count = kernel.min(kernel.sub(kernel.index(rows), row), kernel.index(blockRows));
    packTransposed(lanes, query, row, depth, packed);
    packTransposed(lanes, cotangent, row, width, packedCotangent);
    writeMeans(lanes, row, count);
    Value zero = lanes.splat(0);
    kernel.loop(kernel.index(0), count, 1, [&](Value r) {
      forColumns(lanes, depth, [&](Value column, Value mask) { lanes.store(sums, at(r, depth, column), zero, mask); });
    });
    Value seen = keysOf(row);
    kernel.loop(kernel.index(0), seen, blockKeys, [&](Value first) {
      Value some = kernel.min(kernel.sub(seen, first), kernel.index(blockKeys));
      writeWeights(lanes, row, first, some);
      writeScoreGradients(lanes, first, some);
      addTo(lanes, dvalue, first, some, weights, cotangent, row, count, width);
      addTo(lanes, dkey, first, some, dscores, query, row, count, depth);
      addToQuery(lanes, first, some, count);
    });
    kernel.loop(kernel.index(0), count, 1, [&](Value r) {
      Value start = dquery.row(kernel, kernel.add(row, r));
      forColumns(lanes, depth, [&](Value column, Value mask) {
        lanes.store(dquery.access, kernel.advance(start, column, dquery.columnStride),
                    lanes.load(sums, at(r, depth, column), mask), mask);
      });
    });
  }

  /// For each row the sum of cotangent · result, and its logsum.
  void writeMeans(Lanes &lanes, Value row, Value count) {
    for (int64_t r = 0; r < blockRows; r += lanes.lanes) {
      Value mask = lanes.firstLanes(kernel.sub(count, kernel.index(r)));
      Value start = result.row(kernel, kernel.add(row, kernel.index(r)));
      Value sum =
          kernel.loop(kernel.index(0), kernel.index(width), 1, lanes.splat(0), [&](Value k, ValueRange carried) {
            Value output = loadLanes(kernel, result.access, kernel.advance(start, k, result.columnStride),
                                     result.rowStride, lanes.lanes, mask);
            Value gradient = lanes.load(packedCotangent, at(k, blockRows, kernel.index(r)));
            return SmallVector<Value>{lanes.multiplyAdd(gradient, spread(kernel, output, lanes.lanes), carried[0])};
          })[0];
      lanes.store(means, kernel.index(r), sum);
      lanes.store(logsums, kernel.index(r),
                  lanes.load(logsum.access, logsum.row(kernel, kernel.add(row, kernel.index(r))), mask));
    }
  }

  void writeWeights(Lanes &lanes, Value row, Value first, Value some) {
    Value zero = lanes.splat(0), factor = lanes.splat(scale);
    multiplyPacked(lanes, key, first, some, packed, depth, [&](BlockProduct::Place place, Value sum) {
      Value weight = exp(lanes.sub(lanes.mul(sum, factor), lanes.load(logsums, place.column)));
      if (causal) {
        Value mask = hidden(lanes, kernel.add(row, place.column), kernel.add(first, place.row));
        weight = lanes.select(mask, zero, weight);
      }
      lanes.store(weights, at(place.row, blockRows, place.column), weight);
    });
  }

  void writeScoreGradients(Lanes &lanes, Value first, Value some) {
    Value factor = lanes.splat(scale);
    multiplyPacked(lanes, value, first, some, packedCotangent, width, [&](BlockProduct::Place place, Value sum) {
      Value where = at(place.row, blockRows, place.column);
      Value gradient = lanes.mul(lanes.sub(sum, lanes.load(means, place.column)), factor);
      lanes.store(dscores, where, lanes.mul(lanes.load(weights, where), gradient));
    });
  }

  /// to[key] += Σ over the block's rows of block[key][row] · from[row]
  void addTo(Lanes &lanes, const Matrix &to, Value first, Value some, const Access &block, const Matrix &from,
             Value row, Value count, int64_t columns) {
    Value start = to.row(kernel, first);
    auto placeOf = [&](BlockProduct::Place place) {
      return kernel.advance(kernel.advance(start, place.row, to.rowStride), place.column, to.columnStride);
    };
    BlockProduct{{block, kernel.index(0), DimExpr(blockRows), DimExpr(1)},
                 {from.access, from.row(kernel, row), from.rowStride, from.columnStride},
                 some,
                 count,
                 columns,
                 [&](BlockProduct::Place place) { return lanes.load(to.access, placeOf(place), place.mask); },
                 [&](BlockProduct::Place place, Value sum) { lanes.store(to.access, placeOf(place), sum, place.mask); }}
        .write(lanes);
  }

  void addToQuery(Lanes &lanes, Value first, Value some, Value count) {
    BlockProduct{
        {dscores, kernel.index(0), DimExpr(1), DimExpr(blockRows)},
        {key.access, key.row(kernel, first), key.rowStride, key.columnStride},
        count,
        some,
        depth,
        [&](BlockProduct::Place place) { return lanes.load(sums, at(place.row, depth, place.column), place.mask); },
        [&](BlockProduct::Place place, Value sum) {
          lanes.store(sums, at(place.row, depth, place.column), sum, place.mask);
        }}
        .write(lanes);
  }

  AttendGradOp op;
  Matrix query, key, value, result, cotangent, dquery, dkey, dvalue, logsum;
  Matrix *all[8] = {&query, &key, &value, &result, &cotangent, &dquery, &dkey, &dvalue};
  Access packed, packedCotangent, weights, dscores, sums, means, logsums;
};

} // namespace

LogicalResult rune::scheduleAttend(AttendOp op, Scheduling &scheduling) {
  return ForwardWriter(op, scheduling).write();
}
LogicalResult rune::scheduleAttendGrad(AttendGradOp op, Scheduling &scheduling) {
  return BackwardWriter(op, scheduling).write();
}
