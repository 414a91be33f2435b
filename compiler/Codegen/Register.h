// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_REGISTER_H
#define RUNE_CODEGEN_REGISTER_H

#include "mlir/IR/DialectRegistry.h"

namespace rune {

/// The dialects of every stage and the external models that code generation attaches to them.
void registerAllDialects(mlir::DialectRegistry &registry);

void registerBufferizationModels(mlir::DialectRegistry &registry);

} // namespace rune

#endif // RUNE_CODEGEN_REGISTER_H
