// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The commands of `runec`, after their arguments were read. Each returns the exit status.

#ifndef RUNE_DRIVER_COMMANDS_H
#define RUNE_DRIVER_COMMANDS_H

#include "Driver/RunArguments.h"
#include "Driver/TrainArguments.h"
#include "Frontend/ModuleTree.h"

#include <string>
#include <vector>

namespace rune {

struct BuildArguments {
  std::string spec, output, emit, targetCpu, targetTriple, className, stem, depfile, simplify = "full", backend,
                                                                                     weights;
  bool locations = false, freestanding = false;
  FrontendOptions frontend;
};
int runBuild(const BuildArguments &arguments);

struct CheckArguments {
  std::vector<std::string> specs;
  FrontendOptions frontend;
};
int runCheck(const CheckArguments &arguments);

struct PrintArguments {
  std::string spec;
  FrontendOptions frontend;
  bool cost = false;
};
int runPrint(const PrintArguments &arguments);
int runPrintCost(const PrintArguments &arguments);

struct InitArguments {
  std::string spec, output;
  uint64_t seed = 0;
  FrontendOptions frontend;
};
int runInit(const InitArguments &arguments);

struct RunCommandArguments : RunArguments {
  std::string spec, targetCpu = "native";
  FrontendOptions frontend;
};
int runRun(const RunCommandArguments &arguments);

struct TrainCommandArguments : TrainArguments {
  std::string spec, targetCpu = "native";
  FrontendOptions frontend;
};
int runTrain(const TrainCommandArguments &arguments);

int runSchema(bool functions);

} // namespace rune

#endif // RUNE_DRIVER_COMMANDS_H
