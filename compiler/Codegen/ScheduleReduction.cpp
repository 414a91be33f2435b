// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums and maxima. Along the innermost dimension a fixed number of virtual lanes is kept for each block of 4096
// elements; blocks are added lane by lane in ascending order, and the lanes are halved at the end, so that the order of
// additions is the same at every vector width. Along outer dimensions the order is ascending.

#include "Codegen/Cost.h"
#include "Codegen/Structured.h"
#include "Codegen/VectorBody.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

/// The op that joins an element with what was gathered so far.
static Operation *findCombiner(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 || op.hasIndexSemantics())
    return nullptr;
  BlockArgument gathered = op.getRegionOutputArgs().front();
  Operation *combiner = op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  if (!combiner || !gathered.hasOneUse() || *gathered.getUsers().begin() != combiner)
    return nullptr;
  return isa<arith::AddFOp, arith::AddIOp, arith::MaximumFOp, arith::MaxSIOp, arith::OrIOp>(combiner) ? combiner
                                                                                                      : nullptr;
}

bool rune::isSimpleReduction(linalg::GenericOp op) {
  bool gathers = false;
  op.getBody()->walk([&](memref::LoadOp) { gathers = true; });
  return findCombiner(op) && !gathers;
}

/// What joined with any element leaves it as it is; a sum that begins with +0 is never -0.
static TypedAttr neutralElement(Operation *combiner, Type element) {
  Builder builder(element.getContext());
  if (auto type = dyn_cast<FloatType>(element)) {
    const llvm::fltSemantics &format = type.getFloatSemantics();
    return builder.getFloatAttr(type, isa<arith::MaximumFOp>(combiner) ? APFloat::getInf(format, /*Negative=*/true)
                                                                       : APFloat::getZero(format));
  }
  return builder.getIntegerAttr(element, isa<arith::MaxSIOp>(combiner) ? std::numeric_limits<int64_t>::min() : 0);
}

bool rune::isNeutralStart(linalg::GenericOp op, Value start) {
  Attribute value;
  return matchPattern(start, m_Constant(&value)) && value == neutralElement(findCombiner(op), start.getType());
}

namespace {

class ReductionWriter {
public:
  ReductionWriter(linalg::GenericOp op, bool overwrite, Scheduling &scheduling)
      : op(op), overwrite(overwrite), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b),
        combiner(findCombiner(op)) {}

  LogicalResult write() {
    auto extents = iterationSizes(op, s);
    if (failed(extents))
      return failure();
    element = op.getRegionOutputArgs().front().getType();
    for (OpOperand &operand : op->getOpOperands()) {
      accesses.emplace_back();
      if (!isa<MemRefType>(operand.get().getType()))
        continue;
      auto access = s.access(op, operand.get(), op.getMatchingIndexingMap(&operand));
      if (failed(access))
        return failure();
      accesses.back() = *access;
    }
    splitDims(*extents);
    mergeReduced();
    SmallVector<Value> places;
    for (auto &access : accesses)
      places.push_back(access ? kernel.index(access->offset) : Value());
    bool alongParallel = !parallel.empty() && outStride(parallel.back()).isConstant(1) && !innermostIsReduced;
    writeSplit(places, alongParallel);
    return success();
  }

private:
  struct Dim {
    DimExpr size;
    SmallVector<DimExpr> strides; // by operand
  };

  void splitDims(ArrayRef<DimExpr> extents) {
    auto iterators = op.getIteratorTypesArray();
    for (unsigned i = 0; i < extents.size(); ++i) {
      Dim dim{extents[i], {}};
      for (auto &access : accesses)
        dim.strides.push_back(access ? access->strides[i] : DimExpr(0));
      bool reduces = iterators[i] == utils::IteratorType::reduction;
      (reduces ? reduced : parallel).push_back(dim);
      innermostIsReduced = reduces;
    }
  }

  void mergeReduced() {
    for (unsigned i = reduced.size(); i-- > 1;) {
      bool runs = llvm::all_of(llvm::seq<size_t>(0, accesses.size()), [&](size_t k) {
        return reduced[i - 1].strides[k] == reduced[i].strides[k] * reduced[i].size;
      });
      if (!runs)
        continue;
      reduced[i].size = reduced[i].size * reduced[i - 1].size;
      reduced.erase(reduced.begin() + i - 1);
    }
  }

  const DimExpr &outStride(const Dim &dim) { return dim.strides.back(); }

  SmallVector<Value> advanceAll(ArrayRef<Value> places, Value iv, const Dim &dim) {
    SmallVector<Value> next;
    for (auto [place, stride] : llvm::zip(places, dim.strides))
      next.push_back(place ? kernel.advance(place, iv, stride) : Value());
    return next;
  }

  //===--- Long sums ------------------------------------------------------===//

  static constexpr int64_t chain = 128; // rounds that add to one partial sum

  /// Rounds at 0, step, … below `to`. No chain of roundings grows with their number: 128 rounds make a partial sum, 128
  /// of these another.
  SmallVector<Value> cascade(const DimExpr &to, int64_t step, ValueRange gathered, int64_t lanes, Kernel::Body round) {
    const int64_t near = chain * step, far = chain * near;
    if (to.isConstant() && to.getConstant() <= near)
      return kernel.loop(0, to, step, gathered, round);
    SmallVector<Value> empty(gathered.size(), startingValue(lanes));
    Value end = kernel.index(to);
    auto part = [&](Value from, int64_t length) -> Value {
      Value until = arith::AddIOp::create(b, kernel.loc, from, kernel.index(length));
      return arith::MinSIOp::create(b, kernel.loc, until, end);
    };
    auto add = [&](ValueRange totals, ValueRange sums) {
      SmallVector<Value> added;
      for (auto [total, sum] : llvm::zip(totals, sums))
        added.push_back(combine(total, sum));
      return added;
    };
    auto addNear = [&](Value from, ValueRange totals) {
      return add(totals, kernel.loop(from, part(from, near), step, empty, round));
    };
    if (to.isConstant() && to.getConstant() <= far)
      return kernel.loop(0, to, near, gathered, addNear);
    return kernel.loop(0, to, far, gathered, [&](Value from, ValueRange totals) {
      return add(totals, kernel.loop(from, part(from, far), near, empty, addNear));
    });
  }

  /// Threads share the results: rows of them, or blocks of columns.
  void writeSplit(ArrayRef<Value> places, bool alongParallel) {
    unsigned outer = parallel.size() - (alongParallel ? 1 : 0), i = 0;
    while (i < outer && parallel[i].size.isConstant(1))
      ++i;
    DimExpr elements(1);
    for (const auto &dims : {parallel, reduced})
      for (const Dim &dim : dims)
        elements = elements * dim.size;
    DimExpr nanoseconds = (elements * DimExpr(nanosecondsForThousand(op))).ceilDiv(DimExpr(1000));
    if (i < outer) {
      kernel.parallel(parallel[i].size, nanoseconds, [&](Value begin, Value end) {
        kernel.loop(begin, end, 1,
                    [&](Value iv) { writeParallel(i + 1, advanceAll(places, iv, parallel[i]), alongParallel); });
      });
      return;
    }
    DimExpr blocks = alongParallel ? parallel.back().size.ceilDiv(DimExpr(columnBlock)) : DimExpr(1);
    if (!kernel.isWorthThreads(blocks, nanoseconds))
      return writeParallel(0, places, alongParallel);
    kernel.parallel(blocks, nanoseconds, [&](Value begin, Value end) { writeColumnBlocks(places, begin, end); });
  }

  static constexpr int64_t columnBlock = 64; // the least that a thread takes

  void writeColumnBlocks(ArrayRef<Value> places, Value begin, Value end) {
    const Dim &dim = parallel.back();
    int64_t lanes = vectorLanes();
    DimExpr rest = dim.size.mod(DimExpr(lanes)), full = dim.size - rest;
    Value from = kernel.mul(begin, kernel.index(columnBlock)), to = kernel.mul(end, kernel.index(columnBlock));
    to = kernel.min(to, kernel.index(full));
    kernel.loop(from, to, lanes, [&](Value iv) { writeColumn(advanceAll(places, iv, dim), dim, lanes, {}); });
    if (rest.isConstant(0))
      return;
    Value last = kernel.index(dim.size.ceilDiv(DimExpr(columnBlock)));
    kernel.runIf(kernel.compare(arith::CmpIPredicate::eq, end, last), [&] {
      writeColumn(advanceAll(places, kernel.index(full), dim), dim, lanes, kernel.mask(lanes, rest));
    });
  }

  void writeParallel(unsigned i, ArrayRef<Value> places, bool alongParallel) {
    if (i + (alongParallel ? 1 : 0) < parallel.size()) {
      kernel.loop(0, parallel[i].size, 1,
                  [&](Value iv) { writeParallel(i + 1, advanceAll(places, iv, parallel[i]), alongParallel); });
      return;
    }
    if (alongParallel)
      writeColumns(places);
    else
      writeHorizontal(places);
  }

  //===--- Along a parallel dimension: ascending order in each lane -------===//

  void writeColumns(ArrayRef<Value> places) {
    const Dim &dim = parallel.back();
    int64_t lanes = vectorLanes();
    DimExpr rest = dim.size.mod(DimExpr(lanes)), full = dim.size - rest;
    auto at = [&](Value iv, Value mask) { writeColumn(advanceAll(places, iv, dim), dim, lanes, mask); };
    kernel.loop(0, full, lanes, [&](Value iv) { at(iv, {}); });
    if (rest.isConstant(0))
      return;
    auto tail = [&] { at(kernel.index(full), kernel.mask(lanes, rest)); };
    if (rest.isConstant())
      return tail();
    Value some = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0));
    auto guardOp = scf::IfOp::create(b, kernel.loc, some);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guardOp.thenBlock());
    tail();
  }

  void writeColumn(ArrayRef<Value> places, const Dim &dim, int64_t lanes, Value mask) {
    Value total = reduceLoops(0, places, startingValue(lanes), lanes, [&](ArrayRef<Value> at, Value gathered) {
      Value value = spread(kernel, element_(at, dim.strides, lanes, mask), lanes);
      return combine(gathered, value);
    });
    finish(places, total, mask, lanes);
  }

  using Step = llvm::function_ref<Value(ArrayRef<Value> places, Value gathered)>;

  Value reduceLoops(unsigned i, ArrayRef<Value> places, Value gathered, int64_t lanes, Step step) {
    if (i == reduced.size())
      return step(places, gathered);
    return cascade(reduced[i].size, 1, gathered, lanes, [&](Value iv, ValueRange carried) {
      return SmallVector<Value>{reduceLoops(i + 1, advanceAll(places, iv, reduced[i]), carried[0], lanes, step)};
    })[0];
  }

  //===--- Along the innermost dimension: virtual lanes -------------------===//

  void writeHorizontal(ArrayRef<Value> places) {
    const DimExpr &extent = reduced.back().size;
    int64_t virtualLanes = extent.isConstant() && extent.getConstant() < 256 ? 16 : 32;
    int64_t lanes = std::min(vectorLanes(), virtualLanes);
    SmallVector<Value> start(virtualLanes / lanes, startingValue(lanes));
    SmallVector<Value> totals = reduceOuter(0, places, start, virtualLanes, lanes);
    finish(places, halve(totals, lanes), {}, 1);
  }

  SmallVector<Value> reduceOuter(unsigned i, ArrayRef<Value> places, ValueRange gathered, int64_t virtualLanes,
                                 int64_t lanes) {
    const Dim &dim = reduced[i];
    if (i + 1 < reduced.size())
      return cascade(dim.size, 1, gathered, lanes, [&](Value iv, ValueRange carried) {
        return reduceOuter(i + 1, advanceAll(places, iv, dim), carried, virtualLanes, lanes);
      });
    DimExpr rest = dim.size.mod(DimExpr(virtualLanes)), full = dim.size - rest;
    SmallVector<Value> sums = cascade(full, virtualLanes, gathered, lanes, [&](Value iv, ValueRange carried) {
      return addBlock(advanceAll(places, iv, dim), dim, carried, lanes, {});
    });
    if (rest.isConstant(0))
      return sums;
    return addBlock(advanceAll(places, kernel.index(full), dim), dim, sums, lanes, rest);
  }

  /// One element for each virtual lane; lanes from `count` on keep their value.
  SmallVector<Value> addBlock(ArrayRef<Value> places, const Dim &dim, ValueRange gathered, int64_t lanes,
                              std::optional<DimExpr> count) {
    SmallVector<Value> next(gathered);
    for (auto [q, value] : llvm::enumerate(next)) {
      DimExpr left = count ? *count - DimExpr(static_cast<int64_t>(q) * lanes) : DimExpr(lanes);
      if (left.isConstant() && left.getConstant() <= 0)
        break;
      bool whole = left.isConstant() && left.getConstant() >= lanes;
      Value mask = whole ? Value() : kernel.mask(lanes, left);
      SmallVector<Value> at = advanceAll(places, kernel.index(static_cast<int64_t>(q) * lanes), dim);
      Value element = spread(kernel, element_(at, dim.strides, lanes, mask), lanes);
      Value joined = combine(value, element);
      value = whole ? joined : Value(arith::SelectOp::create(b, kernel.loc, mask, joined, value));
    }
    return next;
  }

  Value halve(SmallVector<Value> vectors, int64_t lanes) {
    while (vectors.size() > 1) {
      size_t half = vectors.size() / 2;
      for (size_t i = 0; i < half; ++i)
        vectors[i] = combine(vectors[i], vectors[i + half]);
      vectors.resize(half);
    }
    Value value = vectors[0];
    for (int64_t half = lanes / 2; half >= 1; half /= 2) {
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < lanes; ++i)
        order.push_back((i + half) % lanes);
      value = combine(value, vector::ShuffleOp::create(b, kernel.loc, value, value, order));
    }
    return lanes == 1 ? value : Value(vector::ExtractOp::create(b, kernel.loc, value, 0));
  }

  //===--- Elements -------------------------------------------------------===//

  int64_t vectorLanes() {
    unsigned bits = 32;
    for (BlockArgument argument : op.getBody()->getArguments())
      bits = std::max(bits, argument.getType().getIntOrFloatBitWidth());
    for (Operation &nested : op.getBody()->without_terminator())
      for (Type type : nested.getResultTypes())
        if (type.isIntOrFloat())
          bits = std::max(bits, type.getIntOrFloatBitWidth());
    return s.target.lanes(bits);
  }

  Value startingValue(int64_t lanes) {
    return spread(kernel, arith::ConstantOp::create(b, kernel.loc, neutralElement(combiner, element)), lanes);
  }

  Value combine(Value gathered, Value value) {
    if (isa<arith::MaximumFOp>(combiner))
      return emitMaximum(kernel, gathered, value);
    OperationState state(kernel.loc, combiner->getName(), {gathered, value}, gathered.getType(), combiner->getAttrs());
    state.propertiesAttr = combiner->getPropertiesAsAttribute();
    return b.create(state)->getResult(0);
  }

  /// What the body makes of the inputs' elements before the combiner.
  Value element_(ArrayRef<Value> places, ArrayRef<DimExpr> strides, int64_t lanes, Value mask) {
    VectorBody body(kernel, lanes);
    Block *block = op.getBody();
    for (unsigned i = 0; i < op.getNumDpsInputs(); ++i) {
      BlockArgument argument = block->getArgument(i);
      if (!accesses[i])
        body.map(argument, kernel.capture(op->getOperand(i)));
      else if (!argument.use_empty())
        body.map(argument, loadLanes(kernel, *accesses[i], places[i], strides[i], lanes, mask));
    }
    for (Operation &nested : block->without_terminator())
      if (&nested != combiner)
        body.emit(&nested);
    Value gathered = op.getRegionOutputArgs().front();
    return body.get(combiner->getOperand(combiner->getOperand(0) == gathered ? 1 : 0));
  }

  void finish(ArrayRef<Value> places, Value total, Value mask, int64_t lanes) {
    const Access &out = *accesses.back();
    if (!overwrite)
      total = combine(
          spread(kernel, loadLanes(kernel, out, places.back(), DimExpr(lanes == 1 ? 0 : 1), lanes, mask), lanes),
          total);
    storeLanes(kernel, out, places.back(), total, mask);
  }

  linalg::GenericOp op;
  bool overwrite;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  Operation *combiner;
  Type element;
  SmallVector<std::optional<Access>> accesses;
  SmallVector<Dim> parallel, reduced;
  bool innermostIsReduced = false;
};

} // namespace

LogicalResult rune::scheduleReduction(linalg::GenericOp op, bool overwrite, Scheduling &scheduling) {
  return ReductionWriter(op, overwrite, scheduling).write();
}
