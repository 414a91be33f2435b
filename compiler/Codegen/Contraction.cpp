// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Contraction.h"

#include "Codegen/Bf16.h"
#include "Codegen/VectorBody.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

LogicalResult Contraction::collect() {
  auto outView = s.view(op, op.getInit());
  auto rhsView = s.view(op, op.getRhs());
  if (failed(outView) || failed(rhsView))
    return failure();
  unsigned rank = outView->sizes.size();
  lead = rank - 1;
  sizes = outView->sizes;
  for (Value init : op.getInits()) {
    auto access = s.access(op, init, AffineMap::getMultiDimIdentityMap(rank, op.getContext()));
    if (failed(access))
      return failure();
    outs.push_back(*access);
  }
  auto lhsAccess = s.access(op, op.getLhs(), cast<AffineMapAttr>(op.getMaps()[0]).getValue());
  if (failed(lhsAccess))
    return failure();
  lhs = *lhsAccess;
  for (auto [extra, map] : llvm::zip(op.getExtras(), op.getMaps().getValue().drop_front())) {
    auto access = s.access(op, extra, cast<AffineMapAttr>(map).getValue());
    if (failed(access))
      return failure();
    extras.push_back(*access);
  }
  rhs = {kernel.buffer(rhsView->root), rhsView->offset, {}, rhsView->root.element};
  batch = rhsView->sizes.size() - 3;
  element = op.getEpilogue().front().getArgument(0).getType();
  pairs = rhsView->root.element.isInteger(32);
  auto lhsView = s.view(op, op.getLhs());
  AffineMap lhsMap = cast<AffineMapAttr>(op.getMaps()[0]).getValue();
  depth = lhsView->sizes[*lhsMap.getResultPosition(b.getAffineDimExpr(rank))];
  panelLanes = rhsView->sizes[batch + 2].getConstant();
  panelStride = rhsView->strides[batch];
  batchStrides.assign(rhsView->strides.begin(), rhsView->strides.begin() + batch);
  unsigned bits = rhs.element.getIntOrFloatBitWidth();
  lanes = std::min(s.target.lanes(bits), panelLanes);
  panelVectors = panelLanes / lanes;
  if (op.getPanels())
    mergePanels();
  mergeRows();
  // With no leading dimension, or where the last one selects the right side's batch, there is one row.
  hasRows = lead > 0 && lead - 1 >= batch;
  return success();
}

/// The panels and their lanes are the columns.
void Contraction::mergePanels() {
  sizes = {sizes[1], sizes[0] * sizes[2]};
  lead = 1;
  auto drop = [](Access &access) {
    DimExpr stride = access.strides.front();
    access.strides.erase(access.strides.begin());
    return stride;
  };
  drop(lhs);
  for (Access &out : outs)
    outPanelStrides.push_back(drop(out));
  for (Access &extra : extras)
    extraPanelStrides.push_back(drop(extra));
}

/// Leading dimensions that are one run of rows in every operand become one dimension of rows.
void Contraction::mergeRows() {
  unsigned end = lead;
  while (end - 1 > batch && end >= 2 && mergeable(end - 2)) {
    sizes[end - 2] = sizes[end - 2] * sizes[end - 1];
    auto drop = [&](Access &access) { access.strides.erase(access.strides.begin() + end - 2); };
    drop(lhs);
    llvm::for_each(outs, drop);
    llvm::for_each(extras, drop);
    sizes.erase(sizes.begin() + end - 1);
    --end;
    --lead;
  }
}

bool Contraction::mergeable(unsigned dim) {
  auto runs = [&](const Access &access) { return access.strides[dim] == access.strides[dim + 1] * sizes[dim + 1]; };
  return runs(lhs) && llvm::all_of(outs, runs) && llvm::all_of(extras, runs);
}

Contraction::Place Contraction::start() {
  Place place{kernel.index(lhs.offset), kernel.index(rhs.offset), {}, {}};
  for (const Access &out : outs)
    place.outs.push_back(kernel.index(out.offset));
  for (const Access &extra : extras)
    place.extras.push_back(kernel.index(extra.offset));
  return place;
}

Contraction::Place Contraction::advance(Place place, unsigned dim, Value iv) {
  place.lhs = kernel.advance(place.lhs, iv, lhs.strides[dim]);
  for (auto [offset, out] : llvm::zip(place.outs, outs))
    offset = kernel.advance(offset, iv, out.strides[dim]);
  for (auto [offset, extra] : llvm::zip(place.extras, extras))
    offset = kernel.advance(offset, iv, extra.strides[dim]);
  if (dim < batch)
    place.rhs = kernel.advance(place.rhs, iv, batchStrides[dim]);
  return place;
}

DimExpr Contraction::nanoseconds() const {
  // Vectors of eight at some 3 GHz, whatever the processor: kernels are split alike on all of them.
  DimExpr vectors = rows() * depth * columns().ceilDiv(DimExpr(8));
  return vectors.ceilDiv(DimExpr(6)) + DimExpr(1);
}

int64_t Contraction::fullRows() const {
  int64_t vectors = panelVectors == 1 ? 2 : panelVectors;
  int64_t rows = (s.target.registers - 1 - vectors) / vectors;
  return std::max<int64_t>(1, std::min<int64_t>(rows, panelVectors == 1 ? 12 : 6));
}

int64_t Contraction::panelsPerTile(int64_t rows) const {
  int64_t best = 1;
  for (int64_t count = 1; count * panelVectors <= 8; count *= 2) {
    int64_t vectors = count * panelVectors;
    int64_t registers = rows == 1 ? vectors + 2 : rows * vectors + vectors + 1;
    if (registers <= s.target.registers)
      best = count;
  }
  return best;
}

/// One lane is a scalar.
Type Contraction::vectorType() const { return lanes == 1 ? element : VectorType::get({lanes}, element); }

Value Contraction::zero() { return arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(vectorType())); }

Value Contraction::multiplyAdd(Value x, Value y, Value sum) {
  if (s.target.fma)
    return vector::FMAOp::create(b, kernel.loc, x, y, sum);
  Value product = arith::MulFOp::create(b, kernel.loc, x, y);
  return arith::AddFOp::create(b, kernel.loc, product, sum);
}

//===--- One row of panels ------------------------------------------------===//

SmallVector<Value> Contraction::multiplyRow(ArrayRef<SmallVector<Value, 2>> left, ArrayRef<Value> right,
                                            ValueRange sums) {
  if (pairs)
    return multiplyPairs(left, right, sums);
  SmallVector<Value> next;
  for (auto [row, numbers] : llvm::enumerate(left)) {
    Value number = spread(kernel, numbers.front(), lanes);
    for (auto [j, vector] : llvm::enumerate(right))
      next.push_back(multiplyAdd(number, vector, sums[row * right.size() + j]));
  }
  return next;
}

Contraction::Bf16Form Contraction::bf16Form(int64_t rows) const {
  // The instruction does half as much in a cycle as two multiply-adds, but needs no unpacking: few rows, whose panels
  // come from memory, gain.
  constexpr int64_t fewRows = 3;
  if (s.target.dotBf16 && lanes > 1 && rows <= fewRows)
    return Bf16Form::Instruction;
  return s.target.flushesByMode ? Bf16Form::Mode : Bf16Form::Select;
}

SmallVector<Value> Contraction::multiplyPairs(ArrayRef<SmallVector<Value, 2>> left, ArrayRef<Value> right,
                                              ValueRange sums) {
  Location loc = kernel.loc;
  Bf16Form form = bf16Form(left.size());
  SmallVector<Value> next(sums);
  if (form == Bf16Form::Instruction && left.front().size() == 2) {
    for (auto [row, numbers] : llvm::enumerate(left)) {
      Value pair = spread(kernel, pairOfBf16(b, loc, numbers[0], numbers[1]), lanes);
      for (auto [j, words] : llvm::enumerate(right)) {
        Value &sum = next[row * right.size() + j];
        sum = DotBf16Op::create(b, loc, sum, pair, words);
      }
    }
    return next;
  }
  auto add = [&](unsigned number, ArrayRef<Value> vectors) {
    for (auto [row, numbers] : llvm::enumerate(left))
      for (auto [j, vector] : llvm::enumerate(vectors)) {
        Value &sum = next[row * right.size() + j];
        sum = multiplyAdd(spread(kernel, numbers[number], lanes), vector, sum);
        if (form != Bf16Form::Mode)
          sum = FlushSubnormalOp::create(b, loc, sum);
      }
  };
  SmallVector<Value> first, second;
  for (Value words : right) {
    first.push_back(firstOfPair(b, loc, words));
    second.push_back(secondOfPair(b, loc, words));
  }
  if (left.front().size() == 2)
    add(1, second);
  add(0, first);
  return next;
}

void Contraction::inMode(int64_t rows, function_ref<void()> write) {
  if (!pairs || bf16Form(rows) != Bf16Form::Mode)
    return write();
  Value mode = FlushBeginOp::create(b, kernel.loc, b.getI32Type());
  write();
  FlushEndOp::create(b, kernel.loc, mode);
}

//===--- The epilogue -----------------------------------------------------===//

void Contraction::finish(const Place &matrix, Value row, Value column, Value sum, const std::optional<DimExpr> &valid) {
  Value mask = valid ? kernel.mask(lanes, *valid) : Value();
  VectorBody body(kernel, lanes);
  Block &epilogue = op.getEpilogue().front();
  body.map(epilogue.getArgument(0), sum);
  for (auto [k, extra] : llvm::enumerate(extras)) {
    Value at = kernel.advance(matrix.extras[k], row, rowStride(extra));
    at = columnPlace(at, column, extra.strides.back(), extraPanelStrides, k);
    body.map(epilogue.getArgument(k + 1), loadLanes(kernel, extra, at, extra.strides.back(), lanes, mask));
  }
  for (Operation &nested : epilogue.without_terminator())
    body.emit(&nested);
  for (auto [k, out] : llvm::enumerate(outs)) {
    Value result = body.getVector(epilogue.getTerminator()->getOperand(k));
    Value at = kernel.advance(matrix.outs[k], row, rowStride(out));
    at = columnPlace(at, column, out.strides.back(), outPanelStrides, k);
    if (out.strides.back().isConstant(1))
      storeLanes(kernel, out, at, result, mask);
    else
      scatter(out, at, result, valid.value_or(DimExpr(lanes)));
  }
}

Value Contraction::columnPlace(Value at, Value column, const DimExpr &stride, ArrayRef<DimExpr> panels,
                               unsigned number) {
  if (panels.empty())
    return kernel.advance(at, column, stride);
  Value panel = kernel.div(column, panelLanes);
  Value lane = kernel.sub(column, kernel.mul(panel, kernel.index(panelLanes)));
  return kernel.advance(kernel.advance(at, panel, panels[number]), lane, stride);
}

/// Columns that are not side by side in memory are stored one by one.
void Contraction::scatter(const Access &out, Value at, Value result, const DimExpr &valid) {
  for (int64_t lane = 0; lane < lanes; ++lane) {
    if (valid.isConstant() && lane >= valid.getConstant())
      return;
    Value inside = kernel.compare(arith::CmpIPredicate::slt, kernel.index(lane), kernel.index(valid));
    kernel.runIf(inside, [&] {
      Value element = lanes == 1 ? result : Value(vector::ExtractOp::create(b, kernel.loc, result, lane));
      Value place = kernel.advance(at, kernel.index(lane), out.strides.back());
      memref::StoreOp::create(b, kernel.loc, element, out.buffer, place);
    });
  }
}

/// Loops over what is neither rows nor columns, the first of them shared by threads.
static void writeOuter(Contraction &product, unsigned dim, const Contraction::Place &place) {
  if (dim == product.outerDims())
    return ContractTiles(product).write(place, /*threads=*/false);
  product.kernel.loop(0, product.sizes[dim], 1,
                      [&](Value iv) { writeOuter(product, dim + 1, product.advance(place, dim, iv)); });
}

LogicalResult rune::scheduleContract(ContractOp op, Scheduling &scheduling) {
  Contraction product(op, scheduling);
  if (failed(product.collect()))
    return failure();
  if (ContractBlocks::isWorth(product)) {
    ContractBlocks(product).write();
    return success();
  }
  unsigned dim = 0;
  while (dim < product.outerDims() && product.sizes[dim].isConstant(1))
    ++dim;
  if (dim == product.outerDims()) {
    ContractTiles(product).write(product.start(), /*threads=*/true);
    return success();
  }
  DimExpr nanoseconds = product.nanoseconds();
  for (unsigned inner = dim; inner < product.outerDims(); ++inner)
    nanoseconds = nanoseconds * product.sizes[inner];
  Kernel &kernel = scheduling.kernel;
  kernel.parallel(product.sizes[dim], nanoseconds, [&](Value begin, Value end) {
    Contraction::Place place = product.start();
    kernel.loop(begin, end, 1, [&](Value iv) { writeOuter(product, dim + 1, product.advance(place, dim, iv)); });
  });
  return success();
}
