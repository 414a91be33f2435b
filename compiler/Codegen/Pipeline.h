// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The straight line from imported IR to loops: every stage in order, once.

#ifndef RUNE_CODEGEN_PIPELINE_H
#define RUNE_CODEGEN_PIPELINE_H

#include "mlir/Pass/PassManager.h"

#include <map>
#include <optional>
#include <string>

namespace rune {

/// What `--emit` names; each stage includes those before it.
enum class Stage { Module, Registry, Graph, Grad, Linalg, Memory, Loops };

struct PipelineOptions {
  std::string targetCpu = "native"; // as describeTarget takes it
  bool fma = true;                  // whether that processor has it
  bool threads = true;              // kernels may use several
  bool hooks = true;                // compile hooked variants too
  bool exact = false;               // simplify by rules that change no bit, alone
  bool bf16 = false;                // products of bfloat16
  int64_t memoryBudget = 0;         // the bytes of a workspace at `sizes`; 0: any
  std::map<std::string, int64_t> sizes;
};

/// Adds the passes after stage `from` up to and including stage `to`.
void addStages(mlir::OpPassManager &passes, Stage from, Stage to, const PipelineOptions &options);

} // namespace rune

#endif // RUNE_CODEGEN_PIPELINE_H
