// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the gradient rules of single primitives are written with.

#ifndef RUNE_GRADIENTS_OPGRADIENTS_H
#define RUNE_GRADIENTS_OPGRADIENTS_H

#include "Dialect/Origin.h"
#include "Dialect/RuneDialect.h"

#include "mlir/IR/Builders.h"

namespace rune {

/// One op's vector-Jacobian product in the making: cotangents of its results in, shares of its operands out.
class OpGradients {
public:
  OpGradients(mlir::OpBuilder &builder, mlir::Operation *op, llvm::ArrayRef<mlir::Value> cotangents,
              llvm::ArrayRef<bool> needed)
      : builder(builder), loc(backwardOf(op->getLoc())), cotangents(cotangents), needed(needed),
        shares(op->getNumOperands()) {}

  mlir::OpBuilder &builder;
  const mlir::Location loc;

  mlir::Value cotangent(unsigned result = 0) const { return cotangents[result]; }
  bool needs(unsigned operand) const { return needed[operand]; }
  void add(unsigned operand, mlir::Value value);
  mlir::Value share(unsigned operand) const { return shares[operand]; }

  template <typename Op> mlir::Value unary(mlir::Value x) { return Op::create(builder, loc, x.getType(), x); }
  template <typename Op> mlir::Value binary(mlir::Value x, mlir::Value y) {
    return Op::create(builder, loc, x.getType(), x, y);
  }
  mlir::Value neg(mlir::Value x) { return unary<NegOp>(x); }
  mlir::Value plus(mlir::Value x, mlir::Value y) { return binary<AddOp>(x, y); }
  mlir::Value minus(mlir::Value x, mlir::Value y) { return binary<SubOp>(x, y); }
  mlir::Value times(mlir::Value x, mlir::Value y) { return binary<MulOp>(x, y); }
  mlir::Value over(mlir::Value x, mlir::Value y) { return binary<DivOp>(x, y); }
  /// A number everywhere, with the shape and dtype of `like`.
  mlir::Value number(double value, mlir::Value like) { return number(value, like.getType()); }
  mlir::Value number(double value, mlir::Type type);
  mlir::Value times(mlir::Value x, double factor) { return times(x, number(factor, x)); }
  mlir::Value compare(Predicate predicate, mlir::Value x, mlir::Value y);
  mlir::Value compare(Predicate predicate, mlir::Value x, double y) { return compare(predicate, x, number(y, x)); }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  /// `x` where the condition holds, 0 elsewhere.
  mlir::Value where(mlir::Value condition, mlir::Value x) { return select(condition, x, number(0, x)); }
  mlir::Value cast(mlir::Value x, mlir::Type element);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<DimExpr> dims);
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<DimExpr> dims);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);
  /// With the last two dimensions swapped.
  mlir::Value transposeLast(mlir::Value x);
  mlir::Value slice(mlir::Value x, llvm::ArrayRef<DimExpr> starts, llvm::ArrayRef<DimExpr> sizes);
  /// With zeros around.
  mlir::Value pad(mlir::Value x, llvm::ArrayRef<DimExpr> low, llvm::ArrayRef<DimExpr> high);
  mlir::Value reduceSum(mlir::Value x, llvm::ArrayRef<int64_t> dims);
  /// Repeated along the dimensions that a reduction took away.
  mlir::Value unreduce(mlir::Value x, llvm::ArrayRef<int64_t> dims, llvm::ArrayRef<DimExpr> shape);
  mlir::Value matmul(mlir::Value x, mlir::Value y);

private:
  DimsAttr attr(llvm::ArrayRef<DimExpr> dims) { return DimsAttr::get(builder.getContext(), dims); }

  llvm::ArrayRef<mlir::Value> cotangents;
  llvm::ArrayRef<bool> needed;
  llvm::SmallVector<mlir::Value> shares;
};

/// Attaches the rules of all primitives.
void registerGradients(mlir::DialectRegistry &registry);

void registerScalarGradients(mlir::DialectRegistry &registry);
void registerShapeGradients(mlir::DialectRegistry &registry);
void registerReductionGradients(mlir::DialectRegistry &registry);

/// The external model of an op whose rule is a function `vjp(Op, OpGradients &)`.
template <typename Op, void (*rule)(Op, OpGradients &)>
struct GradientModel : DifferentiableOpInterface::ExternalModel<GradientModel<Op, rule>, Op> {
  void vjp(mlir::Operation *op, OpGradients &gradients) const { rule(llvm::cast<Op>(op), gradients); }
};

} // namespace rune

#endif // RUNE_GRADIENTS_OPGRADIENTS_H
