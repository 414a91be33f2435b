// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statement lists: bindings, blocks, checks, gathers and returns.

#include "Frontend/Evaluate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace rune;

Value Evaluator::run(const Node &body) {
  if (body.isScalar())
    return evaluate(body);
  if (!body.isSequence())
    return error(body.loc, "expected an expression or a list of statements");
  returned = Value::none();
  (void)block(body);
  return returned;
}

Evaluator::Flow Evaluator::block(const Node &statements) {
  if (!statements.isSequence()) {
    if (statements.isMapping())
      return statement(statements);
    error(statements.loc, "expected a list of statements");
    return Flow::Next;
  }
  for (const Node &node : statements.items) {
    if (session.exhausted())
      return Flow::Returned;
    if (statement(node) == Flow::Returned)
      return Flow::Returned;
  }
  return Flow::Next;
}

Evaluator::Flow Evaluator::statement(const Node &node) {
  if (!node.isMapping() || node.entries.empty()) {
    error(node.loc, "expected a statement: 'name: expression', 'return:', 'check:', 'if …:' or 'for …:'");
    return Flow::Next;
  }
  if (!session.spend(node.loc))
    return Flow::Returned;
  const Entry &first = node.entries.front();
  if (first.key.text == "return") {
    returned = evaluate(first.value);
    return Flow::Returned;
  }
  if (first.key.text == "check") {
    (void)check(first.value, SourceLoc());
    return Flow::Next;
  }
  const BlockKey *key = session.spec.blockKey(first.key);
  if (!key)
    return Flow::Next;
  switch (key->kind) {
  case BlockKey::If:
    return branches(node);
  case BlockKey::For:
    return loop(first, *key);
  case BlockKey::Plain:
    for (const Entry &entry : node.entries)
      assign(entry);
    return Flow::Next;
  default:
    error(first.key.loc, "'" + first.key.text + "' without an 'if' before it");
    return Flow::Next;
  }
}

Evaluator::Flow Evaluator::branches(const Node &node) {
  for (auto [i, entry] : llvm::enumerate(node.entries)) {
    const BlockKey *key = session.spec.blockKey(entry.key);
    if (!key || (key->kind != BlockKey::Else && !key->expr))
      return Flow::Next;
    if (key->kind == BlockKey::Else)
      return block(entry.value);
    Value condition = evaluate(*key->expr);
    switch (truth(condition, key->expr->start)) {
    case Truth::True:
      return block(entry.value);
    case Truth::False:
      continue;
    case Truth::Error:
      poison(node);
      return Flow::Next;
    case Truth::Runtime: {
      Value asBool = toCondition(condition, key->expr->loc);
      return asBool.isError() ? Flow::Next : runtimeBranches(node, i, asBool.ir);
    }
    }
  }
  return Flow::Next;
}

/// Runs both sides and selects every name that they leave different.
Evaluator::Flow Evaluator::runtimeBranches(const Node &node, size_t index, mlir::Value condition) {
  SourceLoc loc = node.entries[index].key.loc;
  llvm::StringMap<Value> before = scope.values;
  auto side = [&](auto body) -> std::optional<llvm::StringMap<Value>> {
    scope.values = before;
    if (body() == Flow::Returned) {
      if (!session.exhausted() && !returned.isError())
        error(loc, "'return' inside an 'if' on a run-time value");
      return std::nullopt;
    }
    return scope.values;
  };
  std::optional<llvm::StringMap<Value>> taken = side([&] { return block(node.entries[index].value); });
  std::optional<llvm::StringMap<Value>> other = side([&] {
    if (index + 1 >= node.entries.size())
      return Flow::Next;
    const BlockKey *key = session.spec.blockKey(node.entries[index + 1].key);
    if (key && key->kind == BlockKey::Else)
      return block(node.entries[index + 1].value);
    error(node.entries[index + 1].key.loc, "'elif' after an 'if' on a run-time value; nest it in 'else:'");
    return Flow::Next;
  });
  scope.values = before;
  if (!taken || !other) {
    returned = Value();
    return Flow::Returned;
  }
  for (auto &entry : *taken) {
    auto it = other->find(entry.first());
    if (it == other->end())
      continue; // bound on one side only: undefined after the block
    const Value &lhs = entry.second, &rhs = it->second;
    bool same =
        lhs.kind == rhs.kind && (lhs.isRuntime() ? lhs.ir == rhs.ir : lhs.isError() || equalValues(lhs, rhs) == true);
    scope.values[entry.first()] = same ? lhs : choose(condition, lhs, rhs, loc);
  }
  return Flow::Next;
}

Evaluator::Flow Evaluator::loop(const Entry &entry, const BlockKey &key) {
  if (!key.expr)
    return Flow::Next;
  Value over = evaluate(*key.expr);
  if (over.isError()) {
    poison(entry.value);
    return Flow::Next;
  }
  std::optional<std::vector<Value>> items = iterate(over, key.expr->start);
  if (!items) {
    poison(entry.value);
    return Flow::Next;
  }
  std::string name = key.names.empty() ? "" : key.names.front();
  loops.push_back(name);
  Flow flow = Flow::Next;
  for (const Value &item : *items) {
    if (!session.spend(entry.key.loc) || !bindNames(key.names, item, entry.key.loc))
      break;
    flow = block(entry.value);
    if (flow == Flow::Returned)
      break;
  }
  loops.pop_back();
  pile(name);
  return session.exhausted() ? Flow::Returned : flow;
}

/// The names a statement's key binds: `a`, or `a, b`.
static std::vector<std::string> boundNames(llvm::StringRef key) {
  std::vector<std::string> names;
  llvm::SmallVector<llvm::StringRef> parts;
  key.split(parts, ',');
  for (llvm::StringRef part : parts)
    names.push_back(part.trim().str());
  return names;
}

void Evaluator::assign(const Entry &entry) {
  llvm::StringRef key = entry.key.text;
  if (size_t open = key.find('['); open != llvm::StringRef::npos && key.ends_with("]"))
    return gather(entry, key.take_front(open).trim(), key.slice(open + 1, key.size() - 1));
  std::string filled;
  if (key.contains('{')) {
    std::optional<std::string> text = format(entry.key);
    if (!text)
      return;
    filled = *text;
    key = filled;
  }
  std::vector<std::string> names = boundNames(key);
  for (const std::string &name : names)
    if (!isValidName(name)) {
      error(entry.key.loc, "'" + llvm::Twine(llvm::StringRef(name).take_front(40)) + "' is not a name");
      return;
    }
  Value value = evaluate(entry.value);
  if (value.isTensor() && names.size() == 1 && !value.flag)
    value.origin = entry.key.loc;
  if (value.isTensor() && value.flag && names.size() == 1)
    value.flag = true;
  if (value.isError())
    for (const std::string &name : names)
      scope.values[name] = Value();
  else
    (void)bindNames(names, value, entry.key.loc);
}

void Evaluator::gather(const Entry &entry, llvm::StringRef name, llvm::StringRef indices) {
  std::vector<std::string> names = boundNames(indices);
  Gather &into = gathers[name.str()];
  if (into.items.empty()) {
    into.loops = names;
    into.loc = entry.key.loc;
  }
  if (names != into.loops)
    return (void)error(entry.key.loc, "'" + name + "' was gathered under other indices before");
  std::vector<int64_t> place;
  for (const std::string &index : names) {
    Value value = llvm::is_contained(loops, index) ? scope.values.lookup(index) : Value();
    if (value.kind != Value::Int)
      return (void)error(entry.key.loc, "'" + llvm::Twine(index) + "' is not the integer of a loop around this");
    place.push_back(value.integerValue);
  }
  into.items.push_back({place, evaluate(entry.value)});
}

/// After a loop: what was gathered under its index first becomes a stack.
void Evaluator::pile(llvm::StringRef loopName) {
  for (auto it = gathers.begin(); it != gathers.end();) {
    if (it->second.loops.empty() || it->second.loops.front() != loopName) {
      ++it;
      continue;
    }
    Gather gather = std::move(it->second);
    std::string name = it->first;
    it = gathers.erase(it);
    // In index order; given twice under one index, the last one stays.
    std::map<std::vector<int64_t>, Value> sorted;
    for (auto &[place, value] : gather.items)
      sorted[place] = value;
    gather.items.assign(sorted.begin(), sorted.end());
    size_t next = 0;
    scope.values[name] = pileItems(gather, 0, next, gather.loc);
  }
}

Value Evaluator::pileItems(const Gather &gather, size_t level, size_t &next, SourceLoc loc) {
  if (level == gather.loops.size())
    return gather.items[next++].second;
  GivenArguments stack;
  std::vector<Value> parts;
  std::vector<int64_t> prefix(gather.items[next].first.begin(), gather.items[next].first.begin() + level);
  while (next < gather.items.size() && std::equal(prefix.begin(), prefix.end(), gather.items[next].first.begin())) {
    parts.push_back(pileItems(gather, level + 1, next, loc));
    if (parts.back().isError())
      return Value();
  }
  stack.positional.push_back(Value::list(std::move(parts)));
  return callBuiltin("stack", stack, loc);
}

/// After an error: what the statements would have bound is an error, silently.
void Evaluator::poison(const Node &statements) {
  for (const Node &item : statements.items)
    poison(item);
  for (const Entry &entry : statements.entries) {
    const BlockKey *key = session.spec.blockKey(entry.key);
    if (key && key->kind != BlockKey::Plain) {
      poison(entry.value);
    } else if (entry.key.text == "return") {
      returned = Value();
    } else {
      for (const std::string &name : boundNames(llvm::StringRef(entry.key.text).split('[').first))
        if (isValidName(name))
          scope.values[name] = Value();
    }
  }
}

bool Evaluator::checkOne(const Entry &condition, SourceLoc use) {
  const Expr *expr = session.spec.expression(condition.key);
  Value value = expr ? evaluate(*expr) : Value();
  Truth met = truth(value, condition.key.loc);
  if (met == Truth::True)
    return true;
  if (met == Truth::Error)
    return false;
  if (met == Truth::False) {
    std::optional<std::string> message = format(condition.value);
    if (message)
      error(use ? use : condition.key.loc, *message, {{use ? condition.key.loc : SourceLoc(), "checked here"}});
    return false;
  }
  if (!emitter) {
    error(condition.key.loc, "this condition is known at run time only");
    return false;
  }
  std::vector<DimExpr> dims;
  std::optional<std::string> message = format(condition.value, &dims);
  if (!message)
    return false;
  emitter->setLoc(condition.key.loc);
  Value asBool = toCondition(value, condition.key.loc);
  if (asBool.isError())
    return false;
  emitter->check(asBool.ir, *message, dims);
  return true;
}

bool Evaluator::check(const Node &conditions, SourceLoc use) {
  if (!conditions.isMapping()) {
    error(conditions.loc, "'check' is a mapping of conditions to messages");
    return false;
  }
  bool ok = true;
  for (const Entry &condition : conditions.entries)
    ok &= checkOne(condition, use);
  return ok;
}
