// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace rune {
#define GEN_PASS_DEF_FUSESIBLINGS
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// More would not stay in registers.
constexpr unsigned maxBodyOps = 120, maxOperands = 16;

/// Writes each element of its results once, in order, from what it reads at simple places.
bool isCandidate(linalg::GenericOp op) {
  if (op.getNumParallelLoops() != op.getNumLoops() || op.getNumLoops() == 0 || op.hasIndexSemantics())
    return false;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!op.getMatchingIndexingMap(&init).isIdentity() || op.getMatchingBlockArgument(&init).getNumUses() != 0)
      return false;
  bool gathers = false;
  op.getBody()->walk([&](tensor::ExtractOp) { gathers = true; });
  return !gathers;
}

/// Both read one tensor element by element: then their loops are the same, too.
bool shareInput(linalg::GenericOp a, linalg::GenericOp b) {
  for (OpOperand *one : a.getDpsInputOperands())
    for (OpOperand *other : b.getDpsInputOperands())
      if (one->get() == other->get() && isa<RankedTensorType>(one->get().getType()) &&
          a.getMatchingIndexingMap(one).isIdentity() && b.getMatchingIndexingMap(other).isIdentity())
        return true;
  return false;
}

/// Whether `op` may stand where `later` does.
bool canMoveTo(linalg::GenericOp op, linalg::GenericOp later) {
  return llvm::all_of(op->getUsers(), [&](Operation *user) {
    Operation *inBlock = op->getBlock()->findAncestorOpInBlock(*user);
    return inBlock && later->isBeforeInBlock(inBlock);
  });
}

class Merger {
public:
  Merger(linalg::GenericOp a, linalg::GenericOp b) : ops{a, b} {}

  linalg::GenericOp merge() {
    OpBuilder builder(ops[1]);
    for (linalg::GenericOp op : ops)
      for (OpOperand *input : op.getDpsInputOperands())
        addInput(input->get(), op.getMatchingIndexingMap(input));
    for (linalg::GenericOp op : ops)
      llvm::append_range(inits, op.getDpsInits());
    SmallVector<AffineMap> all(maps);
    all.append(inits.size(), builder.getMultiDimIdentityMap(ops[1].getNumLoops()));
    SmallVector<Type> types;
    for (Value init : inits)
      types.push_back(init.getType());
    auto merged = linalg::GenericOp::create(
        builder, ops[1].getLoc(), types, inputs, inits, all, ops[1].getIteratorTypesArray(),
        [&](OpBuilder &body, Location loc, ValueRange arguments) { fillBody(body, loc, arguments); });
    unsigned result = 0;
    for (linalg::GenericOp op : ops) {
      for (Value old : op.getResults())
        old.replaceAllUsesWith(merged.getResult(result++));
      op.erase();
    }
    return merged;
  }

private:
  unsigned addInput(Value value, AffineMap map) {
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (inputs[i] == value && maps[i] == map)
        return i;
    inputs.push_back(value);
    maps.push_back(map);
    return inputs.size() - 1;
  }

  void fillBody(OpBuilder &builder, Location loc, ValueRange arguments) {
    SmallVector<Value> results;
    for (linalg::GenericOp op : ops) {
      IRMapping mapping;
      for (OpOperand *input : op.getDpsInputOperands())
        mapping.map(op.getMatchingBlockArgument(input),
                    arguments[addInput(input->get(), op.getMatchingIndexingMap(input))]);
      for (Operation &nested : op.getBody()->without_terminator())
        builder.clone(nested, mapping);
      for (Value yielded : op.getBody()->getTerminator()->getOperands())
        results.push_back(mapping.lookupOrDefault(yielded));
    }
    linalg::YieldOp::create(builder, loc, results);
  }

  linalg::GenericOp ops[2];
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
};

struct FuseSiblingsPass : rune::impl::FuseSiblingsBase<FuseSiblingsPass> {
  void runOnOperation() override {
    getOperation().walk([&](Block *block) {
      if (isa<func::FuncOp>(block->getParentOp()))
        fuseIn(*block);
    });
  }

  static bool isSmallEnough(linalg::GenericOp a, linalg::GenericOp b) {
    return a.getBody()->getOperations().size() + b.getBody()->getOperations().size() <= maxBodyOps &&
           a->getNumOperands() + b->getNumOperands() <= maxOperands;
  }

  /// Each op joins the next later one that it can stand beside.
  static void fuseIn(Block &block) {
    SmallVector<linalg::GenericOp> candidates;
    for (auto op : block.getOps<linalg::GenericOp>())
      if (isCandidate(op))
        candidates.push_back(op);
    for (size_t i = 0; i < candidates.size(); ++i)
      for (size_t j = i + 1; j < candidates.size(); ++j) {
        linalg::GenericOp a = candidates[i], b = candidates[j];
        if (!shareInput(a, b) || !isSmallEnough(a, b) || !canMoveTo(a, b))
          continue;
        candidates[j] = Merger(a, b).merge();
        break;
      }
  }
};

} // namespace
