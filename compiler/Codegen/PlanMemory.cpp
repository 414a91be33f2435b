// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Passes.h"
#include "Codegen/SymbolicIndex.h"

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

constexpr int64_t alignment = 64;

/// What a call needs whatever its sizes: a word of status, and the addresses of the tensors that a hook gets.
int64_t reservedBytes(func::FuncOp function) {
  size_t tensors = 0;
  function.walk([&](RunHooksOp op) { tensors = std::max<size_t>(tensors, op.getTensors().size()); });
  return llvm::alignTo(8 + 8 * tensors, alignment);
}

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
    DimExpr total(reservedBytes(getOperation()));
    setBound(total);
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
    for (auto [i, op] : llvm::enumerate(getOperation().getBody().front()))
      position[&op] = i;
    sizes.emplace(getOperation());
  }

  LogicalResult collect(memref::AllocOp alloc) {
    MemRefType type = alloc.getType();
    DimExpr count(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    unsigned dynamic = 0;
    for (int64_t size : type.getShape()) {
      auto dim = ShapedType::isDynamic(size) ? sizes->toDim(alloc.getDynamicSizes()[dynamic++]) : DimExpr(size);
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

  /// What no plan can do without: the bytes that live at one time, at each of the times that may be the largest,
  /// depending on the symbols.
  void setBound(const DimExpr &reserved) {
    std::map<int64_t, DimExpr> changes; // by position
    for (auto &[name, zone] : zones)
      for (const Temporary &temporary : zone.temporaries) {
        DimExpr bytes = zone.unit * DimExpr(temporary.bytes);
        changes[temporary.first] = changes[temporary.first] + bytes;
        changes[temporary.last + 1] = changes[temporary.last + 1] - bytes;
      }
    SmallVector<DimExpr> largest = {reserved};
    DimExpr live = reserved;
    for (auto &[position, change] : changes) {
      live = live + change;
      auto covers = [](const DimExpr &x, const DimExpr &y) { return (x - y).isKnownAtLeast(0); };
      if (llvm::any_of(largest, [&](const DimExpr &other) { return covers(other, live); }))
        continue;
      llvm::erase_if(largest, [&](const DimExpr &other) { return covers(live, other); });
      largest.push_back(live);
    }
    getOperation()->setAttr("rune.workspace_bound", DimsAttr::get(&getContext(), largest));
  }

  void replace(Zone &zone, const DimExpr &start) {
    Value workspace = getOperation().getArgument(1);
    for (Temporary &temporary : zone.temporaries) {
      OpBuilder builder(temporary.alloc);
      Location loc = temporary.alloc.getLoc();
      Value offset = sizes->materialize(builder, loc, start + zone.unit * DimExpr(temporary.offset));
      Value view = memref::ViewOp::create(builder, loc, temporary.alloc.getType(), workspace, offset,
                                          temporary.alloc.getDynamicSizes());
      temporary.alloc.replaceAllUsesWith(view);
      temporary.alloc.erase();
    }
  }

  llvm::DenseMap<Operation *, int64_t> position;
  std::optional<SymbolicIndex> sizes;
  llvm::MapVector<std::string, Zone, std::map<std::string, unsigned>> zones;
};

} // namespace
