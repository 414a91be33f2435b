// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `init` and `run`: a spec compiled into this process.

#include "Driver/Commands.h"
#include "Driver/Compilation.h"
#include "Driver/Execution.h"
#include "Driver/JustInTime.h"

using namespace rune;

int rune::runInit(const InitArguments &arguments) {
  auto target = findTarget("native");
  if (!target)
    return UsageError;
  Compilation compilation(arguments.spec, arguments.frontend);
  if (!compilation.load() || !compilation.import())
    return InputError;
  if (!refuseOverwrite(arguments.output, compilation.spec().files()))
    return UsageError;
  compilation.dropEntries();
  std::unique_ptr<Jit> jit = compileHere(compilation, *target, "native");
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
  compilation.setShapes(tensorShapes(arguments.inputs));
  std::unique_ptr<Jit> jit = compileHere(compilation, *target, arguments.targetCpu);
  if (!jit)
    return InputError;
  Execution execution(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });
  return execution.run(arguments);
}
