// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which matrix products read a member as panels.

#ifndef RUNE_CODEGEN_PANELS_H
#define RUNE_CODEGEN_PANELS_H

#include "Dialect/RuneDialect.h"

namespace rune {

/// Elements in a panel's row, 64 bytes of them on every target, so that memory is laid out alike.
int64_t panelLanes(mlir::Type element);

/// Whether a transpose exchanges the last two dimensions and nothing else.
bool swapsLastTwo(TransposeOp op);

/// The member behind the right side of a product, seen as [k, n] with strides in its row-major order.
struct MemberMatrix {
  llvm::StringRef member;
  int64_t n, k, nStride, kStride;
};
std::optional<MemberMatrix> findMemberMatrix(MatmulOp op);

/// The storage that `choose-layouts` gave the product's right side.
struct MemberPanels {
  llvm::StringRef member;
  unsigned storage;
};
std::optional<MemberPanels> findMemberPanels(MatmulOp op);

/// The storage of a member that rune.get_panels reads: the panels of its transpose.
std::optional<unsigned> findUpdatePanels(mlir::Operation *owner);

} // namespace rune

#endif // RUNE_CODEGEN_PANELS_H
