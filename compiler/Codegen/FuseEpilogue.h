// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_FUSEEPILOGUE_H
#define RUNE_CODEGEN_FUSEEPILOGUE_H

#include "mlir/IR/PatternMatch.h"

namespace rune {

/// An elementwise op that alone reads a `rune.contract`, where it writes, becomes its epilogue.
void populateFuseEpiloguePatterns(mlir::RewritePatternSet &patterns);

} // namespace rune

#endif // RUNE_CODEGEN_FUSEEPILOGUE_H
