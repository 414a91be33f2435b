// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DIALECT_RUNEDIALECT_H
#define RUNE_DIALECT_RUNEDIALECT_H

#include "Dialect/DimExpr.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace rune {

/// Marks ops whose every result element depends on the operands' elements at the same place only.
template <typename ConcreteType> class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {};

/// The shape of a tensor of the dialect.
llvm::SmallVector<DimExpr> getDims(mlir::RankedTensorType type);
inline llvm::SmallVector<DimExpr> getDims(mlir::Value value) {
  return getDims(llvm::cast<mlir::RankedTensorType>(value.getType()));
}

/// The tensor type of a shape; it carries `#rune.dims` exactly if a dimension is not constant.
mlir::RankedTensorType makeTensorType(llvm::ArrayRef<DimExpr> dims, mlir::Type element);

/// The same shape with another element type.
mlir::RankedTensorType withElement(mlir::RankedTensorType type, mlir::Type element);

/// The shape rules that several ops share.
llvm::LogicalResult inferBinary(std::optional<mlir::Location> loc, mlir::Value lhs, mlir::Value rhs,
                                llvm::SmallVectorImpl<mlir::Type> &types);
llvm::LogicalResult inferReduction(std::optional<mlir::Location> loc, mlir::Value input, llvm::ArrayRef<int64_t> dims,
                                   llvm::SmallVectorImpl<mlir::Type> &types);

} // namespace rune

#include "Dialect/RuneEnums.h.inc"

namespace rune {
class LinalgLowering;
class OpGradients;
} // namespace rune

#include "Dialect/RuneInterfaces.h.inc"

#include "Dialect/RuneDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Dialect/RuneAttributes.h.inc"

#define GET_OP_CLASSES
#include "Dialect/RuneOps.h.inc"

#endif // RUNE_DIALECT_RUNEDIALECT_H
