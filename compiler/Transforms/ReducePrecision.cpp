// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/RuneDialect.h"
#include "Transforms/Passes.h"

namespace rune {
#define GEN_PASS_DEF_REDUCEPRECISION
#include "Transforms/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct ReducePrecisionPass : rune::impl::ReducePrecisionBase<ReducePrecisionPass> {
  void runOnOperation() override {
    getOperation().walk([](MatmulOp op) {
      if (op.getType().getElementType().isF32())
        op.setBf16(true);
    });
  }
};

} // namespace
