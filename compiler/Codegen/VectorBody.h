// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar code in a kernel, lane by lane: what is the same in every lane stays scalar.

#ifndef RUNE_CODEGEN_VECTORBODY_H
#define RUNE_CODEGEN_VECTORBODY_H

#include "Codegen/Kernel.h"

namespace rune {

class VectorBody {
public:
  VectorBody(Kernel &kernel, int64_t lanes) : kernel(kernel), lanes(lanes) {}

  void map(mlir::Value scalar, mlir::Value value) { values[scalar] = value; }
  /// The value in the kernel: a vector or, where all lanes agree, a scalar.
  mlir::Value get(mlir::Value scalar);
  mlir::Value getVector(mlir::Value scalar) { return spread(kernel, get(scalar), lanes); }

  /// Writes an op of arith or math for every lane. `maximumf` and the like become compares and selects.
  void emit(mlir::Operation *op);

private:
  Kernel &kernel;
  int64_t lanes;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
};

/// The larger of two floats or vectors, NaN where either is.
mlir::Value emitMaximum(Kernel &kernel, mlir::Value x, mlir::Value y);

} // namespace rune

#endif // RUNE_CODEGEN_VECTORBODY_H
