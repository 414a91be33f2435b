// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an op was made from, kept in its location through fusion: the module that called for it, and the primitive.

#ifndef RUNE_DIALECT_ORIGIN_H
#define RUNE_DIALECT_ORIGIN_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

#include <string>
#include <vector>

namespace rune {

struct Origin {
  std::string scope;     // the module's path, "" for the model itself, its loss and its optimizer
  std::string primitive; // "matmul"
  bool backward = false; // part of the gradient of that

  bool operator==(const Origin &other) const {
    return scope == other.scope && primitive == other.primitive && backward == other.backward;
  }
};

/// The location of ops that come from the gradient of an op at this one.
mlir::Location backwardOf(mlir::Location location);
/// The location of ops that a primitive is lowered to.
mlir::Location withOrigin(mlir::Operation *primitive);
/// The origins in a location, each once, in order.
void addOrigins(mlir::Location location, std::vector<Origin> &origins);
/// The place in a file that a location goes back to, or null.
mlir::FileLineColLoc fileOf(mlir::Location location);

} // namespace rune

#endif // RUNE_DIALECT_ORIGIN_H
