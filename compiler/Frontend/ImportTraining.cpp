// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Losses and gradients: the functions that train a model, and those that `runec run --compute` asks for.

#include "Frontend/Import.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

/// Members of modules that are no part of the model: they are held, under names that no model has.
void Importer::importHidden(const Instance &instance) {
  for (const auto &slot : instance.slots)
    importMember(*slot);
  for (const Child &child : instance.children)
    if (child.instance)
      importHidden(*child.instance);
}

bool Importer::readEntryInputs() {
  Instance &root = *tree.root;
  const FunctionDecl *function = root.kind == Instance::Sequential ? &sequentialForward()
                                 : root.decl                       ? root.decl->forward.get()
                                                                   : nullptr;
  if (!function) {
    session.error(root.loc, "the entry module '" + root.typeName + "' has no 'forward'");
    return false;
  }
  if (session.spec.inputs().empty())
    entrySymbols.arguments = &root.values;
  std::optional<std::vector<EntryInput>> inputs = forwardInputs(*function, entrySymbols);
  if (!inputs)
    return false;
  modelInputs = std::move(*inputs);
  if (root.kind == Instance::Sequential && session.spec.inputs().size() == 1)
    modelInputs.front().name = session.spec.inputs().front().name;
  if (!tree.training)
    return true;
  for (const InputDecl &target : tree.training->targets) {
    std::optional<EntryInput> entry = entryInput(target, true, entrySymbols);
    if (!entry)
      return false;
    targetInputs.push_back(std::move(*entry));
  }
  return true;
}

std::unique_ptr<Importer::TrainingFunction> Importer::beginTraining(llvm::StringRef name, SourceLoc loc, bool targets) {
  auto function = std::make_unique<TrainingFunction>();
  function->op = mlir::func::FuncOp::create(builder, toLocation(&context, loc), uniqueSymbol(name.str()),
                                            builder.getFunctionType({}, {}));
  function->emitter = beginFunction(function->op, loc);
  function->inputs = modelInputs;
  function->targetsFrom = modelInputs.size();
  if (targets)
    llvm::append_range(function->inputs, targetInputs);
  addEntryArguments(function->op, *function->emitter, function->inputs);
  return function;
}

void Importer::finishTraining(TrainingFunction &function, llvm::ArrayRef<mlir::Value> results,
                              llvm::ArrayRef<std::string> names, llvm::StringRef role, int phase) {
  mlir::func::ReturnOp::create(function.emitter->builder, function.emitter->loc, results);
  mlir::Block &block = function.op.getBody().front();
  function.op.setFunctionType(builder.getFunctionType(block.getArgumentTypes(), mlir::ValueRange(results).getTypes()));
  function.op->setAttr("rune.role", builder.getStringAttr(role));
  function.op->setAttr("rune.model_inputs", builder.getI64IntegerAttr(function.targetsFrom));
  if (phase >= 0)
    function.op->setAttr("rune.phase", builder.getI64IntegerAttr(phase));
  setEntryAttributes(function.op, function.inputs);
  for (const auto &[i, name] : llvm::enumerate(names))
    function.op.setResultAttr(i, "rune.name", builder.getStringAttr(name));
}

Value Importer::callModel(TrainingFunction &function, SourceLoc loc) {
  Scope scope;
  Evaluator evaluator(session, scope, function.emitter.get(), this);
  GivenArguments given;
  bool sequential = tree.root->kind == Instance::Sequential;
  for (const EntryInput &input : llvm::ArrayRef(function.inputs).take_front(function.targetsFrom)) {
    given.named.push_back({sequential ? "input" : input.name, input.value});
    given.namedLocs.push_back(input.loc);
  }
  return callForward(*tree.root, given, loc, evaluator);
}

mlir::Value Importer::emitLoss(TrainingFunction &function, const PhasePlan &phase, std::vector<Value> *outputs) {
  Session::Use use(session, phase.lossLoc);
  Scope scope;
  scope.arguments = &phase.lossArguments;
  scope.training = training;
  scope.values = entrySymbols.values;
  for (const EntryInput &input : function.inputs)
    scope.values[input.name] = input.value;
  scope.values["model"] = Value::module(tree.root);
  Evaluator evaluator(session, scope, function.emitter.get(), this);
  Value loss;
  if (phase.lossBody) {
    loss = evaluator.run(*phase.lossBody);
  } else {
    Value result = callModel(function, phase.lossLoc);
    if (result.isError())
      return {};
    std::vector<Value> given;
    flattenOutputs(result, given);
    if (outputs)
      *outputs = given;
    GivenArguments arguments;
    arguments.positional = std::move(given);
    for (const EntryInput &target : llvm::ArrayRef(function.inputs).drop_front(function.targetsFrom))
      arguments.positional.push_back(target.value);
    arguments.locs.assign(arguments.positional.size(), phase.lossLoc);
    loss = callForward(*phase.lossModule, arguments, phase.lossLoc, evaluator);
  }
  if (loss.isError())
    return {};
  std::vector<Value> parts;
  flattenOutputs(loss, parts);
  mlir::Value tensor = parts.size() == 1 ? evaluator.toTensor(parts.front(), phase.lossLoc) : mlir::Value();
  if (parts.size() != 1)
    session.error(phase.lossLoc, "the loss is one number, not " + describe(loss));
  if (tensor && (rankOf(tensor) != 0 || !isFloat(dtypeOf(tensor)))) {
    session.error(phase.lossLoc, "the loss is one floating number, got " + dtypeName(dtypeOf(tensor)) + " of shape " +
                                     formatDims(getDims(tensor)) + "; reduce it by 'mean' or 'sum'");
    return {};
  }
  return tensor ? function.emitter->cast(tensor, session.defaultFloat()) : tensor;
}

std::vector<mlir::Value> Importer::emitGradients(Emitter &emitter, llvm::ArrayRef<mlir::Value> ys,
                                                 llvm::ArrayRef<mlir::Value> cotangents,
                                                 llvm::ArrayRef<mlir::Value> xs) {
  if (xs.empty())
    return {};
  auto grad = GradOp::create(emitter.builder, emitter.loc, mlir::ValueRange(xs).getTypes(), ys, cotangents, xs);
  return {grad.getGradients().begin(), grad.getGradients().end()};
}

//===-- runec run --compute ---------------------------------------------------------------------------------------===//

void Importer::importCompute() {
  Instance &root = *tree.root;
  Compute compute = session.options.compute;
  bool withLoss = tree.training && compute != Compute::Products;
  if (!readEntryInputs())
    return;
  std::unique_ptr<TrainingFunction> function = beginTraining("forward", root.loc, withLoss);
  Emitter &emitter = *function->emitter;
  Scope none;
  Evaluator evaluator(session, none, &emitter, this);
  std::vector<Value> outputs;
  Value result = callModel(*function, root.loc);
  if (result.isError())
    return function->op.erase();
  flattenOutputs(result, outputs);
  std::vector<mlir::Value> results;
  std::vector<std::string> names;
  for (const auto &[i, output] : llvm::enumerate(outputs)) {
    results.push_back(evaluator.toTensor(output, root.loc));
    if (!results.back())
      return function->op.erase();
    names.push_back(outputs.size() == 1 ? "output" : "output." + std::to_string(i));
  }
  size_t outputCount = results.size();
  auto add = [&](mlir::Value value, const std::string &name) {
    results.push_back(value);
    names.push_back(name);
  };
  std::vector<mlir::Value> ys, cotangents;
  mlir::Value total;
  if (withLoss) {
    for (const PhasePlan &phase : tree.training->phases) {
      mlir::Value loss = emitLoss(*function, phase);
      if (!loss)
        return function->op.erase();
      ys.push_back(loss);
      total = total ? emitter.binary<AddOp>(total, loss) : loss;
    }
    add(total, "loss");
  } else if (compute == Compute::Products) {
    for (size_t i = 0; i < outputCount; ++i) {
      if (!isFloat(dtypeOf(results[i])))
        continue;
      auto type = llvm::cast<mlir::RankedTensorType>(results[i].getType());
      std::string name = outputCount == 1 ? "grad_output" : "grad_output." + std::to_string(i);
      EntryInput cotangent;
      cotangent.name = name;
      cotangent.loc = root.loc;
      cotangent.dims = getDims(results[i]);
      cotangent.dtype = dtypeOf(results[i]);
      cotangent.value = Value::tensor(function->op.getBody().front().addArgument(type, emitter.loc));
      ys.push_back(results[i]);
      cotangents.push_back(cotangent.value.ir);
      function->inputs.push_back(std::move(cotangent));
    }
  } else if (outputCount == 1 && rankOf(results[0]) == 0 && isFloat(dtypeOf(results[0]))) {
    ys.push_back(results[0]);
  } else {
    session.error(root.loc, compute == Compute::Loss
                                ? llvm::Twine("the specification has no 'training', so there is no loss")
                                : llvm::Twine("the gradient of what? The specification has no 'training', and its "
                                              "output is no scalar; give the inputs a tensor 'grad_output'"));
    return function->op.erase();
  }
  if (compute != Compute::Loss) {
    // Each phase's loss has the gradients of what the phase trains; otherwise all is by all.
    std::vector<std::vector<TrainedParameter>> trained;
    if (withLoss)
      for (const PhasePlan &phase : tree.training->phases)
        trained.push_back(phase.parameters);
    else {
      trained.emplace_back();
      for (Slot *slot : tree.namedParameters(root))
        if (slot->tensor->requiresGrad)
          trained.back().push_back({slot, nullptr});
    }
    std::vector<mlir::Value> inputs;
    std::vector<std::string> inputNames;
    for (const EntryInput &input : llvm::ArrayRef(function->inputs).take_front(function->targetsFrom))
      if (input.isTensor && isFloat(input.dtype)) {
        inputs.push_back(input.value.ir);
        inputNames.push_back("grad_input." + input.name);
      }
    for (const auto &[i, parameters] : llvm::enumerate(trained)) {
      std::vector<mlir::Value> xs;
      for (const TrainedParameter &parameter : parameters)
        xs.push_back(emitter.readMember(*parameter.slot));
      bool own = trained.size() > 1;
      std::vector<mlir::Value> gradients =
          emitGradients(emitter, own ? llvm::ArrayRef(ys[i]) : llvm::ArrayRef(ys), cotangents, xs);
      for (const auto &[parameter, gradient] : llvm::zip(parameters, gradients))
        add(gradient, "grad." + parameter.slot->path);
    }
    for (const auto &[gradient, name] : llvm::zip(emitGradients(emitter, ys, cotangents, inputs), inputNames))
      add(gradient, name);
  }
  finishTraining(*function, results, names, "", -1);
  function->op->removeAttr("rune.role");
  function->op->setAttr("rune.entry", builder.getUnitAttr());
}

//===-- Training --------------------------------------------------------------------------------------------------===//

/// The forward in training mode; only where it is another one.
void Importer::importTrainingForward() {
  if (session.options.training || session.diagnostics.hasErrors() || !readEntryInputs())
    return;
  // A model need not have a forward in training mode: batch norm has none for a batch of one.
  training = session.quiet = true;
  session.askedForTraining = false;
  std::unique_ptr<TrainingFunction> function = beginTraining("forward.training", tree.root->loc, false);
  Value result = callModel(*function, tree.root->loc);
  training = session.quiet = false;
  if (!session.askedForTraining)
    return function->op.erase();
  std::vector<Value> outputs;
  std::vector<mlir::Value> results;
  std::vector<std::string> names;
  flattenOutputs(result, outputs);
  Scope none;
  Evaluator evaluator(session, none, function->emitter.get(), this);
  for (const auto &[i, output] : llvm::enumerate(outputs)) {
    mlir::Value tensor = result.isError() ? mlir::Value() : evaluator.toTensor(output, tree.root->loc);
    if (!tensor)
      return function->op.erase();
    results.push_back(tensor);
    names.push_back(outputs.size() == 1 ? "output" : "output." + std::to_string(i));
  }
  finishTraining(*function, results, names, "forward", -1);
}

/// How many rows' largest output is the target's, for a classifier; null for anything else.
mlir::Value Importer::countCorrect(TrainingFunction &function, const std::vector<Value> &outputs) {
  if (outputs.empty() || targetInputs.size() != 1 || targetInputs.front().dtype != ElementKind::I64 ||
      targetInputs.front().dims.size() != 1 || !outputs.front().isTensor() || rankOf(outputs.front().ir) != 2)
    return {};
  mlir::Value target = function.inputs.back().value.ir, output = outputs.front().ir;
  if (getDims(output)[0] != getDims(target)[0])
    return {};
  Emitter &emitter = *function.emitter;
  mlir::Value same = emitter.compare(Predicate::eq, emitter.argmax(output, 1), target);
  return emitter.reduceSum(emitter.cast(same, ElementKind::I64), {0});
}

/// The losses in evaluation mode.
void Importer::importEvaluate() {
  std::unique_ptr<TrainingFunction> function = beginTraining("evaluate", tree.root->loc, true);
  mlir::Value total;
  std::vector<Value> outputs;
  for (const PhasePlan &phase : tree.training->phases) {
    mlir::Value loss = emitLoss(*function, phase, &outputs);
    if (!loss)
      return function->op.erase();
    total = total ? function->emitter->binary<AddOp>(total, loss) : loss;
  }
  std::vector<mlir::Value> results = {total};
  std::vector<std::string> names = {"loss"};
  if (mlir::Value correct = countCorrect(*function, outputs)) {
    results.push_back(correct);
    names.push_back("correct");
  }
  finishTraining(*function, results, names, "evaluate", -1);
}

/// The gradients of the phase's loss by the model's floating inputs, for callers that ask; nothing else pays for them.
void Importer::importInputGradients(int index, const PhasePlan &phase, const std::string &prefix) {
  auto isDifferentiable = [](const EntryInput &input) { return input.isTensor && isFloat(input.dtype); };
  if (llvm::none_of(modelInputs, isDifferentiable))
    return;
  std::unique_ptr<TrainingFunction> function = beginTraining(prefix + "input_gradients", phase.lossLoc, true);
  mlir::Value loss = emitLoss(*function, phase);
  if (!loss)
    return function->op.erase();
  std::vector<mlir::Value> inputs;
  std::vector<std::string> names;
  for (const EntryInput &input : llvm::ArrayRef(function->inputs).take_front(function->targetsFrom))
    if (isDifferentiable(input)) {
      inputs.push_back(input.value.ir);
      names.push_back(input.name);
    }
  std::vector<mlir::Value> gradients = emitGradients(*function->emitter, loss, {}, inputs);
  finishTraining(*function, gradients, names, "input_gradients", index);
}

void Importer::importPhase(int index, const PhasePlan &phase) {
  std::string prefix = phase.name.empty() ? "" : phase.name + ".";
  auto xsOf = [&](Emitter &emitter) {
    std::vector<mlir::Value> xs;
    for (const TrainedParameter &parameter : phase.parameters)
      xs.push_back(emitter.readMember(*parameter.slot));
    return xs;
  };
  // Loss and gradients: split in two afterwards.
  std::unique_ptr<TrainingFunction> pieces = beginTraining(prefix + "gradients", phase.lossLoc, true);
  mlir::Value loss = emitLoss(*pieces, phase);
  if (!loss)
    return pieces->op.erase();
  std::vector<mlir::Value> gradients = emitGradients(*pieces->emitter, loss, {}, xsOf(*pieces->emitter));
  for (const auto &[parameter, gradient] : llvm::zip(phase.parameters, gradients)) {
    std::string symbol = "#" + phase.name + ".grad." + parameter.slot->path;
    mlir::Value sum = pieces->emitter->binary<AddOp>(readSlot(*pieces->emitter, symbol), gradient);
    writeMember(*pieces->emitter, symbol, sum, parameter.slot);
  }
  finishTraining(*pieces, loss, {"loss"}, "gradients", index);

  importInputGradients(index, phase, prefix);
  importUpdate(index, phase);
  if (phase.schedule && phase.schedule->decl->find("update"))
    importMetric(index, phase);
  if (phase.accumulate > 1)
    return;
  std::unique_ptr<TrainingFunction> step = beginTraining(prefix + "step", phase.lossLoc, true);
  loss = emitLoss(*step, phase);
  if (!loss)
    return step->op.erase();
  gradients = emitGradients(*step->emitter, loss, {}, xsOf(*step->emitter));
  mlir::Value lr = emitUpdate(*step->emitter, phase, gradients, {});
  if (!lr)
    return step->op.erase();
  finishTraining(*step, {loss, lr}, {"loss", "lr"}, "step", index);
}

void Importer::importTraining() {
  if (!tree.training || session.diagnostics.hasErrors())
    return;
  if (!llvm::all_of(tree.training->phases, [](const PhasePlan &phase) { return phase.optimizer != nullptr; }))
    return;
  importEvaluate();
  training = true;
  for (const auto &[i, phase] : llvm::enumerate(tree.training->phases)) {
    declareSlots(i, phase);
    importPhase(i, phase);
  }
  training = false;
}
