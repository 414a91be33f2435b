// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimizers and schedules: their statements become ops like those of any other module.

#include "Frontend/Import.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

static std::string slotSymbol(const PhasePlan &phase, llvm::StringRef name, const Slot *parameter = nullptr) {
  std::string symbol = "#" + phase.name + "." + name.str();
  return parameter ? symbol + "." + parameter->path : symbol;
}

void Importer::declareSlot(const std::string &symbol, llvm::StringRef name, SlotKind kind,
                           llvm::ArrayRef<int64_t> shape, ElementKind dtype, const Slot *parameter, int phase,
                           double initial, SourceLoc loc) {
  Emitter emitter(builder, session.defaultFloat(), toLocation(&context, loc));
  Dims dims(shape.begin(), shape.end());
  mlir::RankedTensorType type = emitter.tensorType(dims, dtype);
  slotTypes[symbol] = type;
  auto owner = parameter ? mlir::FlatSymbolRefAttr::get(&context, parameter->path) : mlir::FlatSymbolRefAttr();
  SlotOp::create(builder, emitter.loc, builder.getStringAttr(symbol), builder.getStringAttr(name),
                 SlotKindAttr::get(&context, kind), mlir::TypeAttr::get(type), owner, builder.getI64IntegerAttr(phase),
                 builder.getF64FloatAttr(initial));
}

mlir::Value Importer::readSlot(Emitter &emitter, const std::string &symbol) {
  return GetOp::create(emitter.builder, emitter.loc, slotTypes.at(symbol),
                       mlir::FlatSymbolRefAttr::get(&context, symbol));
}

void Importer::writeMember(Emitter &emitter, const std::string &symbol, mlir::Value value, const Slot *updates) {
  auto owner = updates ? mlir::FlatSymbolRefAttr::get(&context, updates->path) : mlir::FlatSymbolRefAttr();
  SetOp::create(emitter.builder, emitter.loc, mlir::FlatSymbolRefAttr::get(&context, symbol), value, owner);
}

/// Walks the entries of a section `state`, those with a false `if` left out.
static bool walkState(Session &session, const Instance &instance, Scope &scope,
                      llvm::function_ref<bool(const Entry &)> visit) {
  const Node *state = instance.decl->find("state");
  if (!state || !state->isMapping())
    return true;
  Evaluator evaluator(session, scope);
  for (const Entry &entry : state->entries) {
    if (const Node *when = entry.value.isMapping() ? entry.value.find("if") : nullptr) {
      Truth truth = evaluator.truth(evaluator.evaluate(*when), when->loc);
      if (truth == Truth::Error)
        return false;
      if (truth == Truth::False)
        continue;
    }
    if (!visit(entry))
      return false;
  }
  return true;
}

/// The number that a state starts from: zeros, ones, constant(x) or an expression.
static std::optional<double> initialValue(Evaluator &evaluator, const Node *init) {
  if (!init || init->text == "zeros")
    return 0;
  if (init->text == "ones")
    return 1;
  Value value;
  const Expr *expr = evaluator.session.spec.expression(*init);
  if (expr && expr->kind == Expr::Call && expr->operands[0]->text == "constant" && expr->operands.size() == 2)
    value = evaluator.evaluate(*expr->operands[1]);
  else
    value = evaluator.evaluate(*init);
  if (value.isNumber())
    return value.asNumber();
  if (!value.isError())
    evaluator.error(init->loc, "a state starts from zeros, ones or a number, got " + describe(value));
  return std::nullopt;
}

void Importer::declareSlots(int index, const PhasePlan &phase) {
  declareSlot(slotSymbol(phase, "step"), "step", SlotKind::counter, {}, ElementKind::I64, nullptr, index, 0, phase.loc);
  if (phase.everyEpoch)
    declareSlot(slotSymbol(phase, "epoch"), "epoch", SlotKind::counter, {}, ElementKind::I64, nullptr, index, 0,
                phase.loc);
  for (const TrainedParameter &parameter : phase.parameters) {
    const Slot *slot = parameter.slot;
    const MemberTensor &tensor = *slot->tensor;
    declareSlot(slotSymbol(phase, "grad", slot), "grad", SlotKind::gradient, tensor.shape, tensor.dtype, slot, index, 0,
                slot->loc);
    Scope scope;
    scope.arguments = &parameter.optimizer->values;
    (void)walkState(session, *parameter.optimizer, scope, [&](const Entry &entry) {
      Evaluator evaluator(session, scope);
      std::vector<int64_t> shape = tensor.shape;
      if (const Node *given = entry.value.isMapping() ? entry.value.find("shape") : nullptr) {
        std::optional<Dims> dims = evaluator.shape(*given);
        if (!dims)
          return false;
        shape.clear();
        for (const DimExpr &dim : *dims)
          shape.push_back(dim.getConstant());
      }
      std::optional<double> initial =
          initialValue(evaluator, entry.value.isMapping() ? entry.value.find("init") : nullptr);
      if (initial)
        declareSlot(slotSymbol(phase, entry.key.text, slot), entry.key.text, SlotKind::state, shape, tensor.dtype, slot,
                    index, *initial, slot->loc);
      return initial.has_value();
    });
    if (phase.average)
      declareSlot(slotSymbol(phase, "average", slot), "average", SlotKind::average, tensor.shape, tensor.dtype, slot,
                  index, 0, slot->loc);
  }
  if (!phase.schedule)
    return;
  Scope scope;
  scope.arguments = &phase.schedule->values;
  if (auto lr = phase.optimizer->values.find("lr"); lr != phase.optimizer->values.end())
    scope.values["lr"] = lr->second;
  (void)walkState(session, *phase.schedule, scope, [&](const Entry &entry) {
    Evaluator evaluator(session, scope);
    std::optional<double> initial =
        initialValue(evaluator, entry.value.isMapping() ? entry.value.find("init") : nullptr);
    if (initial)
      declareSlot(slotSymbol(phase, "schedule." + entry.key.text), entry.key.text, SlotKind::schedule, {},
                  ElementKind::F64, nullptr, index, *initial, phase.loc);
    return initial.has_value();
  });
}

//===-- Schedules -------------------------------------------------------------------------------------------------===//

/// Runs the statements of `schedule` with `lr` and `step` bound in the scope.
bool Importer::runScheduleModule(Emitter &emitter, Instance &schedule, Scope &scope, SourceLoc loc) {
  Session::Use use(session, loc);
  scope.arguments = &schedule.values;
  scope.self = &schedule;
  scope.members = Scope::NoMembers;
  Evaluator evaluator(session, scope, &emitter, this);
  (void)evaluator.run(*schedule.decl->find("schedule"));
  return !scope.values["lr"].isError();
}

/// One schedule called by another one: schedule(lr, step).
Value Importer::callSchedule(Instance &instance, const GivenArguments &given, SourceLoc loc, Evaluator &caller) {
  if (given.positional.size() != 2)
    return caller.error(loc, "a schedule is called with the learning rate and the step");
  Scope scope;
  scope.values["lr"] = given.positional[0];
  scope.values["step"] = given.positional[1];
  return runScheduleModule(*caller.emitter, instance, scope, loc) ? scope.values["lr"] : Value();
}

bool Importer::runSchedule(Emitter &emitter, const PhasePlan &phase, const Instance &optimizer,
                           llvm::StringMap<Value> &bound) {
  auto lr = optimizer.values.find("lr");
  if (!phase.schedule && !phase.scheduleExpression)
    return true;
  if (lr == optimizer.values.end()) {
    session.error(phase.loc, "'" + optimizer.typeName + "' has no argument 'lr' that a schedule could change");
    return false;
  }
  Scope scope;
  scope.values["lr"] = lr->second;
  scope.values["step"] = Value::scalar(readSlot(emitter, slotSymbol(phase, phase.everyEpoch ? "epoch" : "step")));
  if (!phase.schedule) {
    Evaluator evaluator(session, scope, &emitter, this);
    bound["lr"] = evaluator.evaluate(*phase.scheduleExpression);
    return !bound["lr"].isError();
  }
  for (const char *name : {"momentum", "betas"})
    if (auto it = optimizer.values.find(name); it != optimizer.values.end())
      scope.values["momentum"] =
          it->second.kind == Value::List && it->second.size() ? it->second.asList().front() : it->second;
  (void)walkState(session, *phase.schedule, scope, [&](const Entry &entry) {
    std::string symbol = slotSymbol(phase, "schedule." + entry.key.text);
    scope.values[entry.key.text] = Value::scalar(readSlot(emitter, symbol));
    return true;
  });
  if (!runScheduleModule(emitter, *phase.schedule, scope, phase.loc))
    return false;
  bound["lr"] = scope.values["lr"];
  if (auto momentum = scope.values.find("momentum"); momentum != scope.values.end()) {
    bound["momentum"] = momentum->second;
    if (auto betas = optimizer.values.find("betas");
        betas != optimizer.values.end() && betas->second.kind == Value::List && betas->second.size() == 2)
      bound["betas"] = Value::list({momentum->second, betas->second.asList()[1]});
  }
  return true;
}

/// What tells the schedule of a metric.
void Importer::importMetric(int index, const PhasePlan &phase) {
  std::string prefix = phase.name.empty() ? "" : phase.name + ".";
  EntryInput metric;
  metric.name = "metric";
  metric.loc = phase.loc;
  metric.dtype = ElementKind::F64;
  std::vector<EntryInput> none;
  std::swap(none, modelInputs);
  modelInputs.push_back(metric);
  std::unique_ptr<TrainingFunction> function = beginTraining(prefix + "metric", phase.loc, false);
  std::swap(none, modelInputs);
  Emitter &emitter = *function->emitter;
  Session::Use use(session, phase.loc);
  Scope scope;
  scope.arguments = &phase.schedule->values;
  scope.self = phase.schedule;
  scope.values["metric"] = Value::scalar(function->inputs.front().value.ir);
  if (auto lr = phase.optimizer->values.find("lr"); lr != phase.optimizer->values.end())
    scope.values["lr"] = lr->second;
  std::vector<std::string> names;
  (void)walkState(session, *phase.schedule, scope, [&](const Entry &entry) {
    names.push_back(entry.key.text);
    scope.values[names.back()] = Value::scalar(readSlot(emitter, slotSymbol(phase, "schedule." + names.back())));
    return true;
  });
  Evaluator evaluator(session, scope, &emitter, this);
  (void)evaluator.run(*phase.schedule->decl->find("update"));
  for (const std::string &name : names) {
    mlir::Value value = evaluator.toTensor(scope.values[name], ElementKind::F64, phase.loc);
    if (!value)
      return function->op.erase();
    writeMember(emitter, slotSymbol(phase, "schedule." + name), value);
  }
  finishTraining(*function, {}, {}, "metric", index);
}

//===-- Updates ---------------------------------------------------------------------------------------------------===//

bool Importer::clip(Emitter &emitter, const PhasePlan &phase, std::vector<mlir::Value> &gradients) {
  auto call = [&](const char *name, double limit) {
    std::vector<Value> list;
    for (mlir::Value gradient : gradients)
      list.push_back(Value::tensor(gradient));
    Scope scope;
    Session::Use use(session, phase.loc);
    Evaluator evaluator(session, scope, &emitter, this);
    GivenArguments given;
    given.positional = {Value::list(std::move(list)), Value::number(limit)};
    given.locs = {phase.loc, phase.loc};
    Value clipped = evaluator.callFunction(name, given, phase.loc);
    if (clipped.kind != Value::List || clipped.size() != gradients.size())
      return false;
    for (auto [gradient, value] : llvm::zip(gradients, clipped.asList()))
      gradient = value.ir;
    return true;
  };
  if (gradients.empty())
    return true;
  if (phase.clipNorm && !call("clip_grad_norm", *phase.clipNorm))
    return false;
  return !phase.clipValue || call("clip_grad_value", *phase.clipValue);
}

/// The new value of a tensor: the right shape and dtype, and the old one where the parameter takes no part.
static mlir::Value conditioned(Emitter &emitter, mlir::Value condition, mlir::Value value, mlir::Value old) {
  Dims dims = getDims(old);
  value = emitter.broadcast(value, dims);
  return condition ? emitter.select(emitter.broadcast(condition, dims), value, old) : value;
}

bool Importer::emitParameterUpdate(Emitter &emitter, const PhasePlan &phase, const TrainedParameter &parameter,
                                   mlir::Value gradient, mlir::Value step, mlir::Value condition) {
  const Slot *slot = parameter.slot;
  Instance &optimizer = *parameter.optimizer;
  Session::Use use(session, optimizer.loc);
  Scope scope;
  scope.arguments = &optimizer.values;
  scope.self = &optimizer;
  scope.members = Scope::NoMembers;
  mlir::Value old = emitter.readMember(*slot);
  std::vector<std::pair<std::string, mlir::Value>> states;
  Scope arguments;
  arguments.arguments = &optimizer.values;
  if (!walkState(session, optimizer, arguments, [&](const Entry &entry) {
        states.push_back({entry.key.text, readSlot(emitter, slotSymbol(phase, entry.key.text, slot))});
        return true;
      }))
    return false;
  if (!runSchedule(emitter, phase, optimizer, scope.values))
    return false;
  for (const auto &[name, value] : states)
    scope.values[name] = Value::tensor(value);
  scope.values["param"] = Value::tensor(old);
  scope.values["grad"] = Value::tensor(gradient);
  scope.values["step"] = Value::scalar(step);
  scope.values["ndim"] = Value::integer(slot->tensor->shape.size());
  Evaluator evaluator(session, scope, &emitter, this);
  (void)evaluator.run(*optimizer.decl->find("update"));
  mlir::Value fresh;
  auto write = [&](const std::string &name, const std::string &symbol, mlir::Value before) {
    ElementKind dtype = dtypeOf(before);
    mlir::Value value = evaluator.toTensor(scope.values[name], dtype, optimizer.loc);
    if (!value)
      return false;
    if (getDims(value) != getDims(before) && rankOf(value) != 0) {
      session.error(optimizer.loc, "'" + name + "' of '" + optimizer.typeName + "' changed its shape from " +
                                       formatDims(getDims(before)) + " to " + formatDims(getDims(value)));
      return false;
    }
    fresh = conditioned(emitter, condition, value, before);
    writeMember(emitter, symbol, fresh, slot);
    return true;
  };
  for (const auto &[name, before] : states)
    if (!write(name, slotSymbol(phase, name, slot), before))
      return false;
  if (!write("param", slot->path, old))
    return false;
  if (!phase.average)
    return true;
  std::string symbol = slotSymbol(phase, "average", slot);
  mlir::Value average = readSlot(emitter, symbol);
  // As torch.optim.swa_utils.AveragedModel does, it begins with what the first update leaves.
  mlir::Value first = emitter.compare(Predicate::eq, step, emitter.integer(0));
  average = conditioned(emitter, first, fresh, average);
  Value difference = evaluator.binary("-", Value::tensor(fresh), Value::tensor(average), phase.loc);
  Value share = evaluator.binary("*", difference, Value::number(1 - *phase.average), phase.loc);
  Value moved = evaluator.binary("+", Value::tensor(average), share, phase.loc);
  writeMember(emitter, symbol, moved.ir, slot);
  return true;
}

mlir::Value Importer::emitUpdate(Emitter &emitter, const PhasePlan &phase, std::vector<mlir::Value> gradients,
                                 mlir::Value trainable) {
  if (!clip(emitter, phase, gradients))
    return {};
  std::string counter = slotSymbol(phase, "step");
  mlir::Value step = readSlot(emitter, counter);
  for (const auto &[i, parameter] : llvm::enumerate(phase.parameters)) {
    mlir::Value condition;
    if (trainable)
      condition = emitter.squeeze(emitter.slice(trainable, 0, DimExpr(i), DimExpr(1)), 0);
    if (!emitParameterUpdate(emitter, phase, parameter, gradients[i], step, condition))
      return {};
  }
  llvm::StringMap<Value> bound;
  if (!runSchedule(emitter, phase, *phase.optimizer, bound))
    return {};
  writeMember(emitter, counter, emitter.binary<AddOp>(step, emitter.integer(1)));
  Value lr = bound.count("lr") ? bound["lr"] : phase.optimizer->values.lookup("lr");
  if (lr.isError())
    lr = Value::number(0); // an optimizer without one
  Scope none;
  return Evaluator(session, none, &emitter, this).toTensor(lr, ElementKind::F64, phase.loc);
}

/// One update by the gradients that were accumulated.
void Importer::importUpdate(int index, const PhasePlan &phase) {
  std::string prefix = phase.name.empty() ? "" : phase.name + ".";
  EntryInput trainable;
  trainable.name = "trainable";
  trainable.loc = phase.loc;
  trainable.dtype = ElementKind::Bool;
  trainable.dims = {DimExpr(phase.parameters.size())};
  std::vector<EntryInput> inputs;
  std::swap(inputs, modelInputs);
  modelInputs.push_back(trainable);
  std::unique_ptr<TrainingFunction> function = beginTraining(prefix + "update", phase.loc, false);
  std::swap(inputs, modelInputs);
  Emitter &emitter = *function->emitter;
  std::vector<mlir::Value> gradients;
  llvm::SmallVector<mlir::Attribute> names;
  for (const TrainedParameter &parameter : phase.parameters) {
    mlir::Value gradient = readSlot(emitter, slotSymbol(phase, "grad", parameter.slot));
    if (phase.accumulate > 1)
      gradient = emitter.binary<DivOp>(
          gradient, emitter.full(getDims(gradient), dtypeOf(gradient), static_cast<double>(phase.accumulate)));
    gradients.push_back(gradient);
    names.push_back(mlir::FlatSymbolRefAttr::get(&context, parameter.slot->path));
  }
  mlir::Value lr = emitUpdate(emitter, phase, gradients, function->inputs.front().value.ir);
  if (!lr)
    return function->op.erase();
  finishTraining(*function, lr, {"lr"}, "update", index);
  function->op->setAttr("rune.parameters", builder.getArrayAttr(names));
  function->op->setAttr("rune.accumulate", builder.getI64IntegerAttr(phase.accumulate));
  function->op->setAttr("rune.phase_name", builder.getStringAttr(phase.name));
}
