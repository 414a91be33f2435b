// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `train`: a spec compiled into this process, and trained on files.

#include "Driver/Commands.h"
#include "Driver/Execution.h"
#include "Driver/JustInTime.h"
#include "Frontend/TrainingPlan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace rune;

/// The part of a spec that a function came from, in words.
static std::string partOf(llvm::StringRef function) {
  if (function.starts_with("#"))
    return "the loss";
  size_t dot = function.rfind(".forward");
  if (dot == llvm::StringRef::npos)
    return "the training";
  return dot == 0 ? "the model" : ("'" + function.take_front(dot) + "'").str();
}

static SpecFingerprint fingerprintOf(mlir::ModuleOp module) {
  std::map<std::string, std::string> texts;
  module.walk(
      [&](mlir::func::FuncOp function) { llvm::raw_string_ostream(texts[partOf(function.getName())]) << function; });
  for (auto &[part, text] : texts)
    text = llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true);
  return texts;
}

/// Of one batch of a file's tensors.
static TensorShapes batchShapes(const std::string &path, int64_t batchSize) {
  TensorShapes shapes = tensorShapes(path);
  for (auto &[name, shape] : shapes)
    if (!shape.empty())
      shape[0] = std::min(shape[0], batchSize);
  return shapes;
}

int rune::runTrain(const TrainCommandArguments &arguments) {
  auto target = findTarget(arguments.targetCpu);
  if (!target)
    return UsageError;
  Compilation compilation(arguments.spec, arguments.frontend);
  if (!compilation.load())
    return InputError;
  const TrainingPlan *plan = compilation.tree().training.get();
  if (!plan) {
    compilation.diagnostics().error({&compilation.spec().mainFile(), 1, 1},
                                    "no 'training:'; give the targets, the loss and the optimizer there");
    return InputError;
  }
  for (const PhasePlan &phase : plan->phases)
    if (!phase.optimizer) {
      compilation.diagnostics().error(phase.lossLoc, "no 'optimizer:' to train with");
      return InputError;
    }
  if (!compilation.import())
    return InputError;
  std::vector<std::string> sources = compilation.spec().files();
  for (const std::string &file : {arguments.data, arguments.valid, arguments.weights})
    if (!file.empty())
      sources.push_back(file);
  for (const char *name :
       {"loss.csv", "loss.svg", "last.safetensors", "best.safetensors", "ema.safetensors", "checkpoint.safetensors"})
    if (!refuseOverwrite(arguments.out + "/" + name, sources))
      return UsageError;
  compilation.dropEntries();
  SpecFingerprint fingerprint = fingerprintOf(compilation.module());
  compilation.keepWholeSteps();
  compilation.setShapes(batchShapes(arguments.data, arguments.batchSize));
  std::unique_ptr<Jit> jit = compileHere(compilation, *target, arguments.targetCpu);
  if (!jit)
    return InputError;
  Execution execution(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });
  return execution.train(arguments, fingerprint);
}
