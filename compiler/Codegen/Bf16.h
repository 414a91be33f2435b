// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bfloat16 as words of integers, for processors without it: f32, or vectors of it, in and out.

#ifndef RUNE_CODEGEN_BF16_H
#define RUNE_CODEGEN_BF16_H

#include "mlir/IR/Builders.h"

namespace rune {

/// To nearest even, what is smaller than 2^-126 to a zero of its sign; still as f32.
mlir::Value roundToBf16(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
/// Two rounded numbers in a word, the first in its low half.
mlir::Value pairOfBf16(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value first, mlir::Value second);
/// The numbers of such a word, as f32.
mlir::Value firstOfPair(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value pair);
mlir::Value secondOfPair(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value pair);
/// A zero of x's sign where |x| is smaller than 2^-126, else x.
mlir::Value flushSubnormal(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace rune

#endif // RUNE_CODEGEN_BF16_H
