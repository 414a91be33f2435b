// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_PASSES_H
#define RUNE_CODEGEN_PASSES_H

#include "Dialect/RuneDialect.h"

#include "mlir/Pass/Pass.h"

namespace rune {

#define GEN_PASS_DECL
#include "Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Codegen/Passes.h.inc"

} // namespace rune

#endif // RUNE_CODEGEN_PASSES_H
