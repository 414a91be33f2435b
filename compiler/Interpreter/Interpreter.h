// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the primitives mean, element by element: slow, and meant to be obviously right. The code generator is held
// against it. Floats are computed as f64 and rounded to the result's dtype after each op; sums are rounded once.

#ifndef RUNE_INTERPRETER_INTERPRETER_H
#define RUNE_INTERPRETER_INTERPRETER_H

#include "Dialect/RuneDialect.h"
#include "Interpreter/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>

namespace rune::interpreter {

/// What a call gave.
struct Outcome {
  int32_t status = 0; // as compiled functions return it (rune_status)
  std::vector<Tensor> results;
};

class Interpreter {
public:
  std::map<std::string, int64_t> symbols;
  std::map<std::string, Tensor> members; // a tied one under the name that it shares

  /// Fails, with an error at the op, where an op has no meaning here. What no result and no check needs is skipped.
  llvm::FailureOr<Outcome> call(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> inputs);

  int64_t evaluate(const DimExpr &dim) const;
  Shape evaluate(llvm::ArrayRef<DimExpr> dims) const;

private:
  using Values = llvm::DenseMap<mlir::Value, Tensor>;

  llvm::LogicalResult execute(mlir::Operation *op, Values &values, int32_t &status);
  llvm::LogicalResult executeCall(CallOp op, Values &values, int32_t &status);
  llvm::FailureOr<Tensor> member(GetOp op);
};

/// Whether each of these knows the op, and what it makes of it.
std::optional<Tensor> evaluateElementwise(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands);
std::optional<Tensor> evaluateMove(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands,
                                   const Interpreter &interpreter, int32_t &status);
std::optional<Tensor> evaluateSum(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands);
/// The results of attention and of its gradient; empty where the op is neither.
std::vector<Tensor> evaluateAttention(mlir::Operation *op, llvm::ArrayRef<const Tensor *> operands);

} // namespace rune::interpreter

#endif // RUNE_INTERPRETER_INTERPRETER_H
