// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model as data: what rune_model of the runtime's table.h says, owned. Describe fills it from the IR; the
// header, the tables in an object file and the tables of a run in this process are made from it.

#ifndef RUNE_EMIT_MODELDESCRIPTION_H
#define RUNE_EMIT_MODELDESCRIPTION_H

#include "rune/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rune {

/// Words of a rune_expr.
using ExprCode = std::vector<int64_t>;

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
};

struct ValueDescription {
  std::string name;
  int32_t dtype = RUNE_F32;
  bool integer = false; // a run-time integer: no dims
  std::vector<ExprCode> dims;
  std::vector<std::string> dimTexts; // as the spec says them: "batch", "784", "2*n + 1"
};

struct CheckDescription {
  std::string message;
  std::vector<ExprCode> args;
};

struct HookSiteDescription {
  int32_t module = 0;
  int32_t phase = 0;
  std::vector<ValueDescription> tensors;
};

struct EntryDescription {
  std::string name; // "forward"
  std::vector<std::string> symbols;
  std::vector<ValueDescription> inputs, outputs;
  std::vector<CheckDescription> checks;
  std::vector<HookSiteDescription> hookSites;
  std::string function, hookedFunction; // symbols; hookedFunction is "" where that variant was not compiled
  ExprCode workspaceBytes, hookedWorkspaceBytes;
};

struct ModelDescription {
  std::string name; // the entry module's: "MnistMlp"
  std::string stem; // of the spec's file, as a C identifier: prefix of every exported symbol
  int32_t dtype = RUNE_F32;
  int64_t stateBytes = 0;
  std::vector<ModuleDescription> modules;
  std::vector<MemberDescription> members;
  std::vector<InitStepDescription> initSteps;
  std::vector<EntryDescription> entries;
};

} // namespace rune

#endif // RUNE_EMIT_MODELDESCRIPTION_H
