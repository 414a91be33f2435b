// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"

#include "Codegen/Views.h"
#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using rune::DimExpr;

int64_t rune::elementCost(linalg::GenericOp op) {
  int64_t cost = 0;
  for (Operation &nested : op.getBody()->without_terminator()) {
    if (isa<arith::RemFOp>(nested))
      cost += 32;
    else if (isa<math::AbsFOp, math::FloorOp, math::FmaOp>(nested) || nested.getDialect()->getNamespace() == "arith")
      cost += isa<arith::DivFOp, arith::DivSIOp, arith::RemSIOp>(nested) ? 8 : 1;
    else if (!isa<linalg::IndexOp, arith::ConstantOp>(nested))
      cost += 16; // functions, and gathers
  }
  return cost;
}

static int64_t flopsOf(Operation *op) {
  if (isa<math::FmaOp>(op))
    return 2;
  bool computes = isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp, arith::MaximumFOp,
                      arith::MinimumFOp, arith::CmpFOp, arith::RemFOp>(op);
  return computes || op->getDialect()->getNamespace() == "math";
}

static int64_t flopsOf(Block &block) {
  int64_t flops = 0;
  for (Operation &op : block.without_terminator())
    flops += flopsOf(&op);
  return flops;
}

/// Two products forward; backward these again, and three more. With `causal` half of the pairs of queries and keys.
static DimExpr attentionFlops(Operation *op, const rune::SymbolicIndex &symbols) {
  auto sizesOf = [&](unsigned operand, unsigned map) -> SmallVector<DimExpr> {
    auto view = rune::resolveView(op->getOperand(operand), symbols);
    auto place = cast<AffineMapAttr>(op->getAttrOfType<ArrayAttr>("maps")[map]).getValue();
    SmallVector<DimExpr> sizes;
    for (unsigned dim = 0; view && dim < place.getNumDims(); ++dim)
      sizes.push_back(view->sizes[*place.getResultPosition(getAffineDimExpr(dim, op->getContext()))]);
    return sizes;
  };
  auto query = sizesOf(0, 0), value = sizesOf(2, 2);
  if (query.empty() || value.empty())
    return 0;
  DimExpr pairs = rune::product(ArrayRef(query).drop_back()) * value[value.size() - 2];
  bool backward = isa<rune::AttendGradOp>(op);
  DimExpr each = query.back() * DimExpr(backward ? 6 : 2) + value.back() * DimExpr(backward ? 4 : 2) + DimExpr(4);
  return op->hasAttr("causal") ? (pairs * each).floorDiv(DimExpr(2)) : pairs * each;
}

rune::OpCost rune::costOf(Operation *op, const SymbolicIndex &symbols) {
  OpCost cost;
  auto sizesOf = [&](Value memref) { return resolveView(memref, symbols)->sizes; };
  llvm::SmallDenseSet<Value> seen;
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<MemRefType>(operand.getType()); type && seen.insert(operand).second)
      if (auto view = resolveView(operand, symbols))
        cost.bytes = cost.bytes + product(view->sizes) * DimExpr(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  if (auto contract = dyn_cast<rune::ContractOp>(op)) {
    if (resolveView(contract.getInit(), symbols) && resolveView(contract.getRhs(), symbols)) {
      auto panels = sizesOf(contract.getRhs());
      DimExpr forEach = panels[panels.size() - 2] * DimExpr(2) + DimExpr(flopsOf(contract.getEpilogue().front()));
      cost.flops = product(sizesOf(contract.getInit())) * forEach;
    }
  } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    DimExpr elements(1);
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    for (unsigned dim = 0; dim < generic.getNumLoops(); ++dim)
      for (auto [operand, map] : llvm::zip(generic->getOperands(), maps))
        if (auto place = map.getResultPosition(getAffineDimExpr(dim, op->getContext())))
          if (auto view = resolveView(operand, symbols)) {
            elements = elements * view->sizes[*place];
            break;
          }
    cost.flops = elements * DimExpr(flopsOf(*generic.getBody()));
  } else if (isa<rune::AttendOp, rune::AttendGradOp>(op)) {
    cost.flops = attentionFlops(op, symbols);
  } else if (auto scatter = dyn_cast<rune::ScatterOp>(op)) {
    if (resolveView(scatter.getSource(), symbols))
      cost.flops = product(sizesOf(scatter.getSource()));
  }
  return cost;
}
