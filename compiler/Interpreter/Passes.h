// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_INTERPRETER_PASSES_H
#define RUNE_INTERPRETER_PASSES_H

#include "mlir/Pass/Pass.h"

namespace rune {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "Interpreter/Passes.h.inc"

} // namespace rune

#endif // RUNE_INTERPRETER_PASSES_H
