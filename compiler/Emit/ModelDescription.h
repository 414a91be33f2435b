// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What rune_model (rune/table.h) holds, as a value that the compiler builds: the header, the tables of an object file
// and those in memory are all made from it. The fields are those of table.h, where they are explained.

#ifndef RUNE_EMIT_MODELDESCRIPTION_H
#define RUNE_EMIT_MODELDESCRIPTION_H

#include "rune/table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rune {

/// The words of a rune_expr.
using ExprCode = std::vector<int64_t>;

inline ExprCode constantExpr(int64_t value) { return {RUNE_PUSH, value}; }
inline ExprCode symbolExpr(int64_t index) { return {RUNE_SYMBOL, index}; }
/// The symbol that stands alone in the expression, or -1.
inline int64_t bareSymbol(const ExprCode &code) { return code.size() == 2 && code[0] == RUNE_SYMBOL ? code[1] : -1; }

struct MemberDescription {
  std::string name;
  int32_t kind = RUNE_PARAMETER;
  int32_t dtype = RUNE_F32;
  int32_t module = 0;
  int32_t alias = 0;
  int32_t flags = 0;
  std::vector<int64_t> shape;
  std::vector<rune_storage> storages;
};

struct ModuleDescription {
  std::string name, key, type, extraRepr;
  int32_t parent = -1;
  int32_t kind = RUNE_PLAIN;
};

struct InitStepDescription {
  int32_t member = 0;
  int32_t scheme = RUNE_EMPTY;
  double args[4] = {0, 0, 0, 0};
  std::string nonlinearity; // "" where the scheme has none
  std::string function;     // RUNE_COMPUTED: the symbol of the compiled function; else ""
  std::vector<int32_t> reads;
  bool fanOut = false;
  bool discarded = false;
  int32_t workspaceBytes = 0;
};

struct ValueDescription {
  std::string name;
  int32_t dtype = RUNE_F32;
  bool integer = false;       // a run-time integer, of dtype i64
  std::vector<ExprCode> dims; // of an integer: none, or the one symbol that it is
};

struct CheckDescription {
  std::string message;
  std::vector<ExprCode> args;
};

struct HookSiteDescription {
  int32_t module = 0;
  int32_t phase = 0;
  int32_t inputCount = 0;
  std::vector<ValueDescription> tensors;
  std::vector<int32_t> places;
  int32_t moduleInputs = 0, moduleOutputs = 0;
};

struct EntryDescription {
  std::string name; // "forward"
  std::vector<std::string> symbols;
  std::vector<ValueDescription> inputs, outputs;
  std::vector<CheckDescription> checks;
  std::vector<HookSiteDescription> hookSites;
  int32_t flags = 0;
  std::vector<std::string> writes;      // the members that it gives new values; in no table
  std::string function, hookedFunction; // symbols; hookedFunction is "" where that variant was not compiled
  ExprCode workspaceBytes, hookedWorkspaceBytes;
};

struct SlotDescription {
  std::string name;
  int32_t kind = RUNE_GRADIENT;
  int32_t member = -1;
  int32_t phase = -1;
  int32_t dtype = RUNE_F32;
  std::vector<int64_t> shape;
  std::vector<rune_storage> storages;
  double initial = 0;
};

struct PhaseDescription {
  std::string name;
  EntryDescription loss, backward, update;
  std::optional<EntryDescription> step, metric, inputGradients, hookedLoss, hookedBackward;
  std::vector<int32_t> parameters;
  int32_t accumulate = 1;
};

struct TrainingDescription {
  int64_t bytes = 0;
  std::vector<SlotDescription> slots;
  std::vector<PhaseDescription> phases;
  EntryDescription evaluate;
  int32_t inputCount = 0;
};

struct ModelDescription {
  std::string name; // the entry module's: "MnistMlp"
  std::string stem; // of the spec's file: "mnist_mlp"
  int32_t dtype = RUNE_F32;
  int64_t stateBytes = 0;
  std::vector<ModuleDescription> modules;
  std::vector<MemberDescription> members;
  std::vector<InitStepDescription> initSteps;
  std::vector<EntryDescription> entries; // the first is forward
  std::optional<TrainingDescription> training;
  std::optional<EntryDescription> trainingForward;
};

/// Every compiled function but those of init steps.
template <typename Description, typename Visit> void forEachEntry(Description &description, Visit visit) {
  for (auto &entry : description.entries)
    visit(entry);
  if (description.trainingForward)
    visit(*description.trainingForward);
  if (!description.training)
    return;
  visit(description.training->evaluate);
  for (auto &phase : description.training->phases) {
    for (auto *entry : {&phase.loss, &phase.backward, &phase.update})
      visit(*entry);
    for (auto *entry : {&phase.step, &phase.metric, &phase.inputGradients, &phase.hookedLoss, &phase.hookedBackward})
      if (*entry)
        visit(**entry);
  }
}

} // namespace rune

#endif // RUNE_EMIT_MODELDESCRIPTION_H
