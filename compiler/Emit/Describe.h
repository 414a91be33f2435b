// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the IR to the description of a model, in two readings: the graph tells the interface, the planned memory where
// everything lies.

#ifndef RUNE_EMIT_DESCRIBE_H
#define RUNE_EMIT_DESCRIBE_H

#include "Dialect/RuneDialect.h"
#include "Emit/ModelDescription.h"

#include "mlir/IR/BuiltinOps.h"

namespace rune {

/// The symbol that an object file exports for a function of the IR: "<stem>_<name>", odd characters made safe.
std::string kernelSymbol(llvm::StringRef stem, llvm::StringRef function);

/// Reads modules, members, steps of initialisation and entries at the stage `graph`.
ModelDescription describeGraph(RuneModuleOp module, llvm::StringRef stem);

/// Adds storages and sizes of arenas at the stage `memory` or after it.
void describeMemory(ModelDescription &description, mlir::ModuleOp module, llvm::StringRef stem);

} // namespace rune

#endif // RUNE_EMIT_DESCRIBE_H
