// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Evaluate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"

#include <cmath>

using namespace rune;

//===-- Names ---------------------------------------------------------------------------------------------------===//

static std::optional<Value> predefined(const Session &session, llvm::StringRef name) {
  if (name == "pi")
    return Value::number(3.141592653589793);
  if (name == "inf")
    return Value::number(HUGE_VAL);
  if (name == "nan")
    return Value::number(NAN);
  if (std::optional<ElementKind> type = session.dtypeNamed(name))
    return Value::dtype(*type);
  return std::nullopt;
}

std::optional<Value> Evaluator::member(Instance &instance, llvm::StringRef name, Scope::Members members) {
  if (members == Scope::NoMembers)
    return std::nullopt;
  if (const Slot *slot = instance.findSlot(name)) {
    if (!slot->tensor)
      return Value::none();
    if (members == Scope::OwnParameters && slot->tensor->kind != MemberTensor::Parameter)
      return std::nullopt;
    if (!emitter)
      return std::nullopt;
    Value value = Value::tensor(emitter->readMember(*slot));
    value.flag = true;
    value.origin = slot->loc;
    return value;
  }
  if (members != Scope::AllMembers)
    return std::nullopt;
  if (const Child *child = instance.findChild(name))
    return Value::module(child->instance);
  return std::nullopt;
}

std::optional<Value> Evaluator::find(const Scope &where, llvm::StringRef name) {
  if (auto it = where.values.find(name); it != where.values.end())
    return it->second;
  if (where.self)
    if (std::optional<Value> value = member(*where.self, name, where.members))
      return value;
  if (where.arguments)
    if (auto it = where.arguments->find(name); it != where.arguments->end())
      return it->second;
  if (name == "training" && where.training) {
    session.askedForTraining = true;
    return Value::boolean(*where.training);
  }
  if (where.outer)
    return find(*where.outer, name);
  return std::nullopt;
}

static void addScopeNames(const Scope &scope, std::vector<llvm::StringRef> &names) {
  for (const auto &entry : scope.values)
    names.push_back(entry.first());
  if (scope.arguments)
    for (const auto &entry : *scope.arguments)
      names.push_back(entry.first());
  if (scope.self && scope.members != Scope::NoMembers) {
    for (const auto &slot : scope.self->slots)
      names.push_back(slot->name);
    for (const Child &child : scope.self->children)
      names.push_back(child.name);
  }
  if (scope.outer)
    addScopeNames(*scope.outer, names);
}

Value Evaluator::undefined(llvm::StringRef name, SourceLoc loc) {
  const Node *state = scope.self && scope.self->decl ? scope.self->decl->find("state") : nullptr;
  if (state && state->find(name)) {
    session.unsupported(loc, "'state' is");
    return Value();
  }
  std::vector<llvm::StringRef> names;
  addScopeNames(scope, names);
  llvm::sort(names);
  llvm::StringRef near = nearestName(name, names);
  return error(loc,
               "undefined name '" + name + "'" + (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
}

Value Evaluator::lookUp(llvm::StringRef name, SourceLoc loc) {
  if (std::optional<Value> value = find(scope, name))
    return *value;
  if (std::optional<Value> value = predefined(session, name))
    return *value;
  return undefined(name, loc);
}

std::optional<std::string> Evaluator::fill(const Expr &templated) {
  std::string text;
  for (size_t i = 0; i < templated.pieces.size(); ++i) {
    text += templated.pieces[i];
    if (i < templated.operands.size()) {
      Value value = evaluate(*templated.operands[i]);
      if (value.isError())
        return std::nullopt;
      text += toStr(value);
    }
  }
  if (text.size() > 1024) {
    error(templated.loc, "this name is too long");
    return std::nullopt;
  }
  return text;
}

//===-- Expressions ---------------------------------------------------------------------------------------------===//

Value Evaluator::evaluate(const Node &node) {
  if (node.isScalar())
    return evaluate(session.spec.expression(node));
  if (node.isSequence()) {
    std::vector<Value> items;
    bool ok = true;
    for (const Node &item : node.items) {
      if (!item.isScalar()) {
        items.push_back(evaluate(item));
        ok &= !items.back().isError();
        continue;
      }
      const Expr *expr = session.spec.expression(item);
      ok &= expr && appendItems(*expr, items);
    }
    return ok ? Value::list(std::move(items)) : Value();
  }
  return error(node.loc, node.isMapping() ? "expected an expression, not a mapping" : "expected an expression");
}

std::optional<std::string> Evaluator::format(const Node &node, std::vector<DimExpr> *dims) {
  const FormatString *parsed = session.spec.format(node);
  if (!parsed)
    return std::nullopt;
  std::string text;
  for (const FormatString::Part &part : parsed->parts) {
    text += part.literal;
    if (!part.value)
      continue;
    Value value = evaluate(*part.value);
    if (value.isError())
      return std::nullopt;
    text += part.repr ? toRepr(value, dims) : toStr(value, dims);
    if (text.size() > 65536) {
      error(node.loc, "this text is too long");
      return std::nullopt;
    }
  }
  return text;
}

Truth Evaluator::truth(const Value &value, SourceLoc loc) {
  auto known = [](bool value) { return value ? Truth::True : Truth::False; };
  switch (value.kind) {
  case Value::Error:
    return Truth::Error;
  case Value::None:
    return Truth::False;
  case Value::Bool:
  case Value::Int:
    return known(value.integerValue != 0);
  case Value::Float:
    return known(value.numberValue != 0);
  case Value::String:
    return known(!value.text.empty());
  case Value::List:
    return known(value.size() != 0);
  case Value::Dim:
    return value.expr->isKnownAtLeast(1) ? Truth::True : Truth::Runtime;
  case Value::Tensor:
    if (value.flag)
      return Truth::True;
    if (rankOf(value.ir) == 0)
      return Truth::Runtime;
    error(loc, "the truth of a tensor of shape " + formatDims(getDims(value.ir)) +
                   " is ambiguous; use 'where', or ask with 'is none' whether it is there");
    return Truth::Error;
  case Value::Scalar:
    return Truth::Runtime;
  default:
    return Truth::True;
  }
}

Truth Evaluator::truth(const Expr *expr) { return expr ? truth(evaluate(*expr), expr->start) : Truth::Error; }

Value Evaluator::unary(const Expr &expr) {
  Value operand = evaluate(*expr.operands[0]);
  if (expr.op == "-")
    return negate(operand, expr.loc);
  if (expr.op == "~")
    return logicalNot(operand, expr.loc);
  if (expr.op == "+")
    return operand;
  switch (truth(operand, expr.operands[0]->start)) {
  case Truth::Error:
    return Value();
  case Truth::True:
    return Value::boolean(false);
  case Truth::False:
    return Value::boolean(true);
  case Truth::Runtime:
    break;
  }
  return logicalNot(toCondition(operand, expr.loc), expr.loc);
}

Value Evaluator::slice(const Expr &expr) {
  Value parts[3] = {Value::none(), Value::none(), Value::none()};
  for (size_t i = 0; i < 3 && i < expr.operands.size(); ++i)
    if (expr.operands[i] && (parts[i] = evaluate(*expr.operands[i])).isError())
      return Value();
  return Value::slice(parts[0], parts[1], parts[2]);
}

/// Reports a tensor too large to count that came up on the way to a value.
Value Evaluator::checkSize(Value value, SourceLoc loc) {
  if (!emitter || !emitter->overflowed)
    return value;
  error(loc, "the element count of shape " + *emitter->overflowed + " overflows");
  emitter->overflowed.reset();
  return Value();
}

Value Evaluator::evaluate(const Expr &expr) {
  if (!session.spend(expr.loc))
    return Value();
  if (emitter)
    emitter->setLoc(expr.loc);
  switch (expr.kind) {
  case Expr::None:
    return Value::none();
  case Expr::True:
    return Value::boolean(true);
  case Expr::False:
    return Value::boolean(false);
  case Expr::Integer:
    return Value::integer(expr.integer);
  case Expr::Float:
    return Value::number(expr.number);
  case Expr::String:
    return Value::string(expr.text);
  case Expr::Ellipsis:
    return Value::ellipsis();
  case Expr::Name:
    return lookUp(expr.text, expr.loc);
  case Expr::Template: {
    std::optional<std::string> name = fill(expr);
    return name ? lookUp(*name, expr.loc) : Value();
  }
  case Expr::List:
  case Expr::Tuple:
    return list(expr);
  case Expr::Starred:
    return error(expr.loc, "'*' stands in lists and calls only");
  case Expr::Comprehension:
    return comprehension(expr);
  case Expr::Unary:
    return unary(expr);
  case Expr::Binary: {
    Value lhs = evaluate(*expr.operands[0]), rhs = evaluate(*expr.operands[1]);
    return checkSize(expr.op == "@" ? matmul(lhs, rhs, expr.loc) : binary(expr.op, lhs, rhs, expr.loc), expr.loc);
  }
  case Expr::Compare:
    return comparison(expr);
  case Expr::And:
  case Expr::Or:
    return logical(expr);
  case Expr::Conditional:
    return conditional(expr);
  case Expr::Call:
    return checkSize(call(expr), expr.loc);
  case Expr::Subscript:
    return checkSize(subscript(expr), expr.loc);
  case Expr::Slice:
    return slice(expr);
  case Expr::Attribute:
    return attribute(expr);
  }
  return Value();
}

bool Evaluator::appendItems(const Expr &expr, std::vector<Value> &items, std::vector<SourceLoc> *locs) {
  Value value = evaluate(expr.kind == Expr::Starred ? *expr.operands[0] : expr);
  if (value.isError())
    return false;
  size_t before = items.size();
  if (expr.kind == Expr::Starred) {
    std::optional<std::vector<Value>> inner = iterate(value, expr.loc);
    if (!inner)
      return false;
    items.insert(items.end(), inner->begin(), inner->end());
  } else {
    items.push_back(std::move(value));
  }
  if (locs)
    locs->resize(locs->size() + items.size() - before, expr.start);
  return session.spend(expr.loc, items.size() - before);
}

Value Evaluator::list(const Expr &expr) {
  std::vector<Value> items;
  bool ok = true;
  for (const ExprPtr &item : expr.operands)
    ok &= appendItems(*item, items);
  return ok ? Value::list(std::move(items)) : Value();
}

std::optional<std::vector<Value>> Evaluator::iterate(const Value &value, SourceLoc loc) {
  if (value.kind == Value::List)
    return value.asList();
  std::vector<Value> items;
  if (value.kind == Value::Module && value.instance->kind != Instance::Plain) {
    for (const Child &child : value.instance->children)
      items.push_back(Value::module(child.instance));
    return items;
  }
  if (value.isTensor() && rankOf(value.ir) > 0) {
    DimExpr size = getDims(value.ir)[0];
    if (!size.isConstant()) {
      error(loc, "cannot walk a dimension whose size, " + size.str() + ", is known at run time only");
      return std::nullopt;
    }
    for (int64_t i = 0; i < size.getConstant(); ++i) {
      if (!session.spend(loc))
        return std::nullopt;
      items.push_back(subscript(value, Value::integer(i), loc, loc));
    }
    return items;
  }
  if (!value.isError())
    error(loc, "expected a list, got " + describe(value));
  return std::nullopt;
}

bool Evaluator::bindNames(llvm::ArrayRef<std::string> names, const Value &value, SourceLoc loc) {
  if (names.size() == 1) {
    scope.values[names[0]] = value;
    return true;
  }
  std::optional<std::vector<Value>> items = iterate(value, loc);
  if (items && items->size() != names.size()) {
    error(loc, "cannot give " + llvm::Twine(items->size()) + " values to " + llvm::Twine(names.size()) + " names");
    items.reset();
  }
  for (auto [i, name] : llvm::enumerate(names))
    scope.values[name] = items ? (*items)[i] : Value();
  return items.has_value();
}

Value Evaluator::comprehension(const Expr &expr) {
  Value over = evaluate(*expr.operands[1]);
  std::optional<std::vector<Value>> items = iterate(over, expr.operands[1]->start);
  if (!items)
    return Value();
  // The names of a comprehension are its own.
  std::vector<std::pair<std::string, std::optional<Value>>> saved;
  for (const std::string &name : expr.names) {
    auto it = scope.values.find(name);
    saved.push_back({name, it == scope.values.end() ? std::nullopt : std::optional(it->second)});
  }
  llvm::scope_exit restore([&] {
    for (auto &[name, value] : saved) {
      if (value)
        scope.values[name] = *value;
      else
        scope.values.erase(name);
    }
  });
  std::vector<Value> results;
  bool failed = false;
  for (const Value &item : *items) {
    comprehend(expr, item, results, failed);
    if (failed)
      return Value();
  }
  return Value::list(std::move(results));
}

void Evaluator::comprehend(const Expr &expr, const Value &item, std::vector<Value> &results, bool &failed) {
  failed = !session.spend(expr.loc) || !bindNames(expr.names, item, expr.loc);
  if (failed)
    return;
  if (expr.operands.size() > 2 && expr.operands[2]) {
    Truth truthOf = truth(expr.operands[2].get());
    if (truthOf == Truth::Runtime)
      error(expr.operands[2]->start, "the condition of a comprehension must be known at compile time");
    failed = truthOf == Truth::Runtime || truthOf == Truth::Error;
    if (truthOf != Truth::True)
      return;
  }
  results.push_back(evaluate(*expr.operands[0]));
  failed = results.back().isError();
}

/// Whether `lhs is rhs`.
static bool identical(const Value &lhs, const Value &rhs) {
  if (lhs.isNone() || rhs.isNone())
    return lhs.kind == rhs.kind;
  return lhs.kind == rhs.kind && !lhs.isRuntime() && equalValues(lhs, rhs) == true;
}

Value Evaluator::comparison(const Expr &expr) {
  Value result;
  Value lhs = evaluate(*expr.operands[0]);
  for (size_t i = 0; i < expr.ops.size(); ++i) {
    Value rhs = evaluate(*expr.operands[i + 1]);
    if (lhs.isError() || rhs.isError())
      return Value();
    llvm::StringRef op = expr.ops[i];
    SourceLoc loc = i < expr.opLocs.size() ? expr.opLocs[i] : expr.loc;
    Value one;
    if (op == "is" || op == "is not") {
      one = Value::boolean(identical(lhs, rhs) == (op == "is"));
    } else if (op == "in" || op == "not in") {
      if (rhs.kind != Value::List)
        return error(loc, "'in' needs a list, not " + describe(rhs));
      bool found = llvm::any_of(rhs.asList(), [&](const Value &item) { return equalValues(lhs, item) == true; });
      one = Value::boolean(found == (op == "in"));
    } else {
      one = compare(op, lhs, rhs, loc);
    }
    if (one.isError())
      return one;
    if (i == 0)
      result = one;
    else if (one.isRuntime() || result.isRuntime())
      result = binary("&", result, one, loc);
    else
      result = truth(result, loc) == Truth::False ? result : one;
    if (!result.isRuntime() && truth(result, loc) != Truth::True)
      return result;
    lhs = rhs;
  }
  return result;
}

Value Evaluator::logical(const Expr &expr) {
  bool isAnd = expr.kind == Expr::And;
  std::optional<Value> runtime;
  Value last;
  for (const ExprPtr &operand : expr.operands) {
    last = evaluate(*operand);
    switch (truth(last, operand->start)) {
    case Truth::Error:
      return Value();
    case Truth::Runtime: {
      Value asBool = toCondition(last, operand->start);
      if (asBool.isError())
        return asBool;
      runtime = runtime ? binary(isAnd ? "&" : "|", *runtime, asBool, expr.loc) : asBool;
      if (runtime->isError())
        return *runtime;
      break;
    }
    case Truth::False:
      if (isAnd)
        return last;
      break;
    case Truth::True:
      if (!isAnd)
        return last;
      break;
    }
  }
  return runtime ? *runtime : last;
}

Value Evaluator::conditional(const Expr &expr) {
  Value condition = evaluate(*expr.operands[0]);
  switch (truth(condition, expr.operands[0]->start)) {
  case Truth::Error:
    return Value();
  case Truth::True:
    return evaluate(*expr.operands[1]);
  case Truth::False:
    return evaluate(*expr.operands[2]);
  case Truth::Runtime:
    break;
  }
  Value asBool = toCondition(condition, expr.loc);
  Value lhs = evaluate(*expr.operands[1]), rhs = evaluate(*expr.operands[2]);
  if (asBool.isError() || lhs.isError() || rhs.isError())
    return Value();
  return choose(asBool.ir, lhs, rhs, expr.loc);
}

std::optional<std::string> Evaluator::attributeName(const Expr &expr) {
  return expr.text.empty() && expr.operands.size() > 1 ? fill(*expr.operands[1]) : std::optional(expr.text);
}

Value Evaluator::attribute(const Expr &expr) {
  Value object = evaluate(*expr.operands[0]);
  if (object.isError())
    return object;
  std::optional<std::string> named = attributeName(expr);
  if (!named)
    return Value();
  llvm::StringRef name = *named;
  if (object.kind == Value::Module) {
    if (std::optional<Value> value = member(*object.instance, name, Scope::AllMembers))
      return *value;
    if (auto it = object.instance->values.find(name); it != object.instance->values.end())
      return it->second;
    return error(expr.loc, "'" + object.instance->typeName + "' has no member '" + name + "'");
  }
  if (object.isRuntime()) {
    if (emitter)
      emitter->setLoc(expr.loc);
    Dims dims = getDims(object.ir);
    int64_t rank = dims.size();
    if (name == "shape")
      return Value::shape(dims);
    if (name == "ndim")
      return Value::integer(rank);
    if (name == "dtype")
      return Value::dtype(dtypeOf(object.ir));
    llvm::SmallVector<int64_t> permutation = allDims(rank);
    if (name == "T")
      std::reverse(permutation.begin(), permutation.end());
    else if (name == "mT" && rank >= 2)
      std::swap(permutation[rank - 1], permutation[rank - 2]);
    else if (name == "mT")
      return error(expr.loc, "'.mT' needs a tensor of 2 dimensions or more, not " + llvm::Twine(rank));
    else
      return error(expr.loc, "a tensor has no attribute '" + name + "'");
    return Value::tensor(emitter->transpose(object.ir, permutation));
  }
  return error(expr.loc, describe(object) + " has no attribute '" + name + "'");
}

Value Evaluator::subscript(const Expr &expr) {
  Value base = evaluate(*expr.operands[0]);
  std::vector<Value> indices;
  std::vector<SourceLoc> locs;
  bool ok = true;
  for (size_t i = 1; i < expr.operands.size(); ++i) {
    const Expr &index = *expr.operands[i];
    if (index.kind == Expr::Tuple) {
      for (const ExprPtr &item : index.operands)
        ok &= appendItems(*item, indices, &locs);
    } else {
      ok &= appendItems(index, indices, &locs);
    }
  }
  if (!ok || base.isError())
    return Value();
  if (emitter)
    emitter->setLoc(expr.loc);
  return subscript(base, indices, locs, expr.loc);
}
