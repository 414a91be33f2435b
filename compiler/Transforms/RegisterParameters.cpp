// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/Passes.h"

namespace rune {
#define GEN_PASS_DEF_REGISTERPARAMETERS
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// The members and children of one module of the tree, each in the order of registration.
struct ModuleNode {
  SubmoduleOp op;
  SmallVector<Operation *> parameters, buffers, held;
  SmallVector<StringRef> children;
};

struct RegisterParametersPass : rune::impl::RegisterParametersBase<RegisterParametersPass> {
  void runOnOperation() override {
    if (failed(collectTree()) || failed(resolveTies()))
      return signalPassFailure();
    order();
  }

private:
  /// What a module beside the model holds (its name begins with #) counts as the model's own.
  static StringRef parentPath(StringRef path) {
    return path.contains('.') && !path.starts_with("#") ? path.rsplit('.').first : "";
  }

  LogicalResult collectTree() {
    nodes.clear();
    for (auto op : getOperation().getOps<SubmoduleOp>()) {
      nodes[op.getPath()].op = op;
      if (op.getPath().empty())
        continue;
      auto parent = nodes.find(parentPath(op.getPath()));
      if (parent == nodes.end())
        return op.emitError() << "module '" << op.getPath() << "' comes before its parent";
      parent->second.children.push_back(op.getPath());
    }
    for (Operation &op : getOperation().getBody().front()) {
      if (!isa<ParameterOp, BufferOp, HeldOp>(op))
        continue;
      auto owner = nodes.find(parentPath(SymbolTable::getSymbolName(&op).getValue()));
      if (owner == nodes.end())
        return op.emitError() << "no module registers this member";
      if (isa<ParameterOp>(op))
        owner->second.parameters.push_back(&op);
      else if (isa<BufferOp>(op))
        owner->second.buffers.push_back(&op);
      else
        owner->second.held.push_back(&op);
    }
    return success();
  }

  /// Ties and steps are read in order: `shared` says whose storage a name has at this moment.
  LogicalResult resolveTies() {
    SymbolTable symbols(getOperation());
    llvm::StringMap<std::string> shared;
    SmallVector<std::pair<InitializeOp, std::string>> steps;
    auto resolve = [&](StringRef name) {
      auto it = shared.find(name);
      return it == shared.end() ? name.str() : it->second;
    };
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front())) {
      if (auto step = dyn_cast<InitializeOp>(op)) {
        steps.push_back({step, resolve(step.getMember())});
        continue;
      }
      auto tie = dyn_cast<TieOp>(op);
      if (!tie)
        continue;
      auto from = symbols.lookup<ParameterOp>(tie.getMember()), to = symbols.lookup<ParameterOp>(tie.getTarget());
      if (!from || !to)
        return tie.emitError() << "expects two parameters";
      if (from.getType() != to.getType())
        return tie.emitError() << "cannot tie " << from.getType() << " to " << to.getType();
      std::string target = resolve(tie.getTarget());
      if (target == resolve(tie.getMember()))
        return tie.emitError() << "ties a parameter to itself";
      for (auto &entry : shared)
        if (entry.second == tie.getMember())
          entry.second = target;
      shared[tie.getMember()] = target;
      tie.erase();
    }
    for (auto &[step, storage] : steps) {
      if (resolve(storage) != storage)
        step.setDiscarded(true);
      else
        step.setMember(storage);
    }
    aliases = std::move(shared);
    return success();
  }

  void order() {
    Block &body = getOperation().getBody().front();
    SmallVector<Operation *> modules, members;
    collect("", modules, members);
    // Among names of one storage the first in state_dict order owns it.
    llvm::StringMap<std::string> owner;
    for (Operation *op : members)
      if (auto parameter = dyn_cast<ParameterOp>(op)) {
        auto it = aliases.find(parameter.getSymName());
        std::string storage = it == aliases.end() ? parameter.getSymName().str() : it->second;
        auto [first, inserted] = owner.try_emplace(storage, parameter.getSymName().str());
        if (!inserted)
          parameter.setAlias(first->second);
      }
    for (auto step : getOperation().getOps<InitializeOp>())
      if (auto it = owner.find(step.getMember()); it != owner.end() && !step.getDiscarded())
        step.setMember(it->second);
    for (Operation *op : llvm::concat<Operation *>(llvm::reverse(members), llvm::reverse(modules)))
      op->moveBefore(&body, body.begin());
  }

  void collect(StringRef path, SmallVectorImpl<Operation *> &modules, SmallVectorImpl<Operation *> &members) {
    auto it = nodes.find(path);
    if (it == nodes.end())
      return;
    ModuleNode &node = it->second;
    modules.push_back(node.op);
    llvm::append_range(members, node.parameters);
    llvm::append_range(members, node.buffers);
    llvm::append_range(members, node.held);
    for (StringRef child : node.children)
      collect(child, modules, members);
  }

  std::map<StringRef, ModuleNode> nodes;
  llvm::StringMap<std::string> aliases;
};

} // namespace
