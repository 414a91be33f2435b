// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/MemoryUse.h"

#include "Dialect/RuneDialect.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace rune;

/// The end of a chain of views: a place in an arena is not followed further.
static Value rootOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>()) {
    if (isa<memref::ViewOp>(view))
      return memref;
    memref = view.getViewSource();
  }
  return memref;
}

unsigned MemoryUse::number(Value memref) {
  Value root = rootOf(memref);
  IntegerAttr offset;
  auto view = root.getDefiningOp<memref::ViewOp>();
  bool known = view && matchPattern(view.getByteShift(), m_Constant(&offset));
  Value source = view ? view.getSource() : root;
  unsigned fresh = allBuffers.size();
  unsigned buffer = known ? ofPlace.try_emplace({source, offset.getInt()}, fresh).first->second
                          : ofRoot.try_emplace(source, fresh).first->second;
  if (buffer == fresh)
    allBuffers.push_back({known ? root : source, source.getDefiningOp<memref::AllocOp>(), known, {}, {}});
  return buffer;
}

std::optional<unsigned> MemoryUse::bufferOf(Value memref) const {
  Value root = rootOf(memref);
  if (auto view = root.getDefiningOp<memref::ViewOp>()) {
    IntegerAttr offset;
    if (!matchPattern(view.getByteShift(), m_Constant(&offset)))
      return std::nullopt;
    auto it = ofPlace.find({view.getSource(), offset.getInt()});
    return it == ofPlace.end() ? std::nullopt : std::optional(it->second);
  }
  auto it = ofRoot.find(root);
  return it == ofRoot.end() ? std::nullopt : std::optional(it->second);
}

void MemoryUse::addStep(Operation *op) {
  Step step{op, {}, {}, {}, isa<CheckIndexOp, FailUnlessOp>(op), isa<RunHooksOp>(op)};
  llvm::SmallSetVector<unsigned, 8> reads, writes;
  op->walk([&](Operation *nested) {
    if (isa<CheckIndexOp, RunHooksOp>(nested)) {
      for (Value operand : nested->getOperands())
        if (isa<MemRefType>(operand.getType())) {
          reads.insert(number(operand));
          if (step.barrier)
            writes.insert(number(operand));
        }
      return;
    }
    auto effects = dyn_cast<MemoryEffectOpInterface>(nested);
    if (!effects) {
      bool touches = llvm::any_of(nested->getOperandTypes(), llvm::IsaPred<MemRefType>);
      step.barrier |= touches && !isa<ViewLikeOpInterface>(nested);
      return;
    }
    SmallVector<MemoryEffects::EffectInstance> instances;
    effects.getEffects(instances);
    for (const auto &instance : instances) {
      Value memref = instance.getValue();
      if (!isa<MemoryEffects::Read, MemoryEffects::Write>(instance.getEffect()))
        continue;
      if (memref)
        (isa<MemoryEffects::Read>(instance.getEffect()) ? reads : writes).insert(number(memref));
      else
        step.barrier = true;
    }
  });
  if (reads.empty() && writes.empty() && !step.check && !step.barrier)
    return;
  unsigned index = allSteps.size();
  for (unsigned buffer : reads)
    allBuffers[buffer].readers.push_back(index);
  for (unsigned buffer : writes)
    allBuffers[buffer].writers.push_back(index);
  step.reads.assign(reads.begin(), reads.end());
  step.writes.assign(writes.begin(), writes.end());
  allSteps.push_back(std::move(step));
}

MemoryUse::MemoryUse(func::FuncOp function) {
  for (Operation &op : function.getBody().front().without_terminator())
    addStep(&op);
  findSources();
}

void MemoryUse::findSources() {
  llvm::DenseMap<Operation *, unsigned> index;
  for (auto [i, step] : llvm::enumerate(allSteps))
    index[step.op] = i;
  for (Step &step : allSteps) {
    llvm::SmallPtrSet<Operation *, 16> seen;
    SmallVector<Operation *> next = {step.op};
    while (!next.empty())
      next.pop_back_val()->walk([&](Operation *nested) {
        for (Value operand : nested->getOperands()) {
          Operation *source = operand.getDefiningOp();
          if (!source || source->getBlock() != step.op->getBlock() || !seen.insert(source).second)
            continue;
          if (auto it = index.find(source); it != index.end())
            step.sources.push_back(it->second);
          else
            next.push_back(source);
        }
      });
  }
}

void rune::reorder(func::FuncOp function, const MemoryUse &use, ArrayRef<unsigned> order) {
  Block &block = function.getBody().front();
  llvm::SmallPtrSet<Operation *, 32> placed;
  std::function<void(Operation *)> place = [&](Operation *op) {
    if (op->getBlock() != &block || !placed.insert(op).second)
      return;
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (Operation *source = operand.getDefiningOp())
          place(source);
    });
    op->moveBefore(block.getTerminator());
  };
  SmallVector<Operation *> others;
  for (Operation &op : block.without_terminator())
    others.push_back(&op);
  for (unsigned index : order)
    place(use.steps()[index].op);
  for (Operation *op : others)
    place(op);
}
