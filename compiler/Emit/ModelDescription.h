// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What rune_model (rune/table.h) holds, as a value that the compiler builds: the header, the tables of an object file
// and those in memory are all made from it. The fields are those of table.h, where they are explained.

#ifndef RUNE_EMIT_MODELDESCRIPTION_H
#define RUNE_EMIT_MODELDESCRIPTION_H

#include "rune/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rune {

/// The words of a rune_expr.
struct SizeExpression {
  std::vector<int64_t> code;

  static SizeExpression constant(int64_t value) { return {{RUNE_PUSH, value}}; }
  static SizeExpression symbol(int64_t index) { return {{RUNE_SYMBOL, index}}; }
  /// The symbol that stands alone in it, or -1.
  int64_t bareSymbol() const { return code.size() == 2 && code[0] == RUNE_SYMBOL ? code[1] : -1; }
};

/// A compiled function: its symbol for an object file, its address for a run in this process. Both empty: there is
/// none.
struct KernelReference {
  std::string symbol;
  rune_kernel address = nullptr;
};

struct ModuleDescription {
  std::string name, key, type, extraRepr;
  int32_t parent = -1;
  rune_module_kind kind = RUNE_PLAIN;
};

struct MemberDescription {
  std::string name;
  rune_member_kind kind = RUNE_PARAMETER;
  rune_dtype dtype = RUNE_F32;
  int32_t module = 0, alias = 0, flags = 0;
  std::vector<int64_t> shape;
  std::vector<rune_storage> storages;
};

struct InitStepDescription {
  int32_t member = 0;
  rune_scheme scheme = RUNE_EMPTY;
  double args[4] = {0, 0, 0, 0};
  std::string nonlinearity; // kaiming; "" is null in the table
  KernelReference function; // RUNE_COMPUTED
  std::vector<int32_t> reads;
  bool fanOut = false, discarded = false;
  int32_t workspaceBytes = 0;
};

struct ValueDescription {
  std::string name;
  rune_dtype dtype = RUNE_F32;
  int32_t rank = 0; // -1: a run-time integer, whose dims are empty or the one symbol that it is
  std::vector<SizeExpression> dims;
};

struct CheckDescription {
  std::string message;
  std::vector<SizeExpression> args;
};

struct HookSiteDescription {
  int32_t module = 0, phase = 0, inputCount = 0;
  std::vector<ValueDescription> tensors;
};

struct EntryDescription {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<ValueDescription> inputs, outputs;
  std::vector<CheckDescription> checks;
  std::vector<HookSiteDescription> hookSites;
  KernelReference function;
  SizeExpression workspaceBytes;
  KernelReference hookedFunction;
  SizeExpression hookedWorkspaceBytes;
};

struct ModelDescription {
  rune_dtype dtype = RUNE_F32;
  std::string name;
  int64_t stateBytes = 0;
  std::vector<ModuleDescription> modules;
  std::vector<MemberDescription> members;
  std::vector<InitStepDescription> initSteps;
  std::vector<EntryDescription> entries; // the first is forward
};

} // namespace rune

#endif // RUNE_EMIT_MODELDESCRIPTION_H
