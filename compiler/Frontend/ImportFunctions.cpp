// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of modules and of their functions: one private function for each instance and kind of arguments.

#include "Frontend/Import.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"

using namespace rune;

static constexpr size_t maxDepth = 100;

const FunctionDecl &rune::sequentialForward() {
  static const FunctionDecl decl = [] {
    FunctionDecl sequential;
    sequential.name = "forward";
    InputDecl input;
    input.name = "input";
    sequential.inputs.push_back(std::move(input));
    return sequential;
  }();
  return decl;
}

/// A text that two arguments share exactly if one function serves both.
static void appendKey(const Value &value, std::string &key) {
  llvm::raw_string_ostream os(key);
  os << static_cast<int>(value.kind) << (value.flag ? "!" : ":");
  switch (value.kind) {
  case Value::Tensor:
  case Value::Scalar:
    os << value.ir.getType().getAsOpaquePointer();
    break;
  case Value::Module:
    os << value.instance;
    break;
  case Value::List:
  case Value::Slice:
    os << value.size();
    for (const Value &item : value.asList())
      appendKey(item, key);
    break;
  default:
    os << toRepr(value);
  }
  os << ';';
}

/// Replaces the tensors in a value, in order.
static Value mapTensors(const Value &value, llvm::function_ref<mlir::Value(mlir::Value)> map) {
  Value result = value;
  if (value.isRuntime()) {
    result.ir = map(value.ir);
  } else if (value.isList()) {
    std::vector<Value> items;
    for (const Value &item : value.asList())
      items.push_back(mapTensors(item, map));
    result.items = std::make_shared<const std::vector<Value>>(std::move(items));
  }
  return result;
}

static bool containsError(const Value &value) {
  return value.isError() || (value.isList() && llvm::any_of(value.asList(), containsError));
}

void Importer::prepareScope(Scope &scope, Instance &instance) {
  scope.arguments = &instance.values;
  scope.self = &instance;
  scope.members = Scope::AllMembers;
  scope.training = training && !instance.evaluation;
}

std::unique_ptr<Emitter> Importer::beginFunction(mlir::func::FuncOp op, SourceLoc loc) {
  mlir::Block *block = op.addEntryBlock();
  auto emitter =
      std::make_unique<Emitter>(mlir::OpBuilder::atBlockEnd(block), session.defaultFloat(), toLocation(&context, loc));
  auto read = std::make_shared<std::map<std::string, mlir::Value>>();
  emitter->readMember = [this, read, emitter = emitter.get()](const Slot &slot) {
    mlir::Value &value = (*read)[slot.path];
    if (!value) {
      Dims dims(slot.tensor->shape.begin(), slot.tensor->shape.end());
      value = GetOp::create(emitter->builder, emitter->loc, emitter->tensorType(dims, slot.tensor->dtype),
                            mlir::FlatSymbolRefAttr::get(&context, slot.path));
    }
    return value;
  };
  return emitter;
}

/// What the statements bind to the names of buffers are their new values.
void Importer::runUpdates(Instance &instance, const Node &updates, Evaluator &evaluator) {
  session.askedForTraining = true;
  for (const auto &slot : instance.slots)
    if (slot->tensor && slot->tensor->kind == MemberTensor::Buffer)
      evaluator.scope.values.erase(slot->name);
  (void)evaluator.run(updates);
  for (const auto &slot : instance.slots) {
    auto it = evaluator.scope.values.find(slot->name);
    if (!slot->tensor || slot->tensor->kind != MemberTensor::Buffer || it == evaluator.scope.values.end() ||
        it->second.isError())
      continue;
    Emitter &emitter = *evaluator.emitter;
    mlir::Value value = evaluator.toTensor(it->second, slot->tensor->dtype, updates.loc);
    Dims dims(slot->tensor->shape.begin(), slot->tensor->shape.end());
    if (!value)
      continue;
    if (getDims(value) != dims && !getDims(value).empty()) {
      session.error(updates.loc, "the new value of '" + slot->name + "' has shape " + formatDims(getDims(value)) +
                                     ", the buffer " + formatDims(dims));
      continue;
    }
    writeMember(emitter, slot->path, emitter.broadcast(value, dims));
  }
}

/// The statements of a function, or a sequential's chain of calls.
Value Importer::runBody(Instance &instance, const FunctionDecl &function, bool forward, Evaluator &evaluator,
                        SourceLoc loc) {
  if (instance.kind != Instance::Sequential || !forward) {
    Value result = evaluator.run(*function.body);
    if (forward && *evaluator.scope.training && !containsError(result))
      if (const Node *updates = instance.decl->find("updates"))
        runUpdates(instance, *updates, evaluator);
    return result;
  }
  Value value = evaluator.scope.values["input"];
  for (const Child &child : instance.children) {
    if (!child.instance)
      return evaluator.error(child.loc, "layer '" + child.name + "' is none");
    GivenArguments given;
    given.positional.push_back(value);
    SourceLoc at = child.loc && !child.loc.file->embedded ? child.loc : loc;
    given.locs.push_back(at);
    value = child.instance->kind == Instance::List ? evaluator.error(child.loc, "a list of modules cannot be a layer")
                                                   : callForward(*child.instance, given, at, evaluator);
    if (value.isError())
      return value;
    if (value.isTensor())
      value.origin = child.loc;
  }
  return value;
}

void Importer::build(Made &function, Instance &instance, const FunctionDecl &decl, bool forward, Scope &scope,
                     SourceLoc loc) {
  std::string name = uniqueSymbol(instance.path + "." + decl.name);
  auto op = mlir::func::FuncOp::create(builder, toLocation(&context, decl.loc ? decl.loc : instance.loc), name,
                                       builder.getFunctionType({}, {}));
  op.setPrivate();
  std::unique_ptr<Emitter> emitter = beginFunction(op, decl.loc ? decl.loc : instance.loc);
  mlir::Block &block = op.getBody().front();
  for (const InputDecl &input : decl.inputs)
    scope.values[input.name] = mapTensors(scope.values[input.name], [&](mlir::Value outer) -> mlir::Value {
      return block.addArgument(outer.getType(), toLocation(&context, input.loc ? input.loc : instance.loc));
    });
  Evaluator evaluator(session, scope, emitter.get(), this);
  Value result = runBody(instance, decl, forward, evaluator, loc);
  if (containsError(result)) {
    function.failed = true;
    op.erase();
    return;
  }
  llvm::SmallVector<mlir::Value> results;
  (void)mapTensors(result, [&](mlir::Value value) {
    results.push_back(value);
    return value;
  });
  mlir::func::ReturnOp::create(emitter->builder, emitter->loc, results);
  op.setFunctionType(builder.getFunctionType(block.getArgumentTypes(), mlir::ValueRange(results).getTypes()));
  function.op = op;
  function.result = result;
}

Value Importer::call(Instance &instance, const FunctionDecl &decl, bool forward, const GivenArguments &given,
                     SourceLoc loc, Evaluator &caller) {
  if (session.depth() >= maxDepth)
    return caller.error(loc, "modules and functions call each other more than " + llvm::Twine(maxDepth) + " deep");
  Session::Use use(session, loc);
  Scope scope;
  prepareScope(scope, instance);
  std::string what = forward ? (instance.path.empty() ? instance.typeName : instance.path) : decl.name;
  if (!Evaluator(session, scope, caller.emitter, this).bindInputs(decl.inputs, given, what, loc))
    return Value();
  std::string key = (training ? "train#" : "#") + instance.path + "#" + decl.name + "#";
  llvm::SmallVector<mlir::Value> operands;
  for (const InputDecl &input : decl.inputs) {
    appendKey(scope.values[input.name], key);
    (void)mapTensors(scope.values[input.name], [&](mlir::Value value) {
      operands.push_back(value);
      return value;
    });
  }
  auto [it, inserted] = made.try_emplace(key);
  Made &function = it->second;
  if (function.building)
    return caller.error(loc, "'" + what + "' calls itself with the same arguments, without end");
  if (inserted) {
    function.building = true;
    build(function, instance, decl, forward, scope, loc);
    function.building = false;
  }
  if (function.failed)
    return Value();
  caller.emitter->setLoc(loc);
  // What is no part of the model has no hooks.
  auto module = forward && !llvm::StringRef(instance.path).starts_with("#")
                    ? mlir::FlatSymbolRefAttr::get(&context, instance.path + ".")
                    : mlir::FlatSymbolRefAttr();
  auto op = CallOp::create(caller.emitter->builder, caller.emitter->loc, function.op.getFunctionType().getResults(),
                           mlir::FlatSymbolRefAttr::get(&context, function.op.getSymName()), operands, module);
  size_t next = 0;
  return mapTensors(function.result, [&](mlir::Value) -> mlir::Value { return op.getResult(next++); });
}

Value Importer::callForward(Instance &instance, const GivenArguments &given, SourceLoc loc, Evaluator &caller) {
  if (instance.decl && !instance.decl->forward && instance.decl->find("schedule"))
    return callSchedule(instance, given, loc, caller);
  if (instance.kind == Instance::Sequential)
    return call(instance, sequentialForward(), true, given, loc, caller);
  if (!instance.decl || !instance.decl->forward)
    return caller.error(loc, "'" + instance.typeName + "' has no 'forward'",
                        {{instance.decl ? instance.decl->loc : SourceLoc(), "declared here"}});
  return call(instance, *instance.decl->forward, true, given, loc, caller);
}

Value Importer::callFunction(Instance &instance, const FunctionDecl &function, const GivenArguments &given,
                             SourceLoc loc, Evaluator &caller) {
  return call(instance, function, false, given, loc, caller);
}
