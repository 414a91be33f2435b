// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Kernel.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

Kernel::Kernel(MLIRContext *context, Location loc, const SymbolicIndex &outer, bool threads)
    : b(context), loc(loc), outer(outer), threads(threads) {
  function = func::FuncOp::create(loc, "kernel", FunctionType::get(context, {}, {}));
  b.setInsertionPointToStart(&function.getBody().emplaceBlock());
}

Kernel::~Kernel() {
  if (function)
    function.erase();
}

Value Kernel::addArgument(Type type, std::variant<Root, std::string, Value> source) {
  arguments.push_back(std::move(source));
  return function.getBody().front().addArgument(type, loc);
}

Value Kernel::buffer(const Root &root) {
  for (auto &[known, value] : buffers)
    if (known == root)
      return value;
  buffers.push_back({root, addArgument(MemRefType::get({ShapedType::kDynamic}, root.element), root)});
  return buffers.back().second;
}

Value Kernel::index(const DimExpr &dim) {
  auto [it, inserted] = sizes.try_emplace(dim.str());
  if (!inserted)
    return it->second;
  auto symbol = [&](StringRef name) {
    auto [place, fresh] = symbols.try_emplace(name.str());
    if (fresh)
      place->second = addArgument(b.getIndexType(), name.str());
    return place->second;
  };
  // Sizes are computed once, at the start of the function.
  OpBuilder::InsertionGuard guard(b);
  Block &block = function.getBody().front();
  if (lastOfPreamble)
    b.setInsertionPointAfter(lastOfPreamble);
  else
    b.setInsertionPointToStart(&block);
  Value value = materializeIndex(b, loc, dim, symbol);
  if (Operation *op = value.getDefiningOp())
    if (!lastOfPreamble || lastOfPreamble->isBeforeInBlock(op))
      lastOfPreamble = op;
  return sizes[dim.str()] = value;
}

Value Kernel::capture(Value outerValue) {
  if (outerValue.getType().isIndex())
    if (auto dim = outer.toDim(outerValue))
      return index(*dim);
  auto [it, inserted] = captured.try_emplace(outerValue);
  if (!inserted)
    return it->second;
  Operation *op = outerValue.getDefiningOp();
  if (op && isa<arith::ConstantOp>(op)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getBody().front());
    Operation *clone = b.clone(*op);
    if (!lastOfPreamble)
      lastOfPreamble = clone;
    return captured[outerValue] = clone->getResult(0);
  }
  return captured[outerValue] = addArgument(outerValue.getType(), outerValue);
}

static std::optional<int64_t> constantIndex(Value value) {
  if (auto constant = value.getDefiningOp<arith::ConstantIndexOp>())
    return constant.value();
  return std::nullopt;
}

Value Kernel::add(Value x, Value y) {
  if (constantIndex(x) == 0)
    return y;
  if (constantIndex(y) == 0)
    return x;
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}

Value Kernel::mul(Value x, Value y) {
  if (constantIndex(x) == 1)
    return y;
  if (constantIndex(y) == 1)
    return x;
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}

Value Kernel::sub(Value x, Value y) { return b.createOrFold<arith::SubIOp>(loc, x, y); }

Value Kernel::min(Value x, Value y) { return b.createOrFold<arith::MinSIOp>(loc, x, y); }

Value Kernel::div(Value x, int64_t y) { return b.createOrFold<arith::DivUIOp>(loc, x, index(y)); }

Value Kernel::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, predicate, x, y);
}

void Kernel::runIf(Value condition, llvm::function_ref<void()> body) {
  IntegerAttr known;
  if (matchPattern(condition, m_Constant(&known)))
    return known.getValue().isOne() ? body() : void();
  auto branch = scf::IfOp::create(b, loc, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

Value Kernel::advance(Value base, Value value, const DimExpr &stride) {
  if (stride.isConstant(0))
    return base;
  return add(base, mul(value, index(stride)));
}

SmallVector<Value> Kernel::loop(const DimExpr &from, const DimExpr &to, int64_t step, ValueRange carried, Body body) {
  DimExpr extent = to - from;
  if (extent.isConstant() && extent.getConstant() <= 0)
    return carried;
  if (extent.isConstant() && extent.getConstant() <= step)
    return body(index(from), carried);
  return loop(index(from), index(to), step, carried, body);
}

SmallVector<Value> Kernel::loop(Value from, Value to, int64_t step, ValueRange carried, Body body) {
  auto first = constantIndex(from), last = constantIndex(to);
  if (first && last && *last - *first <= step)
    return *last <= *first ? SmallVector<Value>(carried) : body(from, carried);
  auto loop = scf::ForOp::create(b, loc, from, to, index(step), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> results = body(loop.getInductionVar(), loop.getRegionIterArgs());
  b.setInsertionPointToEnd(loop.getBody());
  if (!carried.empty())
    scf::YieldOp::create(b, loc, results);
  else if (loop.getBody()->empty() || !loop.getBody()->back().hasTrait<OpTrait::IsTerminator>())
    scf::YieldOp::create(b, loc);
  return SmallVector<Value>(loop.getResults());
}

void Kernel::loop(const DimExpr &from, const DimExpr &to, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

SmallVector<Value> Kernel::unrolledLoop(Value from, Value to, int64_t count, ValueRange carried, Body body) {
  SmallVector<Value> results = loop(from, to, 1, carried, body);
  if (auto written = results.front().getDefiningOp<scf::ForOp>())
    written->setAttr("rune.unroll", b.getI64IntegerAttr(count));
  return results;
}

void Kernel::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

Value Kernel::laneNumbers(int64_t lanes) {
  SmallVector<int64_t> numbers = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  auto type = VectorType::get({lanes}, b.getIndexType());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, [&] {
                                     SmallVector<Attribute> attributes;
                                     for (int64_t number : numbers)
                                       attributes.push_back(b.getIndexAttr(number));
                                     return attributes;
                                   }()));
}

Value Kernel::mask(int64_t lanes, const DimExpr &count) {
  if (lanes == 1)
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, index(count), index(0));
  auto type = VectorType::get({lanes}, b.getI1Type());
  if (count.isConstant())
    return vector::ConstantMaskOp::create(b, loc, type, std::clamp<int64_t>(count.getConstant(), 0, lanes));
  return vector::CreateMaskOp::create(b, loc, type, index(count));
}

/// Less than this is done sooner by one thread: waking another takes a few microseconds.
static constexpr int64_t worthThreads = 20'000; // nanoseconds

bool Kernel::isWorthThreads(const DimExpr &count, const DimExpr &nanoseconds) const {
  bool little = nanoseconds.isConstant() && nanoseconds.getConstant() < worthThreads;
  return threads && !ranges && !little && !(count.isConstant() && count.getConstant() <= 1);
}

void Kernel::parallel(const DimExpr &count, const DimExpr &nanoseconds, llvm::function_ref<void(Value, Value)> body) {
  if (!isWorthThreads(count, nanoseconds))
    return body(index(0), index(count));
  auto placeholder = [&] {
    return UnrealizedConversionCastOp::create(b, loc, b.getIndexType(), ValueRange()).getResult(0);
  };
  ranges = {placeholder(), placeholder(), count, nanoseconds};
  // Their symbols are arguments even where the body itself does without.
  index(nanoseconds);
  index(count);
  body(ranges->begin, ranges->end);
}

void Kernel::close(func::FuncOp ended) {
  Block &block = ended.getBody().front();
  ended.setType(FunctionType::get(b.getContext(), SmallVector<Type>(block.getArgumentTypes()), {}));
  ended.setPrivate();
  for (BlockArgument argument : block.getArguments())
    if (isa<MemRefType>(argument.getType()))
      ended.setArgAttr(argument.getArgNumber(), "llvm.noalias", b.getUnitAttr());
}

/// Calls the part for the whole range where there is little to do, for ranges of it where there is enough.
func::FuncOp Kernel::writeLauncher(func::FuncOp part) {
  auto launcher = func::FuncOp::create(loc, "kernel", FunctionType::get(b.getContext(), {}, {}));
  Block &block = launcher.getBody().emplaceBlock();
  llvm::StringMap<Value> symbolValues;
  for (auto [source, argument] : llvm::zip(arguments, part.getArguments())) {
    Value own = block.addArgument(argument.getType(), loc);
    if (auto *symbol = std::get_if<std::string>(&source))
      symbolValues[*symbol] = own;
  }
  OpBuilder inside = OpBuilder::atBlockBegin(&block);
  auto materialize = [&](const DimExpr &dim) {
    return materializeIndex(inside, loc, dim, [&](StringRef name) { return symbolValues.lookup(name); });
  };
  SmallVector<Value> operands(block.getArguments());
  Value count = materialize(ranges->count);
  auto split = [&](OpBuilder &at) { ParallelOp::create(at, loc, part.getSymName(), operands, count); };
  const DimExpr &total = ranges->nanoseconds;
  if (total.isConstant()) {
    split(inside);
  } else {
    Value enough = arith::CmpIOp::create(inside, loc, arith::CmpIPredicate::sge, materialize(total),
                                         arith::ConstantIndexOp::create(inside, loc, worthThreads).getResult());
    auto whole = [&](OpBuilder &at, Location) {
      SmallVector<Value> all(operands);
      all.push_back(arith::ConstantIndexOp::create(at, loc, 0));
      all.push_back(count);
      func::CallOp::create(at, loc, part, all);
      scf::YieldOp::create(at, loc);
    };
    auto several = [&](OpBuilder &at, Location) {
      split(at);
      scf::YieldOp::create(at, loc);
    };
    scf::IfOp::create(inside, loc, enough, several, whole);
  }
  func::ReturnOp::create(inside, loc);
  close(launcher);
  return launcher;
}

Kernel::Finished Kernel::finish(StringRef name) {
  func::ReturnOp::create(b, loc);
  Finished result{std::exchange(function, {}), {}, std::move(arguments)};
  if (ranges) {
    result.part = result.function;
    result.part.setSymName((name + "_part").str());
    Block &block = result.part.getBody().front();
    for (Value placeholder : {ranges->begin, ranges->end}) {
      placeholder.replaceAllUsesWith(block.addArgument(b.getIndexType(), loc));
      placeholder.getDefiningOp()->erase();
    }
    arguments = result.arguments;
    result.function = writeLauncher(result.part);
    close(result.part);
  } else {
    close(result.function);
  }
  result.function.setSymName(name);
  return result;
}

Value rune::spread(Kernel &kernel, Value value, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(kernel.b, kernel.loc, VectorType::get({lanes}, value.getType()), value);
}

Value rune::loadLanes(Kernel &kernel, const Access &access, Value place, const DimExpr &stride, int64_t lanes,
                      Value mask) {
  OpBuilder &b = kernel.b;
  if (lanes == 1 && mask) {
    Value zero = arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(access.element));
    auto loadOne = [&](OpBuilder &inside, Location loc) {
      scf::YieldOp::create(inside, loc, memref::LoadOp::create(inside, loc, access.buffer, place).getResult());
    };
    auto none = [&](OpBuilder &inside, Location loc) { scf::YieldOp::create(inside, loc, zero); };
    return scf::IfOp::create(b, kernel.loc, mask, loadOne, none).getResult(0);
  }
  if (lanes == 1 || stride.isConstant(0))
    return memref::LoadOp::create(b, kernel.loc, access.buffer, place);
  auto type = VectorType::get({lanes}, access.element);
  if (stride.isConstant(1) && !mask)
    return vector::LoadOp::create(b, kernel.loc, type, access.buffer, place);
  Value zero = arith::ConstantOp::create(b, kernel.loc, b.getZeroAttr(type));
  if (stride.isConstant(1))
    return vector::MaskedLoadOp::create(b, kernel.loc, type, access.buffer, place, mask, zero);
  Value steps =
      arith::MulIOp::create(b, kernel.loc, kernel.laneNumbers(lanes), spread(kernel, kernel.index(stride), lanes));
  if (!mask)
    mask = kernel.mask(lanes, DimExpr(lanes));
  return vector::GatherOp::create(b, kernel.loc, type, access.buffer, place, steps, mask, zero);
}

void rune::storeLanes(Kernel &kernel, const Access &access, Value place, Value value, Value mask) {
  OpBuilder &b = kernel.b;
  if (!isa<VectorType>(value.getType()) && mask)
    scf::IfOp::create(b, kernel.loc, mask, [&](OpBuilder &inside, Location loc) {
      memref::StoreOp::create(inside, loc, value, access.buffer, place);
      scf::YieldOp::create(inside, loc);
    });
  else if (!isa<VectorType>(value.getType()))
    memref::StoreOp::create(b, kernel.loc, value, access.buffer, place);
  else if (mask)
    vector::MaskedStoreOp::create(b, kernel.loc, access.buffer, place, mask, value);
  else
    vector::StoreOp::create(b, kernel.loc, value, access.buffer, place);
}
