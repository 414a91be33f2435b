// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries of a rune module compiled in this process, called, and held against the interpreter.

#ifndef RUNE_TEST_DIFFERENTIALCALLS_H
#define RUNE_TEST_DIFFERENTIALCALLS_H

#include "Interpreter/Interpreter.h"
#include "KernelHarness.h"

namespace rune::test {

/// A module compiled for one processor, and how its functions want their arenas.
struct Compiled {
  TargetDesc target;
  std::unique_ptr<Jit> jit;
  llvm::StringMap<rune_kernel> kernels;
  llvm::StringMap<DimExpr> workspaces;                // bytes
  llvm::StringMap<std::vector<StorageAttr>> storages; // of members
  int64_t stateBytes = 0;
};

/// Ends the program with a message where the module does not compile.
Compiled compile(mlir::ModuleOp module, const TargetDesc &target);

/// Calls the entry with drawn sizes and inputs. What is wrong, in words, or nothing.
std::string checkCalls(mlir::func::FuncOp function, const std::vector<Compiled> &compiled, unsigned rounds,
                       unsigned seed);

} // namespace rune::test

#endif // RUNE_TEST_DIFFERENTIALCALLS_H
