// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sections of a module that is no list of layers: constants, parameters, buffers, submodules, init and tie.

#include "Frontend/Inputs.h"
#include "Frontend/Instantiate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace rune;

static constexpr uint64_t maxBytes = uint64_t(256) << 30;

static std::string join(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "." + name;
}

//===-- Blocks
//------------------------------------------------------------------------------------------------------===//

std::optional<bool> Instantiator::condition(const Expr *expr, Scope &scope) {
  if (!expr)
    return std::nullopt;
  Evaluator evaluator(session, scope);
  switch (evaluator.truth(expr)) {
  case Truth::True:
    return true;
  case Truth::False:
    return false;
  case Truth::Runtime:
    session.error(expr->start, "this condition must be known at compile time");
    return std::nullopt;
  case Truth::Error:
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<bool> Instantiator::condition(const Node &node, Scope &scope) {
  if (node.isScalar())
    return condition(spec.expression(node), scope);
  session.error(node.loc, "expected true or false");
  return std::nullopt;
}

std::optional<std::vector<Value>> Instantiator::loopItems(const BlockKey &key, SourceLoc loc, Scope &scope) {
  Value list = Evaluator(session, scope).evaluate(key.expr.get());
  if (list.isError())
    return std::nullopt;
  if (list.kind == Value::List)
    return list.asList();
  session.error(key.expr ? key.expr->start : loc, "expected a list, got " + describe(list));
  return std::nullopt;
}

static bool bindLoopNames(Session &session, const BlockKey &key, const Value &item, SourceLoc loc,
                          llvm::StringMap<Value> &into) {
  if (key.names.size() == 1) {
    into[key.names[0]] = item;
    return true;
  }
  if (item.kind != Value::List || item.size() != key.names.size()) {
    session.error(loc, "cannot give " + describe(item) + " to " + llvm::Twine(key.names.size()) + " names");
    return false;
  }
  for (auto [name, value] : llvm::zip(key.names, item.asList()))
    into[name] = value;
  return true;
}

/// The names in a branch that is not taken are none.
void Instantiator::undefinedToNone(const Node &map, Scope &scope) {
  for (const Entry &entry : map.entries) {
    const BlockKey *key = spec.blockKey(entry.key);
    if (key && key->kind != BlockKey::Plain)
      undefinedToNone(entry.value, scope);
    else if (isValidName(entry.key.text))
      scope.values.try_emplace(entry.key.text, Value::none());
  }
}

bool Instantiator::walkEntries(const Node &map, Scope &scope, bool formatNames, EntryVisitor visit) {
  if (map.kind == Node::Null)
    return true;
  if (!map.isMapping()) {
    session.error(map.loc, "expected a mapping");
    return false;
  }
  bool done = false, ok = true;
  for (const Entry &entry : map.entries) {
    const BlockKey *key = spec.blockKey(entry.key);
    if (!key || stopped || !session.spend(entry.key.loc))
      return false;
    switch (key->kind) {
    case BlockKey::If:
    case BlockKey::Elif:
    case BlockKey::Else: {
      std::optional<bool> met = true;
      if (key->kind == BlockKey::If)
        done = false;
      if (done || (key->kind != BlockKey::Else && !(met = condition(key->expr.get(), scope))))
        met = met ? std::optional(false) : met;
      if (!met)
        return false;
      if (*met)
        ok &= walkEntries(entry.value, scope, formatNames, visit);
      else
        undefinedToNone(entry.value, scope);
      done |= *met;
      break;
    }
    case BlockKey::For: {
      std::optional<std::vector<Value>> items = loopItems(*key, entry.key.loc, scope);
      if (!items)
        return false;
      for (const Value &item : *items)
        if (!bindLoopNames(session, *key, item, entry.key.loc, scope.values) ||
            !walkEntries(entry.value, scope, formatNames, visit))
          return false;
      break;
    }
    case BlockKey::Plain: {
      std::optional<std::string> name = entry.key.text;
      if (formatNames)
        name = Evaluator(session, scope).format(entry.key);
      ok &= name && visit(entry, *name, scope);
      break;
    }
    }
  }
  return ok;
}

bool Instantiator::walkItems(llvm::ArrayRef<Node> items, Scope &scope, ItemVisitor visit) {
  bool ok = true;
  for (const Node &item : items) {
    if (stopped || !session.spend(item.loc))
      return false;
    ok &= walkItem(item, scope, visit);
  }
  return ok;
}

static llvm::ArrayRef<Node> itemsOf(const Node &node) {
  return node.isSequence() ? llvm::ArrayRef<Node>(node.items) : llvm::ArrayRef<Node>(node);
}

bool Instantiator::walkItem(const Node &item, Scope &scope, ItemVisitor visit) {
  if (!item.isMapping() || item.entries.empty())
    return visit(item, scope);
  if (const Node *count = item.find("repeat"); count && item.find("of")) {
    Value times = Evaluator(session, scope).evaluate(*count);
    if (times.isError())
      return false;
    if (times.kind != Value::Int || times.integerValue < 0) {
      session.error(count->loc, "'repeat' expects integer, 0 or more, got " + describe(times));
      return false;
    }
    for (int64_t i = 0; i < times.integerValue; ++i)
      if (stopped || !session.spend(item.loc) || !visit(*item.find("of"), scope))
        return false;
    return true;
  }
  const BlockKey *first = spec.blockKey(item.entries.front().key);
  if (!first)
    return false;
  if (first->kind == BlockKey::For) {
    std::optional<std::vector<Value>> values = loopItems(*first, item.loc, scope);
    if (!values)
      return false;
    for (const Value &value : *values)
      if (!bindLoopNames(session, *first, value, item.loc, scope.values) ||
          !walkItems(itemsOf(item.entries.front().value), scope, visit))
        return false;
    return true;
  }
  if (first->kind != BlockKey::If)
    return visit(item, scope);
  for (const Entry &entry : item.entries) {
    const BlockKey *key = spec.blockKey(entry.key);
    if (!key)
      return false;
    std::optional<bool> met = key->kind == BlockKey::Else ? true : condition(key->expr.get(), scope);
    if (!met)
      return false;
    if (*met)
      return walkItems(itemsOf(entry.value), scope, visit);
  }
  return true;
}

//===-- Members
//-----------------------------------------------------------------------------------------------------===//

bool Instantiator::buildSections(Instance &instance, Scope &scope, const Beside &beside) {
  scope.arguments = &instance.values;
  bool ok = true;
  auto keepNames = [&] {
    for (auto &entry : scope.values)
      instance.values[entry.first()] = entry.second;
    scope.values.clear();
  };
  if (beside.init && beside.init->isMapping())
    for (const Entry &entry : beside.init->entries)
      if (!instance.decl->find("parameters") && !instance.decl->find("buffers")) {
        session.error(entry.key.loc, "'" + instance.typeName + "' has no member '" + entry.key.text + "'");
        return false;
      }
  for (const Entry *section : instance.decl->sections) {
    llvm::StringRef name = section->key.text;
    if (name == "constants")
      ok &= constants(instance, section->value, scope);
    else if (name == "parameters")
      ok &= members(instance, section->value, scope, MemberTensor::Parameter, beside);
    else if (name == "buffers")
      ok &= members(instance, section->value, scope, MemberTensor::Buffer, beside);
    else if (name == "submodules")
      ok &= submodules(instance, section->value, scope);
    else if (name == "init")
      ok &= initSection(instance, section->value, scope);
    else if (name == "tie")
      ok &= ties(instance, section->value, scope);
    keepNames();
    // What is made of wrong constants is wrong as well.
    if (stopped || (!ok && name == "constants"))
      return false;
  }
  if (ok && beside.init && beside.init->isMapping())
    for (const Entry &entry : beside.init->entries)
      if (!instance.findSlot(entry.key.text)) {
        std::vector<llvm::StringRef> names;
        for (const auto &slot : instance.slots)
          names.push_back(slot->name);
        llvm::StringRef near = nearestName(entry.key.text, names);
        session.error(entry.key.loc, "'" + instance.typeName + "' has no member '" + entry.key.text + "'" +
                                         (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
        ok = false;
      }
  return ok;
}

bool Instantiator::constants(Instance &instance, const Node &section, Scope &scope) {
  return walkEntries(section, scope, false, [&](const Entry &entry, const std::string &name, Scope &inner) {
    if (entry.value.isMapping())
      return addMember(instance, entry, name, inner, MemberTensor::Held, Beside());
    if (!isValidName(name)) {
      session.error(entry.key.loc, "'" + llvm::Twine(llvm::StringRef(name).take_front(40)) + "' is not a name");
      return false;
    }
    Value value = Evaluator(session, inner).evaluate(entry.value);
    instance.values[name] = value;
    inner.values.erase(name);
    return !value.isError();
  });
}

bool Instantiator::registerName(Instance &instance, const std::string &name, SourceLoc loc, bool digits) {
  if (!isValidName(name, digits)) {
    session.error(loc, "a member's name is up to 128 letters, digits and underscores" +
                           llvm::Twine(digits ? "" : ", without a digit first"));
    return false;
  }
  SourceLoc first;
  if (const Slot *slot = instance.findSlot(name))
    first = slot->loc;
  else if (const Child *child = instance.findChild(name))
    first = child->loc;
  if (first) {
    session.error(loc, "two members are named '" + llvm::Twine(name) + "'", {{first, "the first one is here"}});
    return false;
  }
  if (!instance.decl || digits)
    return true;
  const FunctionDecl *function = instance.decl->findFunction(name);
  if (name == "forward" || name == "training" || function) {
    session.error(loc, "'" + llvm::Twine(name) +
                           "' cannot be the name of a member: " + (function ? "a function has it" : "it is reserved"));
    return false;
  }
  return true;
}

bool Instantiator::members(Instance &instance, const Node &section, Scope &scope, MemberTensor::Kind kind,
                           const Beside &beside) {
  return walkEntries(section, scope, true, [&](const Entry &entry, const std::string &name, Scope &inner) {
    return addMember(instance, entry, name, inner, kind, beside);
  });
}

MemberTensor *Instantiator::makeTensor(Instance &instance, const Entry &entry, const std::string &name, Scope &scope,
                                       MemberTensor::Kind kind) {
  Evaluator evaluator(session, scope);
  const Node *shapeNode = entry.value.find("shape");
  if (!shapeNode) {
    session.error(entry.key.loc, "'" + llvm::Twine(name) + "' has no 'shape'");
    return nullptr;
  }
  std::optional<Dims> dims = evaluator.shape(*shapeNode);
  if (!dims)
    return nullptr;
  auto tensor = std::make_unique<MemberTensor>();
  tensor->kind = kind;
  tensor->path = join(instance.path, name);
  tensor->loc = entry.key.loc;
  tensor->dtype = session.defaultFloat();
  if (const Node *dtype = entry.value.find("dtype")) {
    Value value = evaluator.evaluate(*dtype);
    if (value.isError())
      return nullptr;
    if (value.kind != Value::Type || (kind == MemberTensor::Parameter && !isFloat(value.asDType()))) {
      session.error(dtype->loc, kind == MemberTensor::Parameter ? "a parameter is of dtype f32 or f64"
                                                                : "expected a dtype: f32, f64, i64 or bool");
      return nullptr;
    }
    tensor->dtype = value.asDType();
  }
  // Sizes of 0 are counted as 1: the strides of such a tensor have to be numbers, too.
  int64_t elements = 1, needed = 0;
  bool overflow = false, empty = false;
  for (const DimExpr &dim : *dims) {
    tensor->shape.push_back(dim.getConstant());
    empty |= dim.isConstant(0);
    overflow |= __builtin_mul_overflow(elements, std::max<int64_t>(dim.getConstant(), 1), &elements);
  }
  overflow |= __builtin_mul_overflow(elements, dtypeBytes(tensor->dtype), &needed);
  if (overflow) {
    session.error(shapeNode->loc, "the element count of shape " + formatDims(*dims) + " overflows");
    return nullptr;
  }
  uint64_t total = bytes + static_cast<uint64_t>(empty ? 0 : needed);
  if (total > maxBytes) {
    if (!stopped)
      session.error(shapeNode->loc, "the model needs " + llvm::Twine(total) +
                                        " bytes and more for its members, limit " + llvm::Twine(maxBytes));
    stopped = true;
    return nullptr;
  }
  bytes = total;
  tree.tensors.push_back(std::move(tensor));
  return tree.tensors.back().get();
}

bool Instantiator::addMember(Instance &instance, const Entry &entry, const std::string &name, Scope &scope,
                             MemberTensor::Kind kind, const Beside &beside) {
  if (!entry.value.isMapping()) {
    session.error(entry.value.loc ? entry.value.loc : entry.key.loc,
                  "expected {shape: […], init: …} for '" + llvm::Twine(name) + "'");
    return false;
  }
  static const llvm::StringRef parameterKeys[] = {"shape", "init", "if", "dtype", "requires_grad"};
  static const llvm::StringRef bufferKeys[] = {"shape", "init", "if", "dtype", "persistent"};
  llvm::ArrayRef<llvm::StringRef> known = kind == MemberTensor::Parameter ? llvm::ArrayRef(parameterKeys)
                                          : kind == MemberTensor::Buffer  ? llvm::ArrayRef(bufferKeys)
                                                                          : llvm::ArrayRef(bufferKeys).drop_back();
  if (!checkKeys(entry.value, known, "a member", session.diagnostics) ||
      !registerName(instance, name, entry.key.loc, false))
    return false;
  auto slot = std::make_unique<Slot>();
  slot->name = name;
  slot->path = join(instance.path, name);
  slot->loc = entry.key.loc;
  const Node *when = entry.value.find("if");
  std::optional<bool> there = when ? condition(*when, scope) : true;
  if (!there)
    return false;
  bool ok = true;
  if (*there) {
    MemberTensor *tensor = makeTensor(instance, entry, name, scope, kind);
    if (!tensor)
      return false;
    for (const char *flag : {"requires_grad", "persistent"})
      if (const Node *value = entry.value.find(flag)) {
        std::optional<bool> on = condition(*value, scope);
        if (!on)
          return false;
        (flag[0] == 'r' ? tensor->requiresGrad : tensor->persistent) = *on;
      }
    slot->tensor = slot->registered = tensor;
    const Node *init = entry.value.find("init");
    const Node *instead = beside.init && beside.init->isMapping() ? beside.init->find(name) : nullptr;
    if (instead) {
      Scope both = scope;
      both.outer = beside.scope;
      ok = initialise(instance, *tensor, *instead, both, false);
    } else if (init) {
      ok = initialise(instance, *tensor, *init, scope, false);
    } else {
      InitStep zeros;
      zeros.target = tensor;
      zeros.loc = entry.key.loc;
      zeros.scheme = "zeros";
      tree.steps.push_back(std::move(zeros));
    }
  }
  instance.add(std::move(slot));
  return ok;
}

bool Instantiator::submodules(Instance &instance, const Node &section, Scope &scope) {
  return walkEntries(section, scope, true, [&](const Entry &entry, const std::string &name, Scope &inner) {
    return addChild(instance, name, entry.key.loc, false, entry.value, inner);
  });
}

//===-- Sections that look back
//-------------------------------------------------------------------------------------===//

/// Whether a dotted path names a member, be it none.
static bool hasMember(const Instance &instance, llvm::StringRef path) {
  auto [first, rest] = path.split('.');
  if (rest.empty())
    return instance.findSlot(first) || instance.findChild(first);
  const Child *child = instance.findChild(first);
  return child && (!child->instance || hasMember(*child->instance, rest));
}

bool Instantiator::initSection(Instance &instance, const Node &section, Scope &scope) {
  return walkEntries(section, scope, false, [&](const Entry &entry, const std::string &pattern, Scope &inner) {
    bool matched = false;
    for (Slot *slot : tree.namedParameters(instance)) {
      llvm::StringRef name = slot->path;
      if (!instance.path.empty())
        name = name.drop_front(instance.path.size() + 1);
      if (!matchesPattern(name, pattern))
        continue;
      matched = true;
      Scope withParameters = inner;
      withParameters.self = &instance;
      withParameters.members = Scope::OwnParameters;
      withParameters.values["ndim"] = Value::integer(slot->tensor->shape.size());
      if (!session.spend(entry.key.loc) || !initialise(instance, *slot->tensor, entry.value, withParameters, true))
        return false;
    }
    if (!matched && llvm::StringRef(pattern).find_first_of("*?[") == llvm::StringRef::npos &&
        !hasMember(instance, pattern)) {
      session.error(entry.key.loc, "no parameter is named '" + llvm::Twine(pattern) + "'");
      return false;
    }
    return true;
  });
}

Slot *Instantiator::findParameter(Instance &instance, llvm::StringRef path, SourceLoc loc) {
  Instance *owner = &instance;
  auto [modules, leaf] = path.contains('.') ? path.rsplit('.') : std::pair<llvm::StringRef, llvm::StringRef>("", path);
  llvm::SmallVector<llvm::StringRef> names;
  if (!modules.empty())
    modules.split(names, '.');
  for (llvm::StringRef name : names) {
    const Child *child = owner->findChild(name);
    if (!child || !child->instance) {
      session.error(loc, "no submodule is named '" + name + "'" +
                             (owner->path.empty() ? llvm::Twine("") : " in '" + owner->path + "'"));
      return nullptr;
    }
    owner = child->instance;
  }
  Slot *slot = owner->findSlot(leaf);
  if (!slot || !slot->tensor || slot->tensor->kind != MemberTensor::Parameter) {
    session.error(loc, "no parameter is named '" + path + "'");
    return nullptr;
  }
  return slot;
}

bool Instantiator::tie(Instance &instance, const Entry &entry) {
  Slot *slot = findParameter(instance, entry.key.text, entry.key.loc);
  Slot *target = entry.value.isScalar() ? findParameter(instance, entry.value.text, entry.value.loc) : nullptr;
  if (!entry.value.isScalar())
    session.error(entry.value.loc, "expected the name of a parameter");
  if (!slot || !target)
    return false;
  if (slot->tensor == target->tensor) {
    session.error(entry.key.loc, "'" + entry.key.text + "' is tied to itself");
    return false;
  }
  auto shapeOf = [](const Slot &which) {
    Dims dims(which.tensor->shape.begin(), which.tensor->shape.end());
    return dtypeName(which.tensor->dtype).str() + formatDims(dims);
  };
  if (shapeOf(*slot) != shapeOf(*target)) {
    session.error(entry.key.loc,
                  "cannot tie '" + entry.key.text + "' of " + shapeOf(*slot) + " to '" + entry.value.text + "' of " +
                      shapeOf(*target),
                  {{slot->loc, "declared here"}, {target->loc, "declared here"}});
    return false;
  }
  InitStep step;
  step.kind = InitStep::Tie;
  step.target = target->tensor;
  step.slot = slot;
  step.loc = entry.key.loc;
  tree.steps.push_back(std::move(step));
  // Whoever shares the old tensor keeps it, as in PyTorch.
  slot->tensor = target->tensor;
  return true;
}

bool Instantiator::ties(Instance &instance, const Node &section, Scope &) {
  if (!section.isMapping()) {
    session.error(section.loc, "'tie' is a mapping of parameters to parameters");
    return false;
  }
  bool ok = true;
  for (const Entry &entry : section.entries)
    ok &= tie(instance, entry);
  return ok;
}
