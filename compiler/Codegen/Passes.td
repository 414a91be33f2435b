// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_PASSES_TD
#define RUNE_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

#endif // RUNE_CODEGEN_PASSES_TD
