// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/FuseEpilogue.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <set>

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

/// What it reads element by element.
SmallVector<Value> elementwiseInputs(linalg::GenericOp op) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<RankedTensorType>(input->get().getType()) && maps[input->getOperandNumber()].isIdentity() &&
        !llvm::is_contained(inputs, input->get()))
      inputs.push_back(input->get());
  return inputs;
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
    // What was several readers of a product is one now.
    RewritePatternSet patterns(&getContext());
    populateFuseEpiloguePatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

  static bool isSmallEnough(linalg::GenericOp a, linalg::GenericOp b) {
    return a.getBody()->getOperations().size() + b.getBody()->getOperations().size() <= maxBodyOps &&
           a->getNumOperands() + b->getNumOperands() <= maxOperands;
  }

  /// Each op joins the next later one that it can stand beside: one that reads the same tensor has the same loops.
  static void fuseIn(Block &block) {
    SmallVector<linalg::GenericOp> candidates;
    llvm::DenseMap<Value, SmallVector<size_t>> readers;
    for (auto op : block.getOps<linalg::GenericOp>())
      if (isCandidate(op)) {
        for (Value input : elementwiseInputs(op))
          readers[input].push_back(candidates.size());
        candidates.push_back(op);
      }
    for (size_t i = 0; i < candidates.size(); ++i) {
      std::set<size_t> later;
      for (Value input : elementwiseInputs(candidates[i]))
        for (size_t j : readers.lookup(input))
          if (j > i)
            later.insert(j);
      for (size_t j : later) {
        linalg::GenericOp a = candidates[i], b = candidates[j];
        if (!isSmallEnough(a, b) || !canMoveTo(a, b))
          continue;
        SmallVector<Value> old(a.getResults());
        llvm::append_range(old, b.getResults());
        candidates[j] = Merger(a, b).merge();
        // Another value may come to lie where an erased one was.
        for (auto [before, after] : llvm::zip_equal(old, candidates[j].getResults())) {
          SmallVector<size_t> places = readers.lookup(before);
          readers.erase(before);
          readers[after] = std::move(places);
        }
        // What `a` read, `b` reads now.
        for (Value input : elementwiseInputs(candidates[j]))
          if (SmallVector<size_t> &places = readers[input]; !llvm::is_contained(places, j))
            places.push_back(j);
        break;
      }
    }
  }
};

} // namespace
