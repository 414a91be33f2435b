// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/MemoryUse.h"
#include "Codegen/Passes.h"

namespace rune {
#define GEN_PASS_DEF_HOISTUPDATES
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// Steps that only serve the writing of members stand together, and as early as what they touch allows.
class Order {
public:
  explicit Order(const MemoryUse &use) : use(use), steps(use.steps()), group(steps.size(), none) {
    findDependences();
    findGroups();
    place();
  }

  /// The steps in their new order.
  std::vector<unsigned> result() const {
    std::vector<unsigned> order;
    for (unsigned i = 0; i < steps.size(); ++i)
      order.push_back(i);
    llvm::sort(order, [&](unsigned a, unsigned b) { return key(a) < key(b); });
    return order;
  }

private:
  static constexpr unsigned none = ~0u;

  /// What stands where it did, before what moved behind it.
  std::tuple<unsigned, bool, unsigned> key(unsigned step) const { return {after[step], group[step] != none, step}; }

  void findDependences() {
    before.resize(steps.size());
    for (const MemoryUse::Buffer &buffer : use.buffers()) {
      auto depend = [&](ArrayRef<unsigned> later, ArrayRef<unsigned> earlier) {
        for (unsigned step : later)
          for (unsigned other : earlier) {
            if (other >= step)
              break;
            before[step].push_back(other);
          }
      };
      depend(buffer.readers, buffer.writers);
      depend(buffer.writers, buffer.writers);
      depend(buffer.writers, buffer.readers);
    }
    unsigned lastCheck = none;
    for (unsigned i = 0; i < steps.size(); ++i) {
      llvm::append_range(before[i], steps[i].sources);
      // What is written before a check would stay written where the check fails.
      if (lastCheck != none && (steps[i].check || !steps[i].writes.empty()))
        before[i].push_back(lastCheck);
      if (steps[i].check)
        lastCheck = i;
    }
  }

  bool writesMembersAlone(const MemoryUse::Step &step) const {
    return !step.writes.empty() && !step.barrier &&
           llvm::all_of(step.writes, [&](unsigned buffer) { return use.buffers()[buffer].arena; });
  }

  int64_t elementsOf(unsigned buffer) const {
    auto type = cast<MemRefType>(use.buffers()[buffer].root.getType());
    return type.hasStaticShape() ? type.getNumElements() : -1;
  }

  /// The one group of all steps that touch later what this one writes. Where these are the writing of one parameter and
  /// of its optimizer's state, of the size of what is written here, they become one group.
  unsigned groupOf(unsigned index) {
    const MemoryUse::Step &step = steps[index];
    if (step.check || step.barrier || step.writes.empty())
      return none;
    unsigned found = none;
    for (unsigned buffer : step.writes) {
      const MemoryUse::Buffer &memory = use.buffers()[buffer];
      if (!memory.isAllocated())
        return none;
      for (ArrayRef<unsigned> users : {ArrayRef(memory.readers), ArrayRef(memory.writers)})
        for (unsigned user : users) {
          if (user <= index)
            continue;
          unsigned other = group[user] == none ? none : leader(group[user]);
          if (other == none)
            return none;
          if (found != none && found != other) {
            if (elements[found] != elements[other] || elements[found] != elementsOf(buffer))
              return none;
            parent[other] = found;
          }
          found = leader(other);
        }
    }
    return found;
  }

  unsigned leader(unsigned one) const {
    while (parent[one] != one)
      one = parent[one];
    return one;
  }

  void findGroups() {
    parent.resize(steps.size());
    elements.resize(steps.size(), -1);
    for (unsigned i = steps.size(); i-- > 0;) {
      parent[i] = i;
      if (writesMembersAlone(steps[i])) {
        group[i] = i;
        elements[i] = elementsOf(steps[i].writes.front());
      } else {
        group[i] = groupOf(i);
      }
    }
    for (unsigned i = 0; i < steps.size(); ++i)
      if (comesAlone(i))
        group[i] = parent[i] = i;
      else if (group[i] != none)
        group[i] = leader(group[i]);
  }

  /// A check comes as early as it may, with what it reads if that is made of nothing (positions, say); and so do the
  /// few numbers that many read: an optimizer's bias corrections.
  bool comesAlone(unsigned index) const {
    const MemoryUse::Step &step = steps[index];
    if (isa<CheckIndexOp>(step.op))
      return true;
    if (step.check || step.barrier || step.writes.empty() || group[index] != none)
      return false;
    bool readsNothing = llvm::none_of(step.reads, [&](unsigned buffer) { return use.buffers()[buffer].isAllocated(); });
    return llvm::all_of(step.writes, [&](unsigned buffer) {
      const MemoryUse::Buffer &memory = use.buffers()[buffer];
      if (!memory.isAllocated())
        return false;
      int64_t count = elementsOf(buffer);
      bool checked = llvm::any_of(memory.readers, [&](unsigned reader) { return isa<CheckIndexOp>(steps[reader].op); });
      return (count >= 0 && count <= 8) || (readsNothing && checked);
    });
  }

  /// `after`: the step behind which each stands.
  void place() {
    after.resize(steps.size());
    for (;;) {
      spread();
      // A step that stays must not have to follow one that moved behind it.
      bool fine = true;
      for (unsigned i = 0; i < steps.size(); ++i)
        for (unsigned other : before[i])
          if (key(i) < key(other)) {
            fine = false;
            unsigned wrong = group[other] != none ? group[other] : group[i];
            for (unsigned &one : group)
              one = one == wrong ? none : one;
          }
      if (fine)
        return;
    }
  }

  void spread() {
    for (unsigned i = 0; i < steps.size(); ++i)
      after[i] = group[i] == none ? i : 0;
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<unsigned> ofGroup(steps.size(), 0);
      for (unsigned i = 0; i < steps.size(); ++i) {
        if (group[i] == none)
          continue;
        for (unsigned other : before[i])
          after[i] = std::max(after[i], after[other]);
        ofGroup[group[i]] = std::max(ofGroup[group[i]], after[i]);
      }
      for (unsigned i = 0; i < steps.size(); ++i)
        if (group[i] != none && after[i] < ofGroup[group[i]]) {
          after[i] = ofGroup[group[i]];
          changed = true;
        }
    }
  }

  const MemoryUse &use;
  ArrayRef<MemoryUse::Step> steps;
  std::vector<SmallVector<unsigned, 4>> before; // by step, those that must come first
  std::vector<unsigned> group, parent, after;   // by step
  std::vector<int64_t> elements;                // by group
};

struct HoistUpdatesPass : rune::impl::HoistUpdatesBase<HoistUpdatesPass> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    MemoryUse use(getOperation());
    if (llvm::any_of(use.steps(), [](const MemoryUse::Step &step) { return step.barrier; }))
      return;
    std::vector<unsigned> order = Order(use).result();
    if (!llvm::is_sorted(order))
      reorder(getOperation(), use, order);
  }
};

} // namespace
