// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How members get their first values: the schemes of torch.nn.init, or expressions.

#include "Frontend/Instantiate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace rune;

namespace {
struct SchemeArgument {
  enum Kind { Number, Count, Mode, Nonlinearity } kind;
  const char *name;
  double number;
  const char *word = "";
};
struct InitScheme {
  const char *name;
  std::vector<SchemeArgument> arguments;
  int minRank = 0, maxRank = 16;
};
} // namespace

static const std::vector<InitScheme> &schemes() {
  using A = SchemeArgument;
  static const std::vector<A> kaiming = {
      {A::Number, "a", 0}, {A::Mode, "mode", 0, "fan_in"}, {A::Nonlinearity, "nonlinearity", 0, "leaky_relu"}};
  static const std::vector<InitScheme> all = {
      {"uniform", {{A::Number, "a", 0}, {A::Number, "b", 1}}},
      {"normal", {{A::Number, "mean", 0}, {A::Number, "std", 1}}},
      {"constant", {{A::Number, "val", NAN}}},
      {"zeros", {}},
      {"ones", {}},
      {"empty", {}},
      {"eye", {}, 2, 2},
      {"dirac", {{A::Count, "groups", 1}}, 3, 5},
      {"xavier_uniform", {{A::Number, "gain", 1}}, 2},
      {"xavier_normal", {{A::Number, "gain", 1}}, 2},
      {"kaiming_uniform", kaiming, 2},
      {"kaiming_normal", kaiming, 2},
      {"trunc_normal", {{A::Number, "mean", 0}, {A::Number, "std", 1}, {A::Number, "a", -2}, {A::Number, "b", 2}}},
      {"orthogonal", {{A::Number, "gain", 1}}, 2},
      {"sparse", {{A::Number, "sparsity", NAN}, {A::Number, "std", 0.01}}, 2, 2},
  };
  return all;
}

static const InitScheme *findScheme(llvm::StringRef name) {
  for (const InitScheme &scheme : schemes())
    if (scheme.name == name)
      return &scheme;
  return nullptr;
}

bool rune::isInitScheme(llvm::StringRef name) { return findScheme(name) != nullptr; }

/// `*` and `?` and `[…]`, each over any characters, dots too.
bool rune::matchesPattern(llvm::StringRef text, llvm::StringRef pattern) {
  size_t i = 0, j = 0, star = llvm::StringRef::npos, mark = 0;
  auto matchOne = [&](size_t &at, char c) {
    if (pattern[at] == '?')
      return ++at, true;
    size_t close = pattern[at] == '[' ? pattern.find(']', at + 2) : llvm::StringRef::npos;
    if (close == llvm::StringRef::npos)
      return pattern[at] == c ? (++at, true) : false;
    llvm::StringRef set = pattern.slice(at + 1, close);
    bool negate = set.consume_front("!"), found = false;
    for (size_t k = 0; k < set.size(); ++k) {
      if (k + 2 < set.size() && set[k + 1] == '-') {
        found |= set[k] <= c && c <= set[k + 2];
        k += 2;
      } else {
        found |= set[k] == c;
      }
    }
    at = close + 1;
    return found != negate;
  };
  while (i < text.size()) {
    if (j < pattern.size() && pattern[j] == '*') {
      star = ++j;
      mark = i;
      continue;
    }
    size_t next = j;
    if (j < pattern.size() && matchOne(next, text[i])) {
      j = next;
      ++i;
      continue;
    }
    if (star == llvm::StringRef::npos)
      return false;
    j = star;
    i = ++mark;
  }
  while (j < pattern.size() && pattern[j] == '*')
    ++j;
  return j == pattern.size();
}

static std::optional<Value> convert(Session &session, const SchemeArgument &argument, const Value &value,
                                    SourceLoc loc) {
  static const llvm::StringRef modes[] = {"fan_in", "fan_out"};
  static const llvm::StringRef nonlinearities[] = {
      "linear",           "conv1d",  "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
      "conv_transpose3d", "sigmoid", "tanh",   "relu",   "leaky_relu",       "selu"};
  auto fail = [&](const llvm::Twine &expected) -> std::optional<Value> {
    session.error(loc, "expected " + expected + " for '" + argument.name + "', got " + describe(value));
    return std::nullopt;
  };
  switch (argument.kind) {
  case SchemeArgument::Number:
    return value.isNumber() ? std::optional(Value::number(value.asNumber())) : fail("a number");
  case SchemeArgument::Count:
    return value.kind == Value::Int && value.integerValue > 0 ? std::optional(value) : fail("a positive integer");
  case SchemeArgument::Mode:
    return llvm::is_contained(modes, value.text) ? std::optional(value) : fail("'fan_in' or 'fan_out'");
  case SchemeArgument::Nonlinearity:
    return llvm::is_contained(nonlinearities, value.text)
               ? std::optional(value)
               : fail("a nonlinearity: linear, conv2d, sigmoid, tanh, relu, leaky_relu, selu");
  }
  return std::nullopt;
}

bool Instantiator::schemeStep(InitStep &step, const Expr *call, llvm::StringRef name, Scope &scope) {
  const InitScheme &scheme = *findScheme(name);
  step.kind = InitStep::Scheme;
  step.scheme = name.str();
  std::vector<std::optional<Value>> values(scheme.arguments.size());
  Evaluator evaluator(session, scope);
  auto give = [&](size_t i, const Expr &expr) {
    Value value = evaluator.evaluate(expr);
    if (value.isError())
      return false;
    values[i] = convert(session, scheme.arguments[i], value, expr.start);
    return values[i].has_value();
  };
  for (size_t i = 1; call && i < call->operands.size(); ++i) {
    if (i > values.size()) {
      session.error(call->operands[i]->start, "'" + name + "' takes " + llvm::Twine(values.size()) + " arguments");
      return false;
    }
    if (!give(i - 1, *call->operands[i]))
      return false;
  }
  if (call)
    for (const Keyword &keyword : call->keywords) {
      auto it = llvm::find_if(scheme.arguments,
                              [&](const SchemeArgument &argument) { return argument.name == keyword.name; });
      if (it == scheme.arguments.end()) {
        session.error(keyword.loc, "'" + name + "' has no argument '" + keyword.name + "'");
        return false;
      }
      if (!give(it - scheme.arguments.begin(), *keyword.value))
        return false;
    }
  for (auto [argument, value] : llvm::zip(scheme.arguments, values)) {
    if (!value && std::isnan(argument.number)) {
      session.error(step.loc, "'" + name + "' needs an argument '" + argument.name + "'");
      return false;
    }
    if (!value)
      value = argument.kind == SchemeArgument::Number  ? Value::number(argument.number)
              : argument.kind == SchemeArgument::Count ? Value::integer(static_cast<int64_t>(argument.number))
                                                       : Value::string(argument.word);
    step.args.push_back({argument.name, *value});
  }
  return checkScheme(step, name, step.loc);
}

bool Instantiator::checkScheme(const InitStep &step, llvm::StringRef name, SourceLoc loc) {
  const InitScheme &scheme = *findScheme(name);
  const MemberTensor &tensor = *step.target;
  int rank = tensor.shape.size();
  Dims dims(tensor.shape.begin(), tensor.shape.end());
  if (rank < scheme.minRank || rank > scheme.maxRank) {
    session.error(loc, "'" + name + "' needs a tensor of " + llvm::Twine(scheme.minRank) +
                           (scheme.maxRank == scheme.minRank ? ""
                            : scheme.maxRank == 16           ? " or more"
                                                             : " to 5") +
                           " dimensions, this one has shape " + formatDims(dims));
    return false;
  }
  auto number = [&](llvm::StringRef key) {
    for (const auto &[argument, value] : step.args)
      if (argument == key)
        return value.asNumber();
    return 0.0;
  };
  auto fail = [&](const llvm::Twine &message) {
    session.error(loc, message);
    return false;
  };
  bool random =
      name != "zeros" && name != "ones" && name != "empty" && name != "constant" && name != "eye" && name != "dirac";
  if (random && !isFloat(tensor.dtype))
    return fail("'" + name + "' needs a floating dtype, this tensor is " + dtypeName(tensor.dtype));
  if (name == "uniform" && number("a") > number("b"))
    return fail("uniform expects a <= b, got a = " + numberRepr(number("a")) + ", b = " + numberRepr(number("b")));
  if ((name == "normal" || name == "trunc_normal" || name == "sparse") && !(number("std") >= 0))
    return fail("normal expects std >= 0.0, but found std " + numberRepr(number("std")));
  if (name == "trunc_normal" && number("a") > number("b"))
    return fail("trunc_normal expects a <= b");
  if (name == "sparse" && !(number("sparsity") >= 0 && number("sparsity") <= 1))
    return fail("sparsity has to be between 0 and 1");
  for (const auto &[argument, value] : step.args)
    if (value.kind == Value::Float && std::isnan(value.numberValue))
      return fail("'" + argument + "' is not a number");
  if (name == "dirac" && tensor.shape[0] % static_cast<int64_t>(number("groups")) != 0)
    return fail("dim 0 must be divisible by groups");
  return true;
}

bool Instantiator::initialise(Instance &instance, MemberTensor &tensor, const Node &init, Scope &scope,
                              bool seesParameters) {
  InitStep step;
  step.target = &tensor;
  step.loc = init.loc;
  const Expr *expr = nullptr;
  if (init.isScalar()) {
    if (isInitScheme(init.text)) {
      bool ok = schemeStep(step, nullptr, init.text, scope);
      if (ok)
        tree.steps.push_back(std::move(step));
      return ok;
    }
    expr = spec.expression(init);
    if (!expr)
      return false;
    if (expr->kind == Expr::Call && expr->operands[0]->kind == Expr::Name && isInitScheme(expr->operands[0]->text)) {
      bool ok = schemeStep(step, expr, expr->operands[0]->text, scope);
      if (ok)
        tree.steps.push_back(std::move(step));
      return ok;
    }
    Evaluator evaluator(session, scope);
    // A lone word that nothing defines is most likely a misspelt scheme.
    bool isName = expr->kind == Expr::Name || (expr->kind == Expr::Call && expr->operands[0]->kind == Expr::Name);
    const std::string &word = expr->kind == Expr::Call ? expr->operands[0]->text : expr->text;
    bool known = expr->kind == Expr::Call ? spec.hasFunction(word) || isBuiltinFunction(word)
                                          : scope.values.count(word) || instance.values.count(word) ||
                                                (seesParameters && instance.findSlot(word));
    if (isName && !known && word != "inf" && word != "pi" && word != "nan") {
      std::vector<llvm::StringRef> names;
      for (const InitScheme &scheme : schemes())
        names.push_back(scheme.name);
      llvm::StringRef near = nearestName(word, names);
      session.error(init.loc, "unknown initialiser '" + llvm::Twine(word) + "'" +
                                  (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      return false;
    }
  }
  step.kind = InitStep::Expression;
  step.expression = &init;
  step.instance = &instance;
  step.seesParameters = seesParameters;
  step.arguments = std::make_shared<llvm::StringMap<Value>>();
  for (const Scope *where = scope.outer; where; where = where->outer) {
    for (const auto &entry : where->values)
      step.arguments->try_emplace(entry.first(), entry.second);
    if (where->arguments)
      for (const auto &entry : *where->arguments)
        step.arguments->try_emplace(entry.first(), entry.second);
  }
  for (const auto &entry : instance.values)
    (*step.arguments)[entry.first()] = entry.second;
  for (const auto &entry : scope.values)
    (*step.arguments)[entry.first()] = entry.second;
  tree.steps.push_back(std::move(step));
  return true;
}
