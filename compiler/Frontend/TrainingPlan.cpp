// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/TrainingPlan.h"

#include "Frontend/Inputs.h"
#include "Frontend/Instantiate.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

namespace {

/// Makes the plan of one phase.
class PhasePlanner {
public:
  PhasePlanner(Instantiator &instantiator, Session &session, ModuleTree &tree, const Node &training, const Node &phase,
               PhasePlan &plan)
      : instantiator(instantiator), session(session), tree(tree), training(training), phase(phase), plan(plan) {}

  bool run() { return loss() && optimizer() && schedule() && settings(); }

private:
  /// A phase's own entry, or that of the whole section.
  const Node *find(llvm::StringRef key) const {
    const Node *own = phase.find(key);
    return own ? own : training.find(key);
  }
  std::string hidden(const char *what) const { return "#" + plan.name + "." + what; }

  bool loss();
  bool lossArguments(const Node &args);
  bool optimizer();
  bool isTrained(llvm::StringRef path, bool &matched);
  Instance *optimizerOf(const Slot &slot, const Node *groups);
  Instance *withOverrides(const Node &group);
  std::optional<bool> fits(const Node &group, const Slot &slot);
  bool schedule();
  bool settings();
  bool number(llvm::StringRef key, double above, std::optional<double> &into);

  Instantiator &instantiator;
  Session &session;
  ModuleTree &tree;
  const Node &training, &phase;
  PhasePlan &plan;
  const Node *optimizerSection = nullptr, *optimizerName = nullptr, *optimizerGiven = nullptr;
  llvm::DenseMap<const Node *, Instance *> groupOptimizers;
};

} // namespace

static constexpr llvm::StringRef besideOptimizer[] = {"groups", "clip_grad_norm", "clip_grad_value", "accumulate",
                                                      "ema"};

bool PhasePlanner::lossArguments(const Node &args) {
  Scope none;
  Evaluator evaluator(session, none);
  bool ok = true;
  for (const Entry &entry : args.entries) {
    std::optional<ArgumentDecl> argument = parseArgument(entry, session.diagnostics);
    if (!argument)
      return false;
    if (!argument->defaultValue) {
      session.error(entry.key.loc, "an argument of the loss needs a default: nothing else gives it a value");
      return false;
    }
    Value value = argumentFromNode(evaluator, argument->type, argument->name, *argument->defaultValue, argument->loc);
    ok &= !value.isError();
    plan.lossArguments[argument->name] = value;
  }
  return ok;
}

bool PhasePlanner::loss() {
  const Node *node = find("loss");
  if (!node) {
    session.error(plan.loc, "training needs a 'loss'");
    return false;
  }
  plan.lossLoc = node->loc;
  if (node->isMapping() && (node->find("do") || node->find("args"))) {
    plan.lossBody = node->find("do");
    const Node *args = node->find("args");
    return plan.lossBody && (!args || !args->isMapping() || lossArguments(*args));
  }
  plan.lossModule = instantiator.instantiateHidden(*node, hidden("loss"));
  if (!plan.lossModule)
    return false;
  if (!plan.lossModule->decl || !plan.lossModule->decl->forward) {
    session.error(node->loc, "'" + plan.lossModule->typeName + "' is not a loss: it has no 'forward'");
    return false;
  }
  return true;
}

bool PhasePlanner::isTrained(llvm::StringRef path, bool &matched) {
  const Node *patterns = phase.find("train");
  if (!patterns)
    return true;
  auto matches = [&](const Node &pattern) { return matchesPattern(path, pattern.text); };
  bool found = patterns->isSequence() ? llvm::any_of(patterns->items, matches) : matches(*patterns);
  matched |= found;
  return found;
}

/// The optimizer again, with a group's arguments in place of its own.
Instance *PhasePlanner::withOverrides(const Node &group) {
  Instance *&made = groupOptimizers[&group];
  if (made)
    return made;
  Node given;
  if (optimizerGiven)
    given = *optimizerGiven;
  given.kind = Node::Mapping;
  given.loc = given.loc ? given.loc : group.loc;
  for (const Entry &entry : group.entries) {
    if (entry.key.text == "match" || entry.key.text == "if")
      continue;
    auto old = llvm::find_if(given.entries, [&](const Entry &one) { return one.key.text == entry.key.text; });
    if (old != given.entries.end())
      *old = entry;
    else
      given.entries.push_back(entry);
  }
  Node use;
  use.kind = Node::Mapping;
  use.loc = optimizerName->loc;
  Node name = *optimizerName;
  name.kind = Node::Scalar;
  use.entries.push_back({std::move(name), std::move(given)});
  return made = instantiator.instantiateHidden(*session.spec.keep(std::move(use)), hidden("optimizer"));
}

std::optional<bool> PhasePlanner::fits(const Node &group, const Slot &slot) {
  if (const Node *pattern = group.find("match")) {
    auto matches = [&](const Node &one) { return matchesPattern(slot.path, one.text); };
    if (!(pattern->isSequence() ? llvm::any_of(pattern->items, matches) : matches(*pattern)))
      return false;
  }
  const Node *condition = group.find("if");
  if (!condition)
    return true;
  Scope scope;
  scope.values["ndim"] = Value::integer(slot.tensor->shape.size());
  Evaluator evaluator(session, scope);
  Truth truth = evaluator.truth(evaluator.evaluate(*condition), condition->loc);
  if (truth == Truth::Error)
    return std::nullopt;
  return truth == Truth::True;
}

Instance *PhasePlanner::optimizerOf(const Slot &slot, const Node *groups) {
  if (groups)
    for (const Node &group : groups->items) {
      std::optional<bool> fit = fits(group, slot);
      if (!fit)
        return nullptr;
      if (*fit)
        return withOverrides(group);
    }
  return plan.optimizer;
}

bool PhasePlanner::optimizer() {
  const Node *node = optimizerSection = find("optimizer");
  const Node *groups = find("groups");
  if (node && node->isScalar()) {
    optimizerName = node;
  } else if (node && node->isMapping()) {
    if (const Node *own = node->find("groups"))
      groups = own;
    for (const Entry &entry : node->entries)
      if (!llvm::is_contained(besideOptimizer, entry.key.text)) {
        optimizerName = &entry.key;
        optimizerGiven = &entry.value;
      }
  }
  if (optimizerName) {
    Node use;
    use.kind = Node::Mapping;
    use.loc = optimizerName->loc;
    use.entries.push_back({*optimizerName, optimizerGiven ? *optimizerGiven : Node()});
    plan.optimizer = instantiator.instantiateHidden(*session.spec.keep(std::move(use)), hidden("optimizer"));
    if (!plan.optimizer)
      return false;
  }
  bool matched = false;
  for (Slot *slot : tree.namedParameters(*tree.root)) {
    if (!slot->tensor->requiresGrad || !isTrained(slot->path, matched))
      continue;
    Instance *own = plan.optimizer ? optimizerOf(*slot, groups) : nullptr;
    if (plan.optimizer && !own)
      return false;
    plan.parameters.push_back({slot, own});
  }
  if (const Node *patterns = phase.find("train"); patterns && !matched) {
    session.error(patterns->loc, "no parameter fits this pattern");
    return false;
  }
  return true;
}

bool PhasePlanner::schedule() {
  const Node *node = find("schedule");
  const Node *every = find("every");
  if (node && node->isMapping()) {
    const Entry *use = nullptr;
    for (const Entry &entry : node->entries)
      if (entry.key.text == "every")
        every = &entry.value;
      else
        use = &entry;
    if (use) {
      Node made;
      made.kind = Node::Mapping;
      made.loc = use->key.loc;
      made.entries.push_back(*use);
      plan.schedule = instantiator.instantiateHidden(*session.spec.keep(std::move(made)), hidden("schedule"));
      if (!plan.schedule)
        return false;
    }
  } else if (node && node->isScalar() && session.spec.hasModule(node->text)) {
    plan.schedule = instantiator.instantiateHidden(*node, hidden("schedule"));
    if (!plan.schedule)
      return false;
  } else {
    plan.scheduleExpression = node;
  }
  if (every && every->text != "epoch" && every->text != "step") {
    session.error(every->loc, "'every' is 'step' or 'epoch'");
    return false;
  }
  plan.everyEpoch = every && every->text == "epoch";
  return true;
}

bool PhasePlanner::number(llvm::StringRef key, double above, std::optional<double> &into) {
  const Node *node = optimizerSection && optimizerSection->isMapping() ? optimizerSection->find(key) : nullptr;
  if (!node)
    node = find(key);
  if (!node)
    return true;
  Scope none;
  Value value = Evaluator(session, none).evaluate(*node);
  if (value.isError())
    return false;
  if (!value.isNumber() || !(value.asNumber() > above)) {
    session.error(node->loc, "'" + key + "' is a number above " + numberRepr(above) + ", got " + toStr(value));
    return false;
  }
  into = value.asNumber();
  return true;
}

bool PhasePlanner::settings() {
  std::optional<double> accumulate;
  std::pair<llvm::StringRef, std::optional<double> *> numbers[] = {{"clip_grad_norm", &plan.clipNorm},
                                                                   {"clip_grad_value", &plan.clipValue},
                                                                   {"ema", &plan.average},
                                                                   {"accumulate", &accumulate}};
  bool ok = true;
  for (auto [key, into] : numbers)
    ok &= number(key, 0, *into);
  if (accumulate && *accumulate != static_cast<double>(static_cast<int64_t>(*accumulate))) {
    session.error(plan.loc, "'accumulate' is a number of batches");
    return false;
  }
  if (plan.average && *plan.average >= 1) {
    session.error(plan.loc, "'ema' is a decay below 1");
    return false;
  }
  plan.accumulate = accumulate ? static_cast<int64_t>(*accumulate) : 1;
  return ok;
}

/// A module that is no part of the model: a loss, an optimizer, a schedule. What it holds is merely held.
Instance *Instantiator::instantiateHidden(const Node &node, const std::string &path) {
  size_t before = tree.tensors.size();
  Scope scope;
  Instance *instance = nullptr;
  if (!make(node, scope, path, false, instance))
    return nullptr;
  if (!instance) {
    session.error(node.loc, "this module is none");
    return nullptr;
  }
  for (size_t i = before; i < tree.tensors.size(); ++i) {
    MemberTensor &tensor = *tree.tensors[i];
    if (tensor.kind == MemberTensor::Parameter) {
      session.error(node.loc, "'" + instance->typeName + "' has a parameter, which would not be saved with the model",
                    {{tensor.loc, "declared here"}});
      return nullptr;
    }
    tensor.kind = MemberTensor::Held;
  }
  return instance;
}

bool Instantiator::planTraining() {
  const Node *training = spec.section("training");
  if (!training || !training->isMapping())
    return true;
  auto plan = std::make_shared<TrainingPlan>();
  if (const Node *targets = training->find("targets"); targets && targets->isMapping())
    for (const Entry &entry : targets->entries)
      if (std::optional<InputDecl> target = parseInput(entry, true, session.diagnostics))
        plan->targets.push_back(std::move(*target));
  auto add = [&](const std::string &name, SourceLoc loc, const Node &phase) {
    plan->phases.emplace_back();
    plan->phases.back().name = name;
    plan->phases.back().loc = loc;
    return PhasePlanner(*this, session, tree, *training, phase, plan->phases.back()).run();
  };
  bool ok = true;
  if (const Node *phases = training->find("phases"); phases && phases->isMapping()) {
    for (const Entry &entry : phases->entries)
      ok &= add(entry.key.text, entry.key.loc, entry.value);
  } else {
    ok = add("", training->loc, *training);
  }
  tree.training = std::move(plan);
  return ok;
}
