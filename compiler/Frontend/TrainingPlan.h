// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The section `training` with its names resolved: which loss, which optimizer for which parameter, which schedule.

#ifndef RUNE_FRONTEND_TRAININGPLAN_H
#define RUNE_FRONTEND_TRAININGPLAN_H

#include "Frontend/Spec.h"
#include "Frontend/Value.h"

#include "llvm/ADT/StringMap.h"

namespace rune {

struct Instance;
struct Slot;

struct TrainedParameter {
  Slot *slot = nullptr;          // under its first name
  Instance *optimizer = nullptr; // with the arguments of its group
};

/// What one optimizer trains by one loss.
struct PhasePlan {
  std::string name; // "" where the section has no `phases`
  SourceLoc loc;
  // The loss: a module, or statements over inputs, targets and `model`.
  Instance *lossModule = nullptr;
  const Node *lossBody = nullptr;
  llvm::StringMap<Value> lossArguments;
  SourceLoc lossLoc;
  // Without an optimizer the phase has a loss and gradients only.
  Instance *optimizer = nullptr;
  std::vector<TrainedParameter> parameters;
  Instance *schedule = nullptr;
  const Node *scheduleExpression = nullptr;
  bool everyEpoch = false;
  std::optional<double> clipNorm, clipValue, average;
  int64_t accumulate = 1;
};

struct TrainingPlan {
  std::vector<InputDecl> targets;
  std::vector<PhasePlan> phases;
};

} // namespace rune

#endif // RUNE_FRONTEND_TRAININGPLAN_H
