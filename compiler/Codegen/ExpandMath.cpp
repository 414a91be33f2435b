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
#include "mlir/IR/BuiltinOps.h"
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

/// The expansion of op on these operands, or null where there is none.
Value expand(MathBuilder &b, Operation *op, ValueRange operands) {
  Value x = operands[0];
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
      .Case([&](math::PowFOp) { return expandPow(b, x, operands[1]); })
      .Case([&](arith::RemFOp) { return expandRem(b, x, operands[1]); })
      .Case([&](math::RsqrtOp) { return b.div(b.c(1), b.sqrt(x)); })
      .Default([](Operation *) { return Value(); });
}

class Expander {
public:
  /// With a module, each function is expanded once, in a function of its own.
  Expander(bool fused, ModuleOp outlineInto) : fused(fused), outlineInto(outlineInto) {}

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
    Value result = outlineInto ? callOutlined(builder, op) : build(builder, op, op->getOperands());
    if (!result)
      return op->emitOpError("has no expansion");
    replace(op, result);
    return success();
  }

private:
  Value build(OpBuilder &builder, Operation *op, ValueRange operands) {
    Block &entry = *builder.getInsertionBlock();
    ConstantPool &pool = outlineInto ? poolOf(entry) : poolFor(op);
    MathBuilder b(builder, op->getLoc(), op->getResult(0).getType(), fused, pool);
    return expand(b, op, operands);
  }

  /// "math.exp.f32x16": the operation, and what it is on.
  static std::string nameOf(Operation *op) {
    Type type = op->getResult(0).getType();
    std::string name;
    llvm::raw_string_ostream os(name);
    os << "math." << op->getName().stripDialect() << '.' << getElementTypeOrSelf(type);
    if (auto vector = dyn_cast<VectorType>(type))
      os << 'x' << vector.getNumElements();
    return name;
  }

  Value callOutlined(OpBuilder &builder, Operation *op) {
    func::FuncOp &function = outlined[nameOf(op)];
    if (!function) {
      OpBuilder top = OpBuilder::atBlockBegin(outlineInto.getBody());
      function = func::FuncOp::create(top, op->getLoc(), nameOf(op),
                                      top.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
      function.setPrivate();
      function->setAttr("rune.math", top.getStringAttr(op->getName().stripDialect()));
      OpBuilder body = OpBuilder::atBlockEnd(function.addEntryBlock());
      Value result = build(body, op, function.getArguments());
      if (!result)
        return {};
      func::ReturnOp::create(body, op->getLoc(), result);
    }
    return func::CallOp::create(builder, op->getLoc(), function, op->getOperands()).getResult(0);
  }

  void replace(Operation *op, Value result) {
    op->replaceAllUsesWith(ValueRange(result));
    op->erase();
  }

  ConstantPool &poolFor(Operation *op) {
    return poolOf(op->getParentWithTrait<OpTrait::IsIsolatedFromAbove>()->getRegion(0).front());
  }

  ConstantPool &poolOf(Block &entry) {
    std::unique_ptr<ConstantPool> &pool = pools[&entry];
    if (!pool)
      pool = std::make_unique<ConstantPool>(entry);
    return *pool;
  }

  bool fused;
  ModuleOp outlineInto;
  std::map<std::string, func::FuncOp> outlined;
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
    Expander expander(/*fused=*/!splitFma, outline ? dyn_cast<ModuleOp>(getOperation()) : ModuleOp());
    if (splitFma)
      llvm::for_each(fmas, [&](Operation *op) { expander.split(op); });
    for (Operation *op : functions)
      if (failed(expander.expandFunction(op)))
        signalPassFailure();
  }
};

} // namespace
} // namespace rune
