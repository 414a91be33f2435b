// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments against their types, tensors against shape patterns.

#include "Frontend/Inputs.h"
#include "Frontend/Evaluate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace rune;

//===-- Types ---------------------------------------------------------------------------------------------------===//

static bool fitsBase(ArgumentType::Alternative::Base base, const Value &value) {
  switch (base) {
  case ArgumentType::Alternative::Int:
    return value.kind == Value::Int || value.kind == Value::Dim;
  case ArgumentType::Alternative::Float:
    return value.kind == Value::Int || value.kind == Value::Float || value.kind == Value::Dim ||
           value.kind == Value::Scalar;
  case ArgumentType::Alternative::Bool:
    return value.kind == Value::Bool;
  case ArgumentType::Alternative::None:
    return value.isNone();
  case ArgumentType::Alternative::Module:
  case ArgumentType::Alternative::Modules:
    return value.kind == Value::Module;
  }
  return false;
}

static std::optional<Value> fit(const ArgumentType::Alternative &alternative, const Value &value) {
  if (alternative.count == 0)
    return fitsBase(alternative.base, value) ? std::optional(value) : std::nullopt;
  if (value.kind == Value::List) {
    bool all = llvm::all_of(value.asList(), [&](const Value &item) { return fitsBase(alternative.base, item); });
    bool size = alternative.count < 0 || value.size() == static_cast<size_t>(alternative.count);
    return all && size ? std::optional(value) : std::nullopt;
  }
  if (!fitsBase(alternative.base, value))
    return std::nullopt;
  return Value::list(std::vector<Value>(std::max(alternative.count, 1), value));
}

static std::string expectation(const ArgumentType &type) {
  if (type.alternatives.size() == 1 && type.words.empty() && type.alternatives[0].count == 0)
    switch (type.alternatives[0].base) {
    case ArgumentType::Alternative::Int:
      return "expected integer";
    case ArgumentType::Alternative::Float:
      return "expected a number";
    case ArgumentType::Alternative::Bool:
      return "expected true or false";
    default:
      break;
    }
  return "expected " + type.text;
}

Value Evaluator::convertArgument(const ArgumentType &type, llvm::StringRef name, const Value &value, SourceLoc loc,
                                 SourceLoc declared) {
  if (value.isError())
    return value;
  if (value.kind == Value::String && llvm::is_contained(type.words, value.text))
    return value;
  for (const ArgumentType::Alternative &alternative : type.alternatives)
    if (std::optional<Value> converted = fit(alternative, value))
      return *converted;
  return error(loc, expectation(type) + " for '" + name + "', got " + describe(value), {{declared, "declared here"}});
}

bool rune::isLooseBool(llvm::StringRef text) {
  static const llvm::StringRef loose[] = {"yes", "no", "on", "off", "y", "n"};
  return llvm::is_contained(loose, text.lower());
}

Value rune::argumentFromNode(Evaluator &evaluator, const ArgumentType &type, llvm::StringRef name, const Node &node,
                             SourceLoc declared) {
  if (node.isScalar() && llvm::is_contained(type.words, node.text))
    return Value::string(node.text);
  bool takesBool = llvm::any_of(type.alternatives, [](const ArgumentType::Alternative &alternative) {
    return alternative.base == ArgumentType::Alternative::Bool;
  });
  if (node.isScalar() && !node.quoted && isLooseBool(node.text) && (takesBool || !type.words.empty()))
    return evaluator.error(node.loc, (takesBool ? "expected true or false" : expectation(type)) + " for '" + name +
                                         "', got '" + node.text + "'");
  if (node.kind == Node::Null)
    return evaluator.error(node.loc ? node.loc : declared, expectation(type) + " for '" + name + "', got nothing");
  if (node.isMapping())
    return evaluator.error(node.loc, expectation(type) + " for '" + name + "', got a mapping");
  if (node.isScalar() && node.quoted)
    if (const Expr *expr = evaluator.session.spec.expression(node);
        expr && (expr->kind == Expr::Integer || expr->kind == Expr::Float))
      return evaluator.error(node.loc,
                             expectation(type) + " for '" + name + "', got a quoted number; take the quotes " + "away");
  if (node.isScalar() && !type.words.empty()) {
    // A text that is no word of the list and no expression either is most likely a misspelt word.
    const Expr *expr = evaluator.session.spec.expression(node);
    std::vector<llvm::StringRef> words(type.words.begin(), type.words.end());
    llvm::StringRef near = nearestName(node.text, words);
    if (expr && expr->kind == Expr::Name && !near.empty())
      return evaluator.error(node.loc, expectation(type) + " for '" + name + "', got '" + node.text +
                                           "' (did you mean '" + near + "'?)");
  }
  return evaluator.convertArgument(type, name, evaluator.evaluate(node), node.loc, declared);
}

//===-- Shapes --------------------------------------------------------------------------------------------------===//

static bool isNonNegative(const DimExpr &size) { return !size.isConstant() || size.getConstant() >= 0; }

std::optional<Dims> Evaluator::shape(const Node &node) {
  const ShapePattern *pattern = session.spec.shape(node);
  if (!pattern)
    return std::nullopt;
  std::vector<std::pair<Value, SourceLoc>> sizes;
  auto addAll = [&](const Value &value, SourceLoc loc) {
    if (value.kind == Value::List)
      for (const Value &item : value.asList())
        sizes.push_back({item, loc});
    else if (!value.isError())
      error(loc, "expected a list of sizes, got " + describe(value));
    return value.kind == Value::List;
  };
  if (pattern->whole) {
    if (!addAll(evaluate(*pattern->whole), pattern->loc))
      return std::nullopt;
  }
  for (const PatternItem &item : pattern->items) {
    if (item.kind == PatternItem::Rest) {
      error(item.loc, "'...' stands in the shapes of inputs only");
      return std::nullopt;
    }
    Value value = evaluate(*item.expr);
    if (value.isError() || (item.kind == PatternItem::Splice && !addAll(value, item.loc)))
      return std::nullopt;
    if (item.kind == PatternItem::Size)
      sizes.push_back({value, item.loc});
  }
  Dims dims;
  for (const auto &[size, loc] : sizes) {
    if (size.kind != Value::Int && size.kind != Value::Dim) {
      error(loc, "expected integer as a size, got " + describe(size));
      return std::nullopt;
    }
    if (!isNonNegative(size.asDim())) {
      error(loc, "a dimension cannot be negative: " + toStr(size));
      return std::nullopt;
    }
    dims.push_back(size.asDim());
  }
  if (dims.size() > 16) {
    error(node.loc, "a tensor has 16 dimensions at most, not " + llvm::Twine(dims.size()));
    return std::nullopt;
  }
  return dims;
}

static std::string patternText(const ShapePattern &pattern, Evaluator &evaluator) {
  std::string text = "[";
  for (const auto &[i, item] : llvm::enumerate(pattern.items)) {
    text += i ? ", " : "";
    if (item.kind == PatternItem::Rest) {
      text += "...";
      continue;
    }
    if (item.expr->kind == Expr::Name && !evaluator.scope.values.count(item.expr->text) &&
        !(evaluator.scope.arguments && evaluator.scope.arguments->count(item.expr->text))) {
      text += item.expr->text;
      continue;
    }
    Value value = evaluator.evaluate(*item.expr);
    text += item.kind == PatternItem::Splice ? "*" + toStr(value) : toStr(value);
  }
  return text + "]";
}

bool Evaluator::matchPattern(const InputDecl &input, const ShapePattern &pattern, const Value &tensor, SourceLoc use) {
  Dims dims = getDims(tensor.ir);
  std::vector<std::pair<const PatternItem *, Value>> before, after; // a splice's items carry their value
  bool rest = false;
  for (const PatternItem &item : pattern.items) {
    auto &into = rest ? after : before;
    if (item.kind == PatternItem::Rest) {
      rest = true;
    } else if (item.kind == PatternItem::Size) {
      into.push_back({&item, Value()});
    } else {
      Value list = evaluate(*item.expr);
      if (list.isError())
        return false;
      if (list.kind != Value::List)
        return error(item.loc, "expected a list after '*', got " + describe(list)), false;
      for (const Value &size : list.asList())
        into.push_back({&item, size});
    }
  }
  // The text is made before the new names are bound.
  std::string expected = pattern.whole ? "" : patternText(pattern, *this);
  auto mismatch = [&](const llvm::Twine &detail) {
    error(use, "expected shape " + expected + " for '" + input.name + "', got " + formatDims(dims) + detail,
          {{pattern.loc, "the shape is declared here"}, {tensor.origin, "the tensor is from here"}});
    return false;
  };
  size_t count = before.size() + after.size();
  if (rest ? dims.size() < count : dims.size() != count)
    return mismatch("");
  auto matchOne = [&](const std::pair<const PatternItem *, Value> &item, const DimExpr &size) {
    const Expr &expr = *item.first->expr;
    Value wanted = item.second;
    if (wanted.isError()) {
      if (expr.kind == Expr::Name && !find(scope, expr.text)) {
        scope.values[expr.text] = Value::dim(size);
        return true;
      }
      wanted = evaluate(expr);
      if (wanted.isError())
        return false;
    }
    if (!wanted.isSize())
      return error(item.first->loc, "expected integer as a size, got " + describe(wanted)), false;
    return wanted.asDim() == size || mismatch("");
  };
  for (auto [i, item] : llvm::enumerate(before))
    if (!matchOne(item, dims[i]))
      return false;
  for (auto [i, item] : llvm::enumerate(after))
    if (!matchOne(item, dims[dims.size() - after.size() + i]))
      return false;
  return true;
}

//===-- Inputs --------------------------------------------------------------------------------------------------===//

static bool checkDType(Evaluator &evaluator, const InputDecl &input, const Value &value, SourceLoc use) {
  if (!input.dtype || !value.isTensor())
    return true;
  std::optional<ElementKind> wanted = evaluator.session.dtypeNamed(*input.dtype);
  if (!wanted || dtypeOf(value.ir) == *wanted)
    return true;
  evaluator.error(
      use, "expected dtype " + dtypeName(*wanted) + " for '" + input.name + "', got " + dtypeName(dtypeOf(value.ir)),
      {{input.loc, "the input is declared here"}, {value.origin, "the tensor is from here"}});
  return false;
}

static bool bindOne(Evaluator &evaluator, const InputDecl &input, Value value, SourceLoc loc) {
  if (value.isError())
    return false;
  if (input.isTensor) {
    if (!value.isTensor() && value.kind != Value::Scalar && !value.isNumber() && !value.isNone() &&
        value.kind != Value::Dim && value.kind != Value::List && value.kind != Value::Module) {
      evaluator.error(loc, "expected a tensor for '" + input.name + "', got " + describe(value),
                      {{input.loc, "the input is declared here"}});
      return false;
    }
    if (!checkDType(evaluator, input, value, loc))
      return false;
  } else {
    value = evaluator.convertArgument(input.type, input.name, value, loc, input.loc);
    if (value.isError())
      return false;
  }
  if (value.isTensor() && !value.origin)
    value.origin = input.loc;
  evaluator.scope.values[input.name] = value;
  return true;
}

static bool reportExtra(Evaluator &evaluator, const std::vector<InputDecl> &inputs, const GivenArguments &given,
                        llvm::StringRef name, SourceLoc use) {
  if (given.positional.size() > inputs.size()) {
    evaluator.error(use, "'" + name + "' takes " + llvm::Twine(inputs.size()) +
                             (inputs.size() == 1 ? " input, got " : " inputs, got ") +
                             llvm::Twine(given.positional.size()));
    return false;
  }
  std::vector<llvm::StringRef> names;
  for (const InputDecl &input : inputs)
    names.push_back(input.name);
  for (auto [i, named] : llvm::enumerate(given.named)) {
    auto it = llvm::find(names, llvm::StringRef(named.first));
    SourceLoc loc = i < given.namedLocs.size() ? given.namedLocs[i] : use;
    if (it == names.end()) {
      llvm::StringRef near = nearestName(named.first, names);
      evaluator.error(loc, "'" + name + "' has no input '" + named.first + "'" +
                               (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      return false;
    }
    if (static_cast<size_t>(it - names.begin()) < given.positional.size()) {
      evaluator.error(loc, "input '" + llvm::Twine(named.first) + "' is given twice");
      return false;
    }
  }
  return true;
}

bool Evaluator::bindInputs(const std::vector<InputDecl> &inputs, const GivenArguments &given, llvm::StringRef name,
                           SourceLoc use) {
  if (!reportExtra(*this, inputs, given, name, use))
    return false;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    Value value;
    SourceLoc loc = use;
    if (i < given.positional.size()) {
      value = given.positional[i];
      loc = i < given.locs.size() ? given.locs[i] : use;
    } else {
      auto it = llvm::find_if(given.named, [&](const auto &named) { return named.first == input.name; });
      if (it != given.named.end()) {
        value = it->second;
      } else if (!input.defaultValue) {
        error(use, "'" + name + "' needs an input '" + input.name + "'", {{input.loc, "declared here"}});
        return false;
      } else {
        value = input.isTensor ? evaluate(*input.defaultValue)
                               : argumentFromNode(*this, input.type, input.name, *input.defaultValue, input.loc);
      }
    }
    if (!bindOne(*this, input, value, loc))
      return false;
  }
  for (auto [i, input] : llvm::enumerate(inputs)) {
    const Value value = scope.values[input.name];
    SourceLoc loc = i < given.locs.size() ? given.locs[i] : use;
    if (input.pattern && value.isTensor() && !matchPattern(input, *input.pattern, value, loc))
      return false;
  }
  return true;
}
