// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes primitives into the function being imported. Its operands were checked before.

#ifndef RUNE_FRONTEND_EMITTER_H
#define RUNE_FRONTEND_EMITTER_H

#include "Dialect/RuneDialect.h"
#include "Frontend/ModuleTree.h"

#include "mlir/IR/Builders.h"

namespace rune {

using Dims = llvm::SmallVector<DimExpr>;

class Emitter {
public:
  Emitter(mlir::OpBuilder builder, ElementKind defaultFloat, mlir::Location loc)
      : builder(builder), defaultFloat(defaultFloat), loc(loc) {}

  mlir::OpBuilder builder;
  const ElementKind defaultFloat;
  mlir::Location loc;
  /// A shape that has more elements than can be counted; its tensors are made empty until somebody reports it.
  std::optional<std::string> overflowed;
  /// The value of a member in this function.
  std::function<mlir::Value(const Slot &)> readMember;

  void setLoc(SourceLoc place);
  mlir::Type elementType(ElementKind type);
  mlir::RankedTensorType tensorType(llvm::ArrayRef<DimExpr> dims, ElementKind type);

  mlir::Value constant(ElementKind type, double value);
  mlir::Value integer(int64_t value);
  /// A tensor of numbers; `count` of them, in row-major order.
  mlir::Value constantTensor(ElementKind type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  mlir::Value dim(const DimExpr &expr);
  mlir::Value iota(const DimExpr &size);
  mlir::Value full(llvm::ArrayRef<DimExpr> dims, ElementKind type, double value);

  mlir::Value cast(mlir::Value input, ElementKind type);
  mlir::Value broadcast(mlir::Value input, llvm::ArrayRef<DimExpr> dims);
  mlir::Value reshape(mlir::Value input, llvm::ArrayRef<DimExpr> dims);
  mlir::Value transpose(mlir::Value input, llvm::ArrayRef<int64_t> permutation);
  mlir::Value slice(mlir::Value input, llvm::ArrayRef<DimExpr> starts, llvm::ArrayRef<DimExpr> sizes,
                    llvm::ArrayRef<int64_t> steps);
  /// A slice of one dimension.
  mlir::Value slice(mlir::Value input, int64_t dim, const DimExpr &start, const DimExpr &size, int64_t step = 1);
  mlir::Value pad(mlir::Value input, mlir::Value value, llvm::ArrayRef<DimExpr> low, llvm::ArrayRef<DimExpr> high);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> inputs, int64_t dim);
  mlir::Value gather(mlir::Value input, mlir::Value indices, int64_t dim);
  mlir::Value compare(Predicate predicate, mlir::Value lhs, mlir::Value rhs);
  mlir::Value select(mlir::Value condition, mlir::Value lhs, mlir::Value rhs);
  mlir::Value matmul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value reduceSum(mlir::Value input, llvm::ArrayRef<int64_t> dims);
  mlir::Value reduceMax(mlir::Value input, llvm::ArrayRef<int64_t> dims);
  mlir::Value argmax(mlir::Value input, int64_t dim);
  void check(mlir::Value condition, llvm::StringRef message, llvm::ArrayRef<DimExpr> args);

  template <typename Op> mlir::Value unary(mlir::Value input) {
    return mlir::cast<mlir::Value>(Op::create(builder, loc, input.getType(), input).getResult());
  }
  template <typename Op> mlir::Value binary(mlir::Value lhs, mlir::Value rhs) {
    return mlir::cast<mlir::Value>(Op::create(builder, loc, lhs.getType(), lhs, rhs).getResult());
  }
  mlir::Value logicalNot(mlir::Value input);
  /// With a dimension of size 1 put in at `dim`.
  mlir::Value unsqueeze(mlir::Value input, int64_t dim);
  mlir::Value squeeze(mlir::Value input, int64_t dim);

private:
  DimsAttr attr(llvm::ArrayRef<DimExpr> dims) { return DimsAttr::get(builder.getContext(), dims); }
};

ElementKind dtypeOf(mlir::Value value);
/// 0, 1, … rank − 1
llvm::SmallVector<int64_t> allDims(int64_t rank);
inline int64_t rankOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getRank(); }
mlir::Location toLocation(mlir::MLIRContext *context, SourceLoc loc);

} // namespace rune

#endif // RUNE_FRONTEND_EMITTER_H
