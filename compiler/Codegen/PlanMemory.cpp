// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

namespace rune {
#define GEN_PASS_DEF_PLANMEMORY
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// The status word and what else a call needs whatever its sizes.
constexpr int64_t reservedBytes = 64;
constexpr int64_t alignment = 64;

struct Temporary {
  memref::AllocOp alloc;
  int64_t bytes;       // for one unit of the zone's monomial, aligned
  int64_t first, last; // positions of the first and the last op that touches it
  int64_t offset = 0;  // in the zone, for one unit
};

/// Temporaries whose sizes are multiples of the same monomial.
struct Zone {
  DimExpr unit;
  SmallVector<Temporary> temporaries;
  int64_t bytes = 0;
};

struct PlanMemoryPass : rune::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    if (getOperation().isDeclaration() || !getOperation()->hasAttr("rune.inputs"))
      return;
    number();
    zones.clear();
    for (auto alloc : getOperation().getOps<memref::AllocOp>())
      if (failed(collect(alloc)))
        return signalPassFailure();
    DimExpr total(reservedBytes);
    for (auto &[name, zone] : zones) {
      place(zone);
      replace(zone, total);
      total = total + zone.unit * DimExpr(zone.bytes);
    }
    getOperation()->setAttr("rune.workspace", DimsAttr::get(&getContext(), total));
  }

private:
  void number() {
    position.clear();
    symbolNames.clear();
    for (auto [i, op] : llvm::enumerate(getOperation().getBody().front()))
      position[&op] = i;
    auto symbols = getOperation()->getAttrOfType<ArrayAttr>("rune.symbols");
    unsigned count = symbols ? symbols.size() : 0, first = getOperation().getNumArguments() - count;
    for (unsigned i = 0; i < count; ++i)
      symbolNames[getOperation().getArgument(first + i)] = cast<StringAttr>(symbols[i]).getValue();
  }

  /// The polynomial that an index value computes.
  std::optional<DimExpr> toDim(Value value) {
    if (auto it = symbolNames.find(value); it != symbolNames.end())
      return DimExpr::symbol(it->second);
    IntegerAttr constant;
    if (matchPattern(value, m_Constant(&constant)))
      return DimExpr(constant.getInt());
    Operation *op = value.getDefiningOp();
    if (!op || op->getNumOperands() != 2)
      return std::nullopt;
    auto lhs = toDim(op->getOperand(0)), rhs = toDim(op->getOperand(1));
    if (!lhs || !rhs)
      return std::nullopt;
    return llvm::TypeSwitch<Operation *, std::optional<DimExpr>>(op)
        .Case([&](arith::AddIOp) { return *lhs + *rhs; })
        .Case([&](arith::SubIOp) { return *lhs - *rhs; })
        .Case([&](arith::MulIOp) { return *lhs * *rhs; })
        .Case([&](arith::FloorDivSIOp) { return lhs->floorDiv(*rhs); })
        .Default([](Operation *) { return std::nullopt; });
  }

  LogicalResult collect(memref::AllocOp alloc) {
    MemRefType type = alloc.getType();
    DimExpr count(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    unsigned dynamic = 0;
    for (int64_t size : type.getShape()) {
      auto dim = ShapedType::isDynamic(size) ? toDim(alloc.getDynamicSizes()[dynamic++]) : DimExpr(size);
      if (!dim)
        return alloc.emitOpError() << "has a size that is not an expression of the entry's symbols";
      count = count * *dim;
    }
    Temporary temporary{alloc, 0, std::numeric_limits<int64_t>::max(), -1};
    findLifetime(alloc, temporary);
    if (temporary.last < 0) {
      alloc.erase();
      return success();
    }
    // A size of several terms is a zone of its own, in units of itself.
    DimExpr unit = count;
    temporary.bytes = 1;
    if (count.getTerms().size() <= 1) {
      temporary.bytes = count.getTerms().empty() ? 0 : count.getTerms().begin()->second;
      unit = count.getTerms().empty() ? DimExpr(1) : *count.exactDiv(DimExpr(temporary.bytes));
      temporary.bytes = llvm::alignTo(temporary.bytes, alignment);
    } else {
      unit = count.ceilDiv(DimExpr(alignment));
      temporary.bytes = alignment;
    }
    Zone &zone = zones[unit.str()];
    zone.unit = unit;
    zone.temporaries.push_back(temporary);
    return success();
  }

  void findLifetime(Value buffer, Temporary &temporary) {
    for (Operation *user : buffer.getUsers()) {
      if (auto view = dyn_cast<ViewLikeOpInterface>(user)) {
        findLifetime(view->getResult(0), temporary);
        continue;
      }
      Operation *top = getOperation().getBody().front().findAncestorOpInBlock(*user);
      temporary.first = std::min(temporary.first, position.lookup(top));
      temporary.last = std::max(temporary.last, position.lookup(top));
    }
  }

  /// The largest first, each at the lowest offset where nothing that lives at the same time lies.
  static void place(Zone &zone) {
    SmallVector<Temporary *> order;
    for (Temporary &temporary : zone.temporaries)
      order.push_back(&temporary);
    llvm::sort(order, [](Temporary *a, Temporary *b) {
      return std::tuple(b->bytes, a->first, a) < std::tuple(a->bytes, b->first, b);
    });
    SmallVector<Temporary *> placed; // by offset
    for (Temporary *temporary : order) {
      int64_t offset = 0;
      for (Temporary *other : placed) {
        if (other->last < temporary->first || other->first > temporary->last)
          continue;
        if (offset + temporary->bytes <= other->offset)
          break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      temporary->offset = offset;
      zone.bytes = std::max(zone.bytes, offset + temporary->bytes);
      placed.insert(
          llvm::upper_bound(placed, temporary, [](Temporary *a, Temporary *b) { return a->offset < b->offset; }),
          temporary);
    }
  }

  void replace(Zone &zone, const DimExpr &start) {
    Value workspace = getOperation().getArgument(1);
    for (Temporary &temporary : zone.temporaries) {
      OpBuilder builder(temporary.alloc);
      Location loc = temporary.alloc.getLoc();
      Value offset = materialize(builder, loc, start + zone.unit * DimExpr(temporary.offset));
      Value view = memref::ViewOp::create(builder, loc, temporary.alloc.getType(), workspace, offset,
                                          temporary.alloc.getDynamicSizes());
      temporary.alloc.replaceAllUsesWith(view);
      temporary.alloc.erase();
    }
  }

  Value materialize(OpBuilder &builder, Location loc, const DimExpr &dim) {
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
    Value sum = constant(0);
    for (const auto &[monomial, coefficient] : dim.getTerms()) {
      Value term = constant(coefficient);
      for (const auto &[atom, power] : monomial) {
        Value factor;
        if (atom.kind == DimExpr::Atom::Symbol) {
          factor = *llvm::find_if(getOperation().getArguments(),
                                  [&](Value argument) { return symbolNames.lookup(argument) == atom.text; });
        } else {
          Value lhs = materialize(builder, loc, atom.operands->first);
          Value rhs = materialize(builder, loc, atom.operands->second);
          factor = arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
          if (atom.kind == DimExpr::Atom::Mod)
            factor =
                arith::SubIOp::create(builder, loc, lhs, arith::MulIOp::create(builder, loc, factor, rhs).getResult());
        }
        for (unsigned i = 0; i < power; ++i)
          term = builder.createOrFold<arith::MulIOp>(loc, term, factor);
      }
      sum = builder.createOrFold<arith::AddIOp>(loc, sum, term);
    }
    return sum;
  }

  llvm::DenseMap<Operation *, int64_t> position;
  llvm::DenseMap<Value, StringRef> symbolNames;
  llvm::MapVector<std::string, Zone, std::map<std::string, unsigned>> zones;
};

} // namespace
