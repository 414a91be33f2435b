// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `init` and `run`: a spec compiled into this process.

#include "Driver/Commands.h"
#include "Driver/Compilation.h"
#include "Driver/Execution.h"

#include "Emit/Object.h"

using namespace rune;

/// The model's code; null after an error, which was reported. Without functions there is none to find.
static std::unique_ptr<Jit> compile(Compilation &compilation, const TargetDesc &target, const std::string &targetCpu) {
  PipelineOptions options;
  options.targetCpu = targetCpu;
  options.fma = target.fma;
  options.hooks = false;
  if (!compilation.lower(Stage::Loops, options) || !compilation.lowerToLlvmDialect())
    return nullptr;
  auto llvm = emitLlvm(compilation.module(), compilation.description(), target, /*table=*/"");
  auto jit = llvm ? Jit::create(std::move(*llvm), target) : llvm.takeError();
  if (jit)
    return std::move(*jit);
  reportError(llvm::toString(jit.takeError()));
  return nullptr;
}

int rune::runInit(const InitArguments &arguments) {
  auto target = findTarget("native");
  if (!target)
    return UsageError;
  Compilation compilation(arguments.spec, arguments.frontend);
  if (!compilation.load() || !compilation.import())
    return InputError;
  if (!refuseOverwrite(arguments.output, compilation.spec().files()))
    return UsageError;
  compilation.keepInitialisersOnly();
  std::unique_ptr<Jit> jit = compile(compilation, *target, "native");
  if (!jit)
    return InputError;
  Execution execution(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });
  return execution.initialise(arguments.seed, arguments.output);
}

int rune::runRun(const RunCommandArguments &arguments) {
  auto target = findTarget(arguments.targetCpu);
  if (!target)
    return UsageError;
  FrontendOptions options = arguments.frontend;
  if (options.compute == Compute::Gradients && hasCotangent(arguments.inputs))
    options.compute = Compute::Products;
  Compilation compilation(arguments.spec, options);
  if (!compilation.load() || !compilation.import())
    return InputError;
  std::vector<std::string> sources = compilation.spec().files();
  sources.push_back(arguments.inputs);
  if (!arguments.weights.empty())
    sources.push_back(arguments.weights);
  if (!refuseOverwrite(arguments.outputs, sources))
    return UsageError;
  std::unique_ptr<Jit> jit = compile(compilation, *target, arguments.targetCpu);
  if (!jit)
    return InputError;
  Execution execution(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });
  return execution.run(arguments);
}
