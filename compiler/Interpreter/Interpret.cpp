// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Interpreter/Interpreter.h"
#include "Interpreter/Passes.h"

#include "mlir/IR/Builders.h"

namespace rune {
#define GEN_PASS_DEF_INTERPRET
#include "Interpreter/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct InterpretPass : rune::impl::InterpretBase<InterpretPass> {
  void runOnOperation() override {
    getOperation()->walk([&](func::FuncOp function) {
      if (function.getNumArguments() == 0 && !function.isDeclaration() && failed(interpret(function)))
        signalPassFailure();
    });
  }

private:
  LogicalResult interpret(func::FuncOp function) {
    auto outcome = interpreter::Interpreter().call(function, {});
    if (failed(outcome))
      return failure();
    if (outcome->status != 0)
      return function.emitError() << "the call fails with status " << outcome->status;
    Operation *terminator = function.getBody().front().getTerminator();
    OpBuilder builder(terminator);
    for (auto [i, result] : llvm::enumerate(outcome->results))
      terminator->setOperand(i, ConstantOp::create(builder, function.getLoc(), result.toAttribute(&getContext())));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (&op != terminator && op.use_empty())
        op.erase();
    return success();
  }
};

} // namespace
