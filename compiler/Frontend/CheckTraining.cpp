// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The section `training`: parsed and checked, whether or not anything of it is compiled.

#include "Frontend/CheckNames.h"
#include "Frontend/CheckSpec.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

namespace {

class TrainingChecker {
public:
  explicit TrainingChecker(LoadedSpec &spec) : spec(spec) {}

  void check(const Node &training);

private:
  void phase(const Node &node, bool nested);
  void loss(const Node &node);
  void optimizer(const Node &node);
  void groups(const Node &node, const ModuleDecl *optimizer);
  void schedule(const Node &node);
  void setting(const Entry &entry);
  bool keys(const Node &map, llvm::ArrayRef<llvm::StringRef> known, const char *where);
  NameChecker checker();

  LoadedSpec &spec;
  std::vector<InputDecl> targets;
};

} // namespace

static constexpr llvm::StringRef settings[] = {"clip_grad_norm", "clip_grad_value", "accumulate", "ema"};

NameChecker TrainingChecker::checker() {
  NameChecker names(spec);
  names.names.insert("model");
  names.functions.insert("model");
  names.names.insert("training");
  for (const std::vector<InputDecl> *inputs : {&spec.inputs(), &std::as_const(targets)}) {
    names.declareInputs(*inputs);
    for (const InputDecl &input : *inputs)
      names.pattern(input);
  }
  return names;
}

bool TrainingChecker::keys(const Node &map, llvm::ArrayRef<llvm::StringRef> known, const char *where) {
  if (map.isMapping())
    return checkKeys(map, known, where, spec.diags());
  spec.reportOnce(map.loc, llvm::Twine("expected a mapping: ") + where);
  return false;
}

void TrainingChecker::loss(const Node &node) {
  NameChecker names = checker();
  if (node.isMapping() && (node.find("do") || node.find("args"))) {
    if (!keys(node, {"args", "do"}, "a loss"))
      return;
    if (const Node *args = node.find("args"))
      for (const Entry &entry : args->entries)
        if (std::optional<ArgumentDecl> argument = parseArgument(entry, spec.diags()))
          names.names.insert(argument->name);
    const Node *body = node.find("do");
    if (!body)
      return spec.reportOnce(node.loc, "a loss has a 'do'");
    if (body->isScalar())
      return names.value(*body);
    names.declareStatements(*body);
    return names.statements(*body);
  }
  UseChecker(spec, names).module(node);
}

void TrainingChecker::groups(const Node &node, const ModuleDecl *optimizer) {
  if (!node.isSequence())
    return spec.reportOnce(node.loc, "'groups' is a list of {match: pattern, argument: value}");
  for (const Node &group : node.items) {
    if (!group.isMapping()) {
      spec.reportOnce(group.loc, "a group is {match: pattern, argument: value} or {if: condition, argument: value}");
      continue;
    }
    for (const Entry &entry : group.entries) {
      llvm::StringRef key = entry.key.text;
      if (key == "match")
        continue;
      NameChecker names(spec);
      names.names.insert("ndim");
      bool known = key == "if" || !optimizer ||
                   llvm::any_of(optimizer->args, [&](const ArgumentDecl &argument) { return argument.name == key; });
      if (!known)
        names.error(entry.key.loc, "'" + optimizer->name + "' has no argument '" + key + "'");
      names.value(entry.value);
    }
  }
}

void TrainingChecker::optimizer(const Node &node) {
  NameChecker names(spec);
  const Node *name = node.isScalar() ? &node : nullptr, *given = nullptr, *list = nullptr;
  if (node.isMapping())
    for (const Entry &entry : node.entries) {
      if (entry.key.text == "groups")
        list = &entry.value;
      else if (llvm::is_contained(settings, entry.key.text))
        setting(entry);
      else if (name)
        spec.reportOnce(entry.key.loc, "two optimizers: '" + name->text + "' and '" + entry.key.text + "'");
      else {
        name = &entry.key;
        given = &entry.value;
      }
    }
  if (!name)
    return spec.reportOnce(node.loc, "expected an optimizer: a name, or {Name: {arguments}}");
  UseChecker(spec, names).arguments(*name, given);
  const ModuleDecl *decl = spec.hasModule(name->text) ? spec.findModule(name->text) : nullptr;
  if (decl && !decl->find("update"))
    spec.reportOnce(name->loc, "'" + name->text + "' is not an optimizer: it has no 'update'");
  if (list)
    groups(*list, decl);
}

void TrainingChecker::schedule(const Node &node) {
  NameChecker names(spec);
  names.names.insert("lr");
  names.names.insert("step");
  if (!node.isMapping())
    return names.value(node);
  for (const Entry &entry : node.entries) {
    if (entry.key.text == "every")
      continue;
    UseChecker(spec, names).arguments(entry.key, &entry.value);
    const ModuleDecl *decl = spec.hasModule(entry.key.text) ? spec.findModule(entry.key.text) : nullptr;
    if (decl && !decl->find("schedule"))
      spec.reportOnce(entry.key.loc, "'" + entry.key.text + "' is not a schedule: it has no 'schedule'");
  }
}

void TrainingChecker::setting(const Entry &entry) {
  NameChecker names(spec);
  names.value(entry.value);
}

void TrainingChecker::phase(const Node &node, bool nested) {
  for (const Entry &entry : node.entries) {
    llvm::StringRef key = entry.key.text;
    if (key == "loss")
      loss(entry.value);
    else if (key == "optimizer")
      optimizer(entry.value);
    else if (key == "schedule")
      schedule(entry.value);
    else if (llvm::is_contained(settings, key))
      setting(entry);
    else if (key == "train" && !entry.value.isScalar() && !entry.value.isSequence())
      spec.reportOnce(entry.key.loc, "'train' is a pattern of parameters, or a list of them");
    else if (key == "groups" && nested)
      groups(entry.value, nullptr);
  }
}

void TrainingChecker::check(const Node &training) {
  if (!training.isMapping())
    return;
  keys(training,
       {"targets", "loss", "optimizer", "schedule", "every", "groups", "phases", "clip_grad_norm", "clip_grad_value",
        "accumulate", "ema"},
       "'training'");
  if (const Node *section = training.find("targets"); section && section->isMapping())
    for (const Entry &entry : section->entries)
      if (std::optional<InputDecl> input = parseInput(entry, true, spec.diags()))
        targets.push_back(std::move(*input));
  phase(training, false);
  const Node *phases = training.find("phases");
  if (!phases)
    return;
  if (!phases->isMapping())
    return spec.reportOnce(phases->loc, "'phases' is a mapping of names to {train, loss, optimizer}");
  for (const Entry &entry : phases->entries)
    if (keys(entry.value,
             {"train", "loss", "optimizer", "schedule", "every", "groups", "clip_grad_norm", "clip_grad_value",
              "accumulate", "ema"},
             "a phase"))
      phase(entry.value, true);
}

void rune::checkTraining(LoadedSpec &spec, const Node &training) { TrainingChecker(spec).check(training); }
