// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_TRANSFORMS_FOLDNORMALIZATION_H
#define RUNE_TRANSFORMS_FOLDNORMALIZATION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rune {

/// Folds chains like `(x + bias − mean) / sqrt(var + eps) · weight + beta`, whose operands but x depend on members
/// only, into `x · scale + shift`, scale and shift being computed once a call from tensors as small as a bias. Changes
/// rounding. Warns of a bias that a batch norm subtracts away. Tested in test/Transforms/simplify/batch-norm.mlir.
void foldNormalizations(mlir::func::FuncOp function);

} // namespace rune

#endif // RUNE_TRANSFORMS_FOLDNORMALIZATION_H
