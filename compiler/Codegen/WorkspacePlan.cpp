// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/WorkspacePlan.h"

#include "Codegen/SymbolicIndex.h"
#include "Dialect/RuneDialect.h"

#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir;
using namespace rune;

static constexpr int64_t alignment = 64;

WorkspacePlan::WorkspacePlan(func::FuncOp function) {
  size_t tensors = 0;
  function.walk([&](RunHooksOp op) { tensors = std::max<size_t>(tensors, op.getTensors().size()); });
  reserved = llvm::alignTo(8 + 8 * tensors, alignment);
}

unsigned WorkspacePlan::add(const DimExpr &bytes, int64_t first, int64_t last) {
  // A size of several terms is a zone of its own, in units of itself.
  DimExpr unit = bytes.ceilDiv(DimExpr(alignment));
  int64_t forUnit = alignment;
  if (bytes.getTerms().size() <= 1) {
    int64_t factor = bytes.getTerms().empty() ? 0 : bytes.getTerms().begin()->second;
    unit = factor == 0 ? DimExpr(1) : *bytes.exactDiv(DimExpr(factor));
    forUnit = llvm::alignTo(factor, alignment);
  }
  Zone &zone = zones[unit.str()];
  zone.unit = unit;
  places.push_back(
      {static_cast<unsigned>(zones.find(unit.str()) - zones.begin()), static_cast<unsigned>(zone.temporaries.size())});
  zone.temporaries.push_back({forUnit, first, last});
  return places.size() - 1;
}

void WorkspacePlan::place() {
  DimExpr start(reserved);
  for (auto &[name, zone] : zones) {
    zone.place();
    zone.start = start;
    start = start + zone.unit * DimExpr(zone.bytes);
  }
}

/// The largest first.
void WorkspacePlan::Zone::place() {
  SmallVector<Temporary *> order;
  for (Temporary &temporary : temporaries)
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
    bytes = std::max(bytes, offset + temporary->bytes);
    placed.insert(
        llvm::upper_bound(placed, temporary, [](Temporary *a, Temporary *b) { return a->offset < b->offset; }),
        temporary);
  }
}

DimExpr WorkspacePlan::offsetOf(unsigned temporary) const {
  auto [number, index] = places[temporary];
  const Zone &zone = (zones.begin() + number)->second;
  return zone.start + zone.unit * DimExpr(zone.temporaries[index].offset);
}

DimExpr WorkspacePlan::total() const {
  DimExpr total(reserved);
  for (const auto &[name, zone] : zones)
    total = total + zone.unit * DimExpr(zone.bytes);
  return total;
}

SmallVector<DimExpr> WorkspacePlan::bounds() const {
  std::map<int64_t, DimExpr> changes; // by position
  for (const auto &[name, zone] : zones)
    for (const Temporary &temporary : zone.temporaries) {
      DimExpr bytes = zone.unit * DimExpr(temporary.bytes);
      changes[temporary.first] = changes[temporary.first] + bytes;
      changes[temporary.last + 1] = changes[temporary.last + 1] - bytes;
    }
  SmallVector<DimExpr> largest = {DimExpr(reserved)};
  DimExpr live(reserved);
  for (auto &[position, change] : changes) {
    live = live + change;
    auto covers = [](const DimExpr &x, const DimExpr &y) { return (x - y).isKnownAtLeast(0); };
    if (llvm::any_of(largest, [&](const DimExpr &other) { return covers(other, live); }))
      continue;
    llvm::erase_if(largest, [&](const DimExpr &other) { return covers(live, other); });
    largest.push_back(live);
  }
  return largest;
}

std::optional<DimExpr> rune::allocatedBytes(memref::AllocOp alloc, const SymbolicIndex &sizes) {
  MemRefType type = alloc.getType();
  DimExpr bytes(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  unsigned dynamic = 0;
  for (int64_t size : type.getShape()) {
    auto dim = ShapedType::isDynamic(size) ? sizes.toDim(alloc.getDynamicSizes()[dynamic++]) : DimExpr(size);
    if (!dim)
      return std::nullopt;
    bytes = bytes * *dim;
  }
  return bytes;
}
