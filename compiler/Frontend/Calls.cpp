// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands before a `(`: a submodule, a function of the module, of the file or of the library, or a builtin.

#include "Frontend/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

static constexpr size_t maxDepth = 100;

std::optional<GivenArguments> Evaluator::arguments(const Expr &expr) {
  GivenArguments given;
  bool ok = true;
  for (size_t i = 1; i < expr.operands.size(); ++i)
    ok &= appendItems(*expr.operands[i], given.positional, &given.locs);
  for (const Keyword &keyword : expr.keywords) {
    given.named.push_back({keyword.name, evaluate(*keyword.value)});
    given.namedLocs.push_back(keyword.value->start);
    ok &= !given.named.back().second.isError();
  }
  if (!ok)
    return std::nullopt;
  return given;
}

Value Evaluator::call(const Expr &expr) {
  const Expr &callee = *expr.operands[0];
  if (callee.kind == Expr::Name)
    return callNamed(callee.text, expr);
  if (callee.kind == Expr::Template) {
    std::optional<std::string> name = fill(callee);
    return name ? callNamed(*name, expr) : Value();
  }
  if (callee.kind == Expr::Attribute) {
    Value object = evaluate(*callee.operands[0]);
    return object.isError() ? object : callMethod(object, expr);
  }
  Value module = evaluate(callee);
  if (module.isError())
    return module;
  std::optional<GivenArguments> given = arguments(expr);
  return given ? callModule(module, *given, expr.loc) : Value();
}

Value Evaluator::callNamed(llvm::StringRef name, const Expr &expr) {
  std::optional<Value> module;
  if (auto it = scope.values.find(name); it != scope.values.end() && it->second.kind == Value::Module)
    module = it->second;
  else if (scope.self && scope.members == Scope::AllMembers)
    if (const Child *child = scope.self->findChild(name))
      module = Value::module(child->instance);
  std::optional<GivenArguments> given = arguments(expr);
  if (!given)
    return Value();
  if (module)
    return callModule(*module, *given, expr.loc);
  if (scope.self && scope.self->decl)
    if (const FunctionDecl *function = scope.self->decl->findFunction(name))
      return scope.members == Scope::AllMembers ? callModuleFunction(*scope.self, *function, *given, expr.loc)
                                                : callDeclared(*function, *given, expr.loc, scope.arguments);
  return callFunction(name, *given, expr.loc);
}

Value Evaluator::callFunction(llvm::StringRef name, const GivenArguments &given, SourceLoc loc) {
  if (session.spec.hasFunction(name)) {
    const FunctionDecl *function = session.spec.findFunction(name);
    return function ? callDeclared(*function, given, loc) : Value();
  }
  if (findBuiltin(name, Builtin::Function))
    return callBuiltin(name, given, loc);
  if (isPlannedFunction(name)) {
    session.unsupported(loc, "'" + name + "' is");
    return Value();
  }
  std::string hint = session.spec.suggestFunction(name);
  if (session.spec.hasModule(name))
    hint = "; the module of this name is made in 'submodules'";
  return error(loc, "unknown function '" + name + "'" + hint);
}

Value Evaluator::callMethod(const Value &object, const Expr &expr) {
  std::optional<std::string> filled = attributeName(*expr.operands[0]);
  std::optional<GivenArguments> given = arguments(expr);
  if (!given || !filled)
    return Value();
  llvm::StringRef name = *filled;
  if (object.kind == Value::Module) {
    Instance &instance = *object.instance;
    if (const Child *child = instance.findChild(name))
      return callModule(Value::module(child->instance), *given, expr.loc);
    if (instance.decl)
      if (const FunctionDecl *function = instance.decl->findFunction(name))
        return callModuleFunction(instance, *function, *given, expr.loc);
    return error(expr.loc, "'" + instance.typeName + "' has no function or submodule '" + name + "'");
  }
  if (!object.isRuntime() && !object.isNumber() && object.kind != Value::Dim)
    return error(expr.loc, describe(object) + " has no method '" + name + "'");
  // A method is a function whose first argument stands before the dot.
  given->positional.insert(given->positional.begin(), object);
  given->locs.insert(given->locs.begin(), expr.operands[0]->start);
  if (findBuiltin(name, Builtin::Method))
    return rune::callBuiltin(*this, name, Builtin::Method, *given, expr.loc);
  if (session.spec.hasFunction(name)) {
    const FunctionDecl *function = session.spec.findFunction(name);
    return function ? callDeclared(*function, *given, expr.loc) : Value();
  }
  if (isPlannedFunction(name)) {
    session.unsupported(expr.loc, "'" + name + "' is");
    return Value();
  }
  return error(expr.loc, "a tensor has no method '" + name + "'" + session.spec.suggestFunction(name));
}

Value Evaluator::callModule(const Value &module, const GivenArguments &given, SourceLoc loc) {
  if (module.isNone())
    return error(loc, "this submodule is none here");
  if (module.kind != Value::Module)
    return error(loc, describe(module) + " cannot be called");
  if (!calls || !emitter)
    return error(loc, "modules are called in 'do' only");
  Instance &instance = *module.instance;
  if (instance.kind != Instance::List)
    return calls->callForward(instance, given, loc, *this);
  // A list passes its first input through every module.
  if (given.positional.empty())
    return error(loc, "a list of modules is called with the value to pass through it");
  GivenArguments next = given;
  for (const Child &child : instance.children) {
    if (!child.instance)
      return error(loc, "module '" + child.name + "' of this list is none");
    next.positional[0] = callModule(Value::module(child.instance), next, loc);
    if (next.positional[0].isError())
      return Value();
  }
  return next.positional[0];
}

Value Evaluator::callModuleFunction(Instance &instance, const FunctionDecl &function, const GivenArguments &given,
                                    SourceLoc loc) {
  if (!calls || !emitter)
    return error(loc, "functions of modules are called in 'do' only");
  return calls->callFunction(instance, function, given, loc, *this);
}

/// A file's function is pure: its statements are evaluated where it is called. So are those of optimizers and
/// schedules, which see their module's arguments too.
Value Evaluator::callDeclared(const FunctionDecl &function, const GivenArguments &given, SourceLoc loc,
                              const llvm::StringMap<Value> *moduleArguments) {
  if (session.depth() >= maxDepth)
    return error(loc, "functions call each other more than " + llvm::Twine(maxDepth) + " deep: '" + function.name +
                          "' calls itself");
  Session::Use use(session, loc);
  Scope inner;
  inner.arguments = moduleArguments;
  Evaluator evaluator(session, inner, emitter);
  if (!evaluator.bindInputs(function.inputs, given, function.name, loc))
    return Value();
  Value result = evaluator.run(*function.body);
  if (emitter)
    emitter->setLoc(loc);
  return result;
}
