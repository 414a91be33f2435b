// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass expand-math: finds the elementary functions and puts their expansions in their place.

#include "Codegen/ExpandMath.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"

namespace rune {
#define GEN_PASS_DEF_EXPANDMATH
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;

namespace rune {
namespace {

/// What runs as one instruction on every target.
bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::FloorOp, math::FmaOp, math::RoundEvenOp,
             math::SqrtOp, math::TruncOp>(op);
}

bool isExpandable(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  if (vector && (vector.getRank() != 1 || vector.isScalable()))
    return false;
  Type element = getElementTypeOrSelf(type);
  return (vector || element == type) && (element.isF32() || element.isF64());
}

/// The expansion of op, or null where there is none.
Value expand(MathBuilder &b, Operation *op) {
  Value x = op->getOperand(0);
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp) { return expandExp(b, x); })
      .Case([&](math::Exp2Op) { return expandExp2(b, x); })
      .Case([&](math::ExpM1Op) { return expandExpM1(b, x); })
      .Case([&](math::TanhOp) { return expandTanh(b, x); })
      .Case([&](math::ErfOp) { return expandErf(b, x); })
      .Case([&](math::LogOp) { return expandLog(b, x); })
      .Case([&](math::Log2Op) { return expandLog2(b, x); })
      .Case([&](math::Log1pOp) { return expandLog1p(b, x); })
      .Case([&](math::SinOp) { return expandSin(b, x); })
      .Case([&](math::CosOp) { return expandCos(b, x); })
      .Case([&](math::PowFOp power) { return expandPow(b, x, power.getRhs()); })
      .Case([&](arith::RemFOp rem) { return expandRem(b, x, rem.getRhs()); })
      .Case([&](math::RsqrtOp) { return b.div(b.c(1), b.sqrt(x)); })
      .Default([](Operation *) { return Value(); });
}

class Expander {
public:
  explicit Expander(bool fused) : fused(fused) {}

  /// math.fma and vector.fma as two operations.
  void split(Operation *op) {
    OpBuilder builder(op);
    MathBuilder b(builder, op->getLoc(), op->getResult(0).getType(), /*fused=*/false, poolFor(op));
    replace(op, b.fma(op->getOperand(0), op->getOperand(1), op->getOperand(2)));
  }

  LogicalResult expandFunction(Operation *op) {
    Type type = op->getResult(0).getType();
    if (!isExpandable(type))
      return op->emitOpError("expected f32 or f64, or a 1-D vector of them, but got ") << type;
    OpBuilder builder(op);
    MathBuilder b(builder, op->getLoc(), type, fused, poolFor(op));
    Value result = expand(b, op);
    if (!result)
      return op->emitOpError("has no expansion");
    replace(op, result);
    return success();
  }

private:
  void replace(Operation *op, Value result) {
    op->replaceAllUsesWith(ValueRange(result));
    op->erase();
  }

  ConstantPool &poolFor(Operation *op) {
    Block &entry = op->getParentWithTrait<OpTrait::IsIsolatedFromAbove>()->getRegion(0).front();
    std::unique_ptr<ConstantPool> &pool = pools[&entry];
    if (!pool)
      pool = std::make_unique<ConstantPool>(entry);
    return *pool;
  }

  bool fused;
  llvm::DenseMap<Block *, std::unique_ptr<ConstantPool>> pools;
};

class ExpandMath : public impl::ExpandMathBase<ExpandMath> {
public:
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    SmallVector<Operation *> functions, fmas;
    getOperation()->walk([&](Operation *op) {
      if (isa<math::FmaOp, vector::FMAOp>(op))
        fmas.push_back(op);
      else if (isa<arith::RemFOp>(op) || (isa<math::MathDialect>(op->getDialect()) && !isInstruction(op)))
        functions.push_back(op);
    });
    Expander expander(/*fused=*/!splitFma);
    if (splitFma)
      llvm::for_each(fmas, [&](Operation *op) { expander.split(op); });
    for (Operation *op : functions)
      if (failed(expander.expandFunction(op)))
        signalPassFailure();
  }
};

} // namespace
} // namespace rune
