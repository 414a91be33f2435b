// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Passes.h"
#include "Codegen/SymbolicIndex.h"
#include "Codegen/WorkspacePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace rune {
#define GEN_PASS_DEF_PLANMEMORY
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct PlanMemoryPass : rune::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    if (getOperation().isDeclaration() || !getOperation()->hasAttr("rune.inputs"))
      return;
    position.clear();
    for (auto [i, op] : llvm::enumerate(getOperation().getBody().front()))
      position[&op] = i;
    SymbolicIndex sizes(getOperation());
    WorkspacePlan plan(getOperation());
    SmallVector<memref::AllocOp> temporaries;
    for (auto alloc : llvm::make_early_inc_range(getOperation().getOps<memref::AllocOp>())) {
      auto bytes = allocatedBytes(alloc, sizes);
      if (!bytes) {
        alloc.emitOpError() << "has a size that is not an expression of the entry's symbols";
        return signalPassFailure();
      }
      Lifetime life;
      findLifetime(alloc, life);
      if (life.last < 0) {
        alloc.erase();
        continue;
      }
      plan.add(*bytes, life.first, life.last);
      temporaries.push_back(alloc);
    }
    plan.place();
    for (auto [i, alloc] : llvm::enumerate(temporaries))
      replace(alloc, plan.offsetOf(i), sizes);
    getOperation()->setAttr("rune.workspace", DimsAttr::get(&getContext(), plan.total()));
    getOperation()->setAttr("rune.workspace_bound", DimsAttr::get(&getContext(), plan.bounds()));
  }

private:
  struct Lifetime {
    int64_t first = std::numeric_limits<int64_t>::max(), last = -1;
  };

  void findLifetime(Value buffer, Lifetime &life) {
    for (Operation *user : buffer.getUsers()) {
      if (auto view = dyn_cast<ViewLikeOpInterface>(user)) {
        findLifetime(view->getResult(0), life);
        continue;
      }
      Operation *top = getOperation().getBody().front().findAncestorOpInBlock(*user);
      life.first = std::min(life.first, position.lookup(top));
      life.last = std::max(life.last, position.lookup(top));
    }
  }

  void replace(memref::AllocOp alloc, const DimExpr &place, const SymbolicIndex &sizes) {
    OpBuilder builder(alloc);
    Location loc = alloc.getLoc();
    Value offset = sizes.materialize(builder, loc, place);
    Value view = memref::ViewOp::create(builder, loc, alloc.getType(), getOperation().getArgument(1), offset,
                                        alloc.getDynamicSizes());
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }

  llvm::DenseMap<Operation *, int64_t> position;
};

} // namespace
