// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Instantiate.h"
#include "Frontend/Inputs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace rune;

static constexpr size_t maxModules = 100000, maxNesting = 64;

static std::string join(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "." + name;
}

Instance *Instantiator::newInstance(const std::string &path, llvm::StringRef type, SourceLoc loc) {
  if (tree.instances.size() >= maxModules) {
    if (!stopped)
      session.error(loc, "the model has more than " + llvm::Twine(maxModules) + " modules");
    stopped = true;
    return nullptr;
  }
  if (path.size() > 8192) {
    session.error(loc, "the path of this module is longer than 8192 characters");
    stopped = true;
    return nullptr;
  }
  tree.instances.push_back(std::make_unique<Instance>());
  Instance &instance = *tree.instances.back();
  instance.path = path;
  instance.typeName = type.str();
  instance.loc = loc;
  return &instance;
}

/// Modules may contain themselves as long as it ends.
bool Instantiator::checkRecursion(const ModuleDecl &decl, SourceLoc loc) {
  if (stack.size() < maxNesting)
    return true;
  if (stopped)
    return false;
  stopped = true;
  size_t from = stack.size();
  while (from > 0 && stack[from - 1].first != &decl)
    --from;
  std::string path;
  for (size_t i = from ? from - 1 : 0; i < stack.size(); ++i)
    path += stack[i].first->name + " -> ";
  if (from)
    session.error(loc, "modules contain each other without end: " + path + decl.name);
  else
    session.error(loc, "modules are nested more than " + llvm::Twine(maxNesting) + " deep");
  return false;
}

static bool takesModules(const ArgumentType &type) {
  return llvm::any_of(type.alternatives, [](const ArgumentType::Alternative &alternative) {
    return alternative.base == ArgumentType::Alternative::Module ||
           alternative.base == ArgumentType::Alternative::Modules;
  });
}

/// Modules given as an argument (schedules in a schedule).
Value Instantiator::moduleArgument(const ArgumentDecl &argument, const Node &node, const std::string &path) {
  bool many = llvm::any_of(argument.type.alternatives, [](const ArgumentType::Alternative &alternative) {
    return alternative.base == ArgumentType::Alternative::Modules;
  });
  if (!many || !node.isSequence()) {
    Instance *instance = instantiateHidden(node, path + "." + argument.name);
    return instance ? Value::module(instance) : Value();
  }
  std::vector<Value> modules;
  for (const auto &[i, item] : llvm::enumerate(node.items)) {
    Instance *instance = instantiateHidden(item, path + "." + argument.name + "." + std::to_string(i));
    if (!instance)
      return Value();
    modules.push_back(Value::module(instance));
  }
  return Value::list(std::move(modules));
}

bool Instantiator::bindArguments(const ModuleDecl &decl, const Node *given, Scope &outer, Instance &instance,
                                 SourceLoc use) {
  if (given && given->kind != Node::Null && !given->isMapping()) {
    session.error(given->loc, "the arguments of '" + decl.name + "' are a mapping, as in {" + decl.name + ": {…}}");
    return false;
  }
  bool ok = true;
  if (given)
    for (const Entry &entry : given->entries) {
      std::vector<llvm::StringRef> names;
      for (const ArgumentDecl &argument : decl.args)
        names.push_back(argument.name);
      if (llvm::is_contained(names, entry.key.text))
        continue;
      llvm::StringRef near = nearestName(entry.key.text, names);
      session.error(entry.key.loc, "'" + decl.name + "' has no argument '" + entry.key.text + "'" +
                                       (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      ok = false;
    }
  Scope own;
  own.arguments = &instance.values;
  Evaluator outside(session, outer), inside(session, own);
  for (const ArgumentDecl &argument : decl.args) {
    const Node *node = given ? given->find(argument.name) : nullptr;
    Value value;
    if (node && takesModules(argument.type))
      value = moduleArgument(argument, *node, instance.path);
    else if (node)
      value = argumentFromNode(outside, argument.type, argument.name, *node, argument.loc);
    else if (argument.defaultValue)
      value = argumentFromNode(inside, argument.type, argument.name, *argument.defaultValue, argument.loc);
    else
      session.error(use, "'" + decl.name + "' needs an argument '" + argument.name + "'",
                    {{argument.loc, "declared here"}});
    ok &= !value.isError();
    instance.values[argument.name] = value;
  }
  return ok;
}

Instance *Instantiator::build(const Node &name, const Node *given, Scope &scope, const std::string &path,
                              const Beside &beside) {
  if (!spec.hasModule(name.text)) {
    session.error(name.loc, "unknown module '" + name.text + "'" + spec.suggestModule(name.text));
    return nullptr;
  }
  const ModuleDecl *decl = spec.findModule(name.text);
  if (!decl || stopped || !checkRecursion(*decl, name.loc) || !session.spend(name.loc))
    return nullptr;
  Instance *instance = newInstance(path, name.text, name.loc);
  if (!instance)
    return nullptr;
  instance->decl = decl;
  instance->evaluation = beside.evaluation;
  Session::Use use(session, name.loc);
  stack.push_back({decl, name.loc});
  Scope own;
  own.arguments = &instance->values;
  bool ok = bindArguments(*decl, given, scope, *instance, name.loc);
  if (ok) {
    if (const Node *checks = decl->find("check"))
      ok = Evaluator(session, own).check(*checks, given && given->loc ? given->loc : name.loc);
    if (const Node *layers = decl->find("layers"); ok && layers) {
      if (beside.init)
        session.error(beside.init->loc, "'init' beside a module of layers: it has no members of its own");
      ok = !beside.init && makeSequentialInto(*instance, *layers, own);
    } else if (ok) {
      ok = buildSections(*instance, own, beside);
      if (ok)
        makeExtraRepr(*instance, own);
    }
  }
  stack.pop_back();
  if (ok && beside.frozen)
    for (Slot *slot : tree.namedParameters(*instance))
      slot->tensor->requiresGrad = false;
  return ok ? instance : nullptr;
}

void Instantiator::makeExtraRepr(Instance &instance, Scope &scope) {
  const Node *text = instance.decl->find("extra_repr");
  if (!text)
    return;
  Evaluator evaluator(session, scope);
  if (text->isScalar()) {
    instance.extraRepr = evaluator.format(*text).value_or("");
    return;
  }
  std::vector<std::string> parts;
  (void)walkItems(text->items, scope, [&](const Node &item, Scope &) {
    if (!item.isScalar()) {
      session.error(item.loc, "expected a text");
      return false;
    }
    std::optional<std::string> part = evaluator.format(item);
    if (part)
      parts.push_back(*part);
    return part.has_value();
  });
  instance.extraRepr = llvm::join(parts, ", ");
}

//===-- What stands where a module is made ------------------------------------------------------------------------===//

static bool isBesideKey(llvm::StringRef key) {
  return key == "if" || key == "init" || key == "requires_grad" || key == "training";
}

static const Entry *typeEntry(const Node &node) {
  for (const Entry &entry : node.entries)
    if (!isBesideKey(entry.key.text))
      return &entry;
  return nullptr;
}

/// Beside the type of a module stand its conditions and nothing else.
static bool checkBeside(Session &session, const Node &node, const Entry &type, bool isRepeat) {
  for (const Entry &entry : node.entries) {
    if (&entry == &type || isBesideKey(entry.key.text) ||
        (isRepeat && (entry.key.text == "of" || entry.key.text == "repeat")))
      continue;
    session.error(entry.key.loc, "'" + entry.key.text + "' beside '" + type.key.text +
                                     "': expected one module, and if, init, requires_grad or training");
    return false;
  }
  return true;
}

/// `result` stays null where the submodule is none.
bool Instantiator::make(const Node &node, Scope &scope, const std::string &path, bool evaluation, Instance *&result) {
  result = nullptr;
  if (stopped || !session.spend(node.loc))
    return false;
  if (node.isScalar()) {
    Beside beside;
    beside.evaluation = evaluation;
    beside.scope = &scope;
    return (result = build(node, nullptr, scope, path, beside)) != nullptr;
  }
  if (node.isSequence())
    return (result = makeList(node.items, scope, path, evaluation, node.loc)) != nullptr;
  if (!node.isMapping()) {
    session.error(node.loc, "expected a module: a name, or {Name: {arguments}}");
    return false;
  }
  Beside beside;
  beside.init = node.find("init");
  beside.scope = &scope;
  beside.evaluation = evaluation;
  if (const Node *when = node.find("if")) {
    std::optional<bool> met = condition(*when, scope);
    if (!met || !*met)
      return met.has_value();
  }
  for (const char *flag : {"requires_grad", "training"})
    if (const Node *value = node.find(flag)) {
      std::optional<bool> on = condition(*value, scope);
      if (!on)
        return false;
      (flag[0] == 'r' ? beside.frozen : beside.evaluation) |= !*on;
    }
  const Entry *type = typeEntry(node);
  if (!type) {
    session.error(node.loc, "expected a module: a name, or {Name: {arguments}}");
    return false;
  }
  bool isRepeat = node.find("repeat") && node.find("of");
  if (!checkBeside(session, node, *type, isRepeat))
    return false;
  if (isRepeat)
    result = makeList(llvm::ArrayRef<Node>(node), scope, path, beside.evaluation, node.loc);
  else if (type->key.text == "layers")
    result = makeSequential(type->value, scope, path, "Sequential", beside.evaluation, node.loc);
  else
    return (result = build(type->key, &type->value, scope, path, beside)) != nullptr;
  if (result && beside.init) {
    session.error(beside.init->loc, "'init' beside a list of modules: it has no members of its own");
    return false;
  }
  if (result && beside.frozen)
    for (Slot *slot : tree.namedParameters(*result))
      slot->tensor->requiresGrad = false;
  return result != nullptr;
}

Instance *Instantiator::makeList(llvm::ArrayRef<Node> items, Scope &scope, const std::string &path, bool evaluation,
                                 SourceLoc loc) {
  Instance *list = newInstance(path, "ModuleList", loc);
  if (!list)
    return nullptr;
  list->kind = Instance::List;
  list->evaluation = evaluation;
  bool ok = walkItems(items, scope, [&](const Node &item, Scope &inner) {
    return addChild(*list, std::to_string(list->children.size()), item.loc, true, item, inner);
  });
  return ok ? list : nullptr;
}

Instance *Instantiator::makeSequential(const Node &layers, Scope &scope, const std::string &path, llvm::StringRef type,
                                       bool evaluation, SourceLoc loc) {
  Instance *instance = newInstance(path, type, loc);
  if (!instance)
    return nullptr;
  instance->evaluation = evaluation;
  return makeSequentialInto(*instance, layers, scope);
}

Instance *Instantiator::makeSequentialInto(Instance &instance, const Node &layers, Scope &scope) {
  instance.kind = Instance::Sequential;
  if (!layers.isSequence()) {
    session.error(layers.loc, "'layers' is a list of modules");
    return nullptr;
  }
  bool ok =
      walkItems(layers.items, scope, [&](const Node &item, Scope &inner) { return addLayer(instance, item, inner); });
  return ok ? &instance : nullptr;
}

/// An entry of `layers`: a module, or `name: module`.
bool Instantiator::addLayer(Instance &parent, const Node &node, Scope &scope) {
  std::string number = std::to_string(parent.children.size());
  if (!node.isMapping() || node.entries.size() != 1)
    return addChild(parent, number, node.loc, true, node, scope);
  const Entry &entry = node.entries.front();
  llvm::StringRef key = entry.key.text;
  if (key == "layers" || spec.hasModule(key))
    return addChild(parent, number, node.loc, true, node, scope);
  // {Lienar: {in_features: 2}} is a misspelt module rather than a layer's name.
  const Node &value = entry.value;
  bool module = value.isScalar() || value.isSequence() ||
                (value.isMapping() &&
                 (value.find("layers") || value.find("repeat") || llvm::any_of(value.entries, [&](const Entry &inner) {
                    return spec.hasModule(inner.key.text) || inner.value.isMapping();
                  })));
  if (!module || (value.isMapping() && value.entries.empty())) {
    session.error(entry.key.loc, "unknown module '" + key + "'" + spec.suggestModule(key));
    return false;
  }
  std::optional<std::string> name = Evaluator(session, scope).format(entry.key);
  return name && addChild(parent, *name, entry.key.loc, true, value, scope);
}

bool Instantiator::addChild(Instance &parent, const std::string &name, SourceLoc loc, bool digits, const Node &node,
                            Scope &scope) {
  if (!registerName(parent, name, loc, digits))
    return false;
  Instance *child = nullptr;
  bool ok = make(node, scope, join(parent.path, name), parent.evaluation, child);
  parent.add(Child{name, child, loc});
  return ok;
}

//===-- The entry -------------------------------------------------------------------------------------------------===//

Instance *Instantiator::instantiateEntry() {
  const Node *model = spec.entry();
  if (!model) {
    SourceLoc start{&spec.mainFile(), 1, 1};
    session.error(start, "the specification has no 'model'");
    return nullptr;
  }
  // `-D arg=value` stands in place of what the spec gives.
  Node withDefines = *model;
  if (!session.options.defines.empty()) {
    if (model->isScalar()) {
      withDefines = Node();
      withDefines.kind = Node::Mapping;
      withDefines.loc = model->loc;
      withDefines.entries.push_back({*model, Node()});
    }
    if (!withDefines.isMapping() || withDefines.entries.size() != 1) {
      session.error(model->loc, "-D needs an entry module with arguments");
      return nullptr;
    }
    Node &arguments = withDefines.entries.front().value;
    arguments.kind = Node::Mapping;
    for (const auto &[name, text] : session.options.defines) {
      const Node *value = spec.nodeFromText("-D " + name, text);
      if (!value)
        return nullptr;
      auto old = llvm::find_if(arguments.entries, [&](const Entry &entry) { return entry.key.text == name; });
      if (old != arguments.entries.end()) {
        old->value = *value;
        continue;
      }
      Entry entry{*value, *value};
      entry.key.text = name;
      arguments.entries.push_back(std::move(entry));
    }
  }
  const Node *kept = spec.keep(std::move(withDefines));
  Scope scope;
  Instance *root = nullptr;
  if (!make(*kept, scope, "", false, root))
    return nullptr;
  if (!root)
    session.error(model->loc, "the entry module is none");
  return root;
}

std::unique_ptr<ModuleTree> rune::instantiate(LoadedSpec &spec, const FrontendOptions &options,
                                              Diagnostics &diagnostics) {
  unsigned before = diagnostics.errorCount();
  Session session(spec, options, diagnostics);
  auto tree = std::make_unique<ModuleTree>();
  runWithLargeStack([&] {
    Instantiator instantiator(session, *tree);
    tree->root = instantiator.instantiateEntry();
    if (tree->root && diagnostics.errorCount() == 0)
      (void)instantiator.planTraining();
  });
  return tree->root && diagnostics.errorCount() == before ? std::move(tree) : nullptr;
}
