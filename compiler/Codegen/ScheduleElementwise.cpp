// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise ops: loops over the outer dimensions, vectors along the last, its tail masked. And the fallback that
// takes any generic op, element by element.

#include "Codegen/Cost.h"
#include "Codegen/Structured.h"
#include "Codegen/VectorBody.h"

#include "rune/table.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

FailureOr<SmallVector<DimExpr>> rune::iterationSizes(linalg::GenericOp op, Scheduling &scheduling) {
  SmallVector<DimExpr> sizes(op.getNumLoops());
  SmallVector<bool> known(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    auto view = scheduling.view(op, operand.get());
    if (failed(view))
      return failure();
    for (auto [place, size] : llvm::zip(op.getMatchingIndexingMap(&operand).getResults(), view->sizes))
      if (auto dim = dyn_cast<AffineDimExpr>(place); dim && !known[dim.getPosition()]) {
        sizes[dim.getPosition()] = size;
        known[dim.getPosition()] = true;
      }
  }
  return sizes;
}

namespace {

class ElementwiseWriter {
public:
  ElementwiseWriter(linalg::GenericOp op, Scheduling &scheduling)
      : op(op), s(scheduling), kernel(scheduling.kernel), b(scheduling.kernel.b) {}

  LogicalResult write(bool vectors) {
    auto extents = iterationSizes(op, s);
    if (failed(extents))
      return failure();
    sizes = *extents;
    for (OpOperand &operand : op->getOpOperands()) {
      accesses.emplace_back();
      if (!isa<MemRefType>(operand.get().getType()))
        continue;
      auto access = s.access(op, operand.get(), op.getMatchingIndexingMap(&operand));
      if (failed(access))
        return failure();
      accesses.back() = *access;
    }
    if (!op.hasIndexSemantics())
      mergeDims();
    if (failed(collectTables()))
      return failure();
    lanes = vectors ? chooseLanes() : 1;
    SmallVector<Value> places;
    for (auto &access : accesses)
      places.push_back(access ? kernel.index(access->offset) : Value());
    whereTablesHaveElements([&] { writeSplit(places); });
    return success();
  }

private:
  /// A gather in the body: where the table lies.
  struct Table {
    Access access;
    View view;
  };

  void mergeDims() {
    for (unsigned dim = sizes.size(); dim-- > 1;) {
      bool runs = llvm::all_of(accesses, [&](const std::optional<Access> &access) {
        return !access || access->strides[dim - 1] == access->strides[dim] * sizes[dim];
      });
      if (!runs)
        continue;
      sizes[dim - 1] = sizes[dim - 1] * sizes[dim];
      sizes.erase(sizes.begin() + dim);
      for (auto &access : accesses)
        if (access)
          access->strides.erase(access->strides.begin() + dim - 1);
    }
  }

  LogicalResult collectTables() {
    LogicalResult result = success();
    op.getBody()->walk([&](memref::LoadOp load) {
      auto view = s.view(op, load.getMemRef());
      if (failed(view)) {
        result = failure();
        return;
      }
      tables.insert({load, {{kernel.buffer(view->root), view->offset, view->strides, view->root.element}, *view}});
    });
    return result;
  }

  /// No place in an empty table is good: then there is nothing to write, or the call has failed already.
  void whereTablesHaveElements(llvm::function_ref<void()> write) {
    Value some;
    for (auto &[load, table] : tables) {
      DimExpr count = product(table.view.sizes);
      if (count.isConstant(0))
        return;
      if (count.isKnownAtLeast(1))
        continue;
      Value filled =
          arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne, kernel.index(count), kernel.index(0));
      some = some ? Value(arith::AndIOp::create(b, kernel.loc, some, filled)) : filled;
    }
    if (!some)
      return write();
    auto guardOp = scf::IfOp::create(b, kernel.loc, some);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guardOp.thenBlock());
    write();
  }

  /// Whether a value of the body is the same in all lanes of the innermost dimension.
  bool isUniform(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() != op.getBody())
        return true;
      auto &access = accesses[argument.getArgNumber()];
      return !access || access->strides.back().isConstant(0);
    }
    Operation *defining = value.getDefiningOp();
    if (defining->getBlock() != op.getBody())
      return true;
    if (auto index = dyn_cast<linalg::IndexOp>(defining))
      return index.getDim() + 1 != sizes.size();
    auto [it, inserted] = uniform.try_emplace(value, false);
    if (inserted) {
      bool all = llvm::all_of(defining->getOperands(), [&](Value operand) { return isUniform(operand); });
      uniform[value] = all;
      return all;
    }
    return it->second;
  }

  static bool isInnermostIndex(Value value, unsigned dims) {
    auto index = value.getDefiningOp<linalg::IndexOp>();
    return index && index.getDim() + 1 == dims;
  }

  /// A table is read a vector at a time where only its last index moves, by one.
  bool readsVectors(memref::LoadOp load) {
    if (load.getIndices().empty())
      return true;
    auto indices = load.getIndices();
    return llvm::all_of(indices.drop_back(), [&](Value index) { return isUniform(index); }) &&
           (isUniform(indices.back()) || isInnermostIndex(indices.back(), sizes.size())) &&
           tables.find(load)->second.view.strides.back().isConstant(1);
  }

  int64_t chooseLanes() {
    if (sizes.empty() || sizes.back().isConstant(1))
      return 1;
    unsigned bits = 32;
    auto widen = [&](Type type) { bits = std::max(bits, type.isIndex() ? 64 : type.getIntOrFloatBitWidth()); };
    for (unsigned i = op.getNumDpsInputs(); i < accesses.size(); ++i)
      if (!accesses[i]->strides.back().isConstant(1))
        return 1;
    // What is the same in every lane stays a scalar, of any width.
    for (BlockArgument argument : op.getBody()->getArguments())
      if (argument.getArgNumber() >= op.getNumDpsInputs() || !isUniform(argument))
        widen(argument.getType());
    for (Operation &nested : op.getBody()->without_terminator()) {
      if (auto load = dyn_cast<memref::LoadOp>(nested); load && !readsVectors(load))
        return 1;
      for (Value result : nested.getResults())
        if (!isUniform(result))
          widen(result.getType());
    }
    return s.target.lanes(bits);
  }

  /// Threads share the first dimension that has more than one place: rows, or blocks of the only row.
  void writeSplit(ArrayRef<Value> places) {
    unsigned dim = 0;
    while (dim < sizes.size() && sizes[dim].isConstant(1))
      ++dim;
    if (dim == sizes.size() || (dim > 0 && dim + 1 == sizes.size()))
      return writeDim(0, places);
    DimExpr elements(1);
    for (unsigned i = dim; i < sizes.size(); ++i)
      elements = elements * sizes[i];
    DimExpr nanoseconds = (elements * DimExpr(nanosecondsForThousand(op))).ceilDiv(DimExpr(1000));
    if (dim + 1 == sizes.size()) {
      DimExpr blocks = sizes[dim].ceilDiv(DimExpr(block));
      if (!kernel.isWorthThreads(blocks, nanoseconds))
        return writeDim(0, places);
      return kernel.parallel(blocks, nanoseconds, [&](Value begin, Value end) { writeBlocks(places, begin, end); });
    }
    indices.append(dim, kernel.index(0));
    kernel.parallel(sizes[dim], nanoseconds, [&](Value begin, Value end) {
      kernel.loop(begin, end, 1, [&](Value iv) {
        indices.push_back(iv);
        writeDim(dim + 1, advanceAll(places, iv, dim));
        indices.pop_back();
      });
    });
    indices.clear();
  }

  static constexpr int64_t block = 4096; // elements of one dimension, the least that a thread takes

  /// Of the only dimension; what vectors leave over goes with its last block.
  void writeBlocks(ArrayRef<Value> places, Value begin, Value end) {
    DimExpr rest = sizes[0].mod(DimExpr(lanes)), full = sizes[0] - rest;
    Value from = kernel.mul(begin, kernel.index(block)), to = kernel.mul(end, kernel.index(block));
    to = kernel.min(to, kernel.index(full));
    kernel.loop(from, to, lanes, [&](Value iv) { writeAt(places, 0, iv, lanes, {}); });
    if (rest.isConstant(0))
      return;
    Value last = kernel.index(sizes[0].ceilDiv(DimExpr(block)));
    kernel.runIf(kernel.compare(arith::CmpIPredicate::eq, end, last), [&] { writeRest(places, 0, full, rest); });
  }

  void writeDim(unsigned dim, ArrayRef<Value> places) {
    if (dim + 1 < sizes.size()) {
      kernel.loop(0, sizes[dim], 1, [&](Value iv) {
        indices.push_back(iv);
        writeDim(dim + 1, advanceAll(places, iv, dim));
        indices.pop_back();
      });
      return;
    }
    if (sizes.empty()) {
      writeElements(places, 1, {});
      return;
    }
    DimExpr extent = sizes.back();
    DimExpr rest = lanes == 1 ? DimExpr(0) : extent.mod(DimExpr(lanes)), full = extent - rest;
    kernel.loop(0, full, lanes, [&](Value iv) { writeAt(places, dim, iv, lanes, {}); });
    if (!rest.isConstant(0))
      writeRest(places, dim, full, rest);
  }

  void writeAt(ArrayRef<Value> places, unsigned dim, Value iv, int64_t width, Value mask) {
    indices.push_back(iv);
    writeElements(advanceAll(places, iv, dim), width, mask);
    indices.pop_back();
  }

  /// What is left over of the innermost dimension.
  void writeRest(ArrayRef<Value> places, unsigned dim, const DimExpr &full, const DimExpr &rest) {
    if (rest.isConstant(1))
      return writeAt(places, dim, kernel.index(full), 1, {});
    if (rest.isConstant())
      return writeAt(places, dim, kernel.index(full), lanes, kernel.mask(lanes, rest));
    Value some = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::ne, kernel.index(rest), kernel.index(0));
    auto guardOp = scf::IfOp::create(b, kernel.loc, some);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guardOp.thenBlock());
    writeAt(places, dim, kernel.index(full), lanes, kernel.mask(lanes, rest));
  }

  SmallVector<Value> advanceAll(ArrayRef<Value> places, Value iv, unsigned dim) {
    SmallVector<Value> next;
    for (auto [access, place] : llvm::zip(accesses, places))
      next.push_back(access ? kernel.advance(place, iv, access->strides[dim]) : Value());
    return next;
  }

  void writeElements(ArrayRef<Value> places, int64_t width, Value mask) {
    VectorBody body(kernel, width);
    Block *block = op.getBody();
    for (BlockArgument argument : block->getArguments()) {
      auto &access = accesses[argument.getArgNumber()];
      if (!access) {
        body.map(argument, kernel.capture(op->getOperand(argument.getArgNumber())));
        continue;
      }
      if (argument.use_empty())
        continue;
      DimExpr stride = access->strides.empty() ? DimExpr(0) : access->strides.back();
      body.map(argument, loadLanes(kernel, *access, places[argument.getArgNumber()], stride, width, mask));
    }
    for (Operation &nested : block->without_terminator())
      emit(&nested, body, width, mask);
    for (auto [i, value] : llvm::enumerate(block->getTerminator()->getOperands())) {
      unsigned operand = op.getNumDpsInputs() + i;
      Value result = width == 1 ? body.get(value) : body.getVector(value);
      storeLanes(kernel, *accesses[operand], places[operand], result, mask);
    }
  }

  void emit(Operation *nested, VectorBody &body, int64_t width, Value mask) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      Value iv = indices[index.getDim()];
      if (width > 1 && index.getDim() + 1 == sizes.size())
        iv = arith::AddIOp::create(b, kernel.loc, spread(kernel, iv, width), kernel.laneNumbers(width));
      return body.map(index, iv);
    }
    auto load = dyn_cast<memref::LoadOp>(nested);
    if (!load)
      return body.emit(nested);
    const Table &table = tables.find(load)->second;
    Value place = kernel.index(table.access.offset);
    DimExpr stride(0);
    for (auto [index, step] : llvm::zip(load.getIndices(), table.view.strides)) {
      bool moves = width > 1 && isInnermostIndex(index, sizes.size());
      place = kernel.advance(place, moves ? indices.back() : body.get(index), step);
      if (moves)
        stride = step;
    }
    body.map(load, loadLanes(kernel, table.access, place, stride, width, mask));
  }

  linalg::GenericOp op;
  Scheduling &s;
  Kernel &kernel;
  OpBuilder &b;
  SmallVector<DimExpr> sizes;
  SmallVector<std::optional<Access>> accesses; // by operand; none for scalars
  std::map<Operation *, Table> tables;
  llvm::DenseMap<Value, bool> uniform;
  SmallVector<Value> indices; // of the loops around
  int64_t lanes = 1;
};

} // namespace

LogicalResult rune::scheduleElementwise(linalg::GenericOp op, Scheduling &scheduling) {
  return ElementwiseWriter(op, scheduling).write(/*vectors=*/true);
}

LogicalResult rune::scheduleScalar(linalg::GenericOp op, Scheduling &scheduling) {
  return ElementwiseWriter(op, scheduling).write(/*vectors=*/false);
}

LogicalResult rune::scheduleCheckIndex(CheckIndexOp op, Value workspace, Scheduling &scheduling) {
  Kernel &kernel = scheduling.kernel;
  OpBuilder &b = kernel.b;
  auto view = scheduling.view(op, op.getIndices());
  if (failed(view))
    return failure();
  Value buffer = kernel.buffer(view->root);
  Value status = kernel.buffer({workspace, DimExpr(0), true, b.getI32Type(), DimExpr(1)});
  Value size = arith::IndexCastOp::create(b, kernel.loc, b.getI64Type(), kernel.capture(op.getSize()));
  Value zero = arith::ConstantOp::create(b, kernel.loc, b.getI64IntegerAttr(0));
  Value lowest = arith::SubIOp::create(b, kernel.loc, zero, size);
  Value good = arith::ConstantOp::create(b, kernel.loc, b.getBoolAttr(true));
  std::function<Value(unsigned, Value, Value)> walk = [&](unsigned dim, Value place, Value ok) -> Value {
    if (dim == view->sizes.size()) {
      Value index = memref::LoadOp::create(b, kernel.loc, buffer, place);
      Value above = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::sge, index, lowest);
      Value below = arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::slt, index, size);
      Value both = arith::AndIOp::create(b, kernel.loc, above, below);
      return arith::AndIOp::create(b, kernel.loc, ok, both);
    }
    return kernel.loop(0, view->sizes[dim], 1, ok, [&](Value iv, ValueRange carried) {
      return SmallVector<Value>{walk(dim + 1, kernel.advance(place, iv, view->strides[dim]), carried[0])};
    })[0];
  };
  good = walk(0, kernel.index(view->offset), good);
  emitFailUnless(b, kernel.loc, good, RUNE_INDEX_OUT_OF_RANGE, status);
  return success();
}
