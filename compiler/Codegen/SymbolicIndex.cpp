// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/SymbolicIndex.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

Value rune::materializeIndex(OpBuilder &builder, Location loc, const DimExpr &dim,
                             llvm::function_ref<Value(StringRef)> symbol) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value sum;
  for (const auto &[monomial, coefficient] : dim.getTerms()) {
    Value term;
    for (const auto &[atom, power] : monomial) {
      Value factor;
      if (atom.kind == DimExpr::Atom::Symbol) {
        factor = symbol(atom.text);
        assert(factor && "a size over known symbols");
      } else {
        Value lhs = materializeIndex(builder, loc, atom.operands->first, symbol);
        Value rhs = materializeIndex(builder, loc, atom.operands->second, symbol);
        bool isUnsigned = atom.operands->first.isKnownAtLeast(0);
        factor = isUnsigned ? Value(arith::DivUIOp::create(builder, loc, lhs, rhs))
                            : Value(arith::FloorDivSIOp::create(builder, loc, lhs, rhs));
        if (atom.kind == DimExpr::Atom::Mod && isUnsigned) {
          factor = arith::RemUIOp::create(builder, loc, lhs, rhs);
        } else if (atom.kind == DimExpr::Atom::Mod) {
          Value multiple = arith::MulIOp::create(builder, loc, factor, rhs);
          factor = arith::SubIOp::create(builder, loc, lhs, multiple);
        }
      }
      for (unsigned i = 0; i < power; ++i)
        term = term ? Value(arith::MulIOp::create(builder, loc, term, factor)) : factor;
    }
    if (!term)
      term = constant(coefficient);
    else if (coefficient != 1)
      term = arith::MulIOp::create(builder, loc, term, constant(coefficient));
    sum = sum ? Value(arith::AddIOp::create(builder, loc, sum, term)) : term;
  }
  return sum ? sum : constant(0);
}

SymbolicIndex::SymbolicIndex(func::FuncOp function) {
  auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols");
  if (!symbols)
    return;
  unsigned first = function.getNumArguments() - symbols.size();
  for (auto [i, symbol] : llvm::enumerate(symbols.getAsRange<StringAttr>())) {
    order.push_back(symbol.getValue().str());
    values[symbol.getValue()] = function.getArgument(first + i);
    symbolOf[function.getArgument(first + i)] = order.back();
  }
}

/// A dimension of an input or output, of memory allocated here or of a view of these: bufferization asks for those of
/// what it copies.
std::optional<DimExpr> SymbolicIndex::sizeOf(Value buffer, int64_t index) const {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type)
    return std::nullopt;
  if (!type.isDynamicDim(index))
    return DimExpr(type.getDimSize(index));
  if (auto alloc = buffer.getDefiningOp<memref::AllocOp>())
    return toDim(alloc.getDynamicSizes()[type.getDynamicDimIndex(index)]);
  if (auto place = buffer.getDefiningOp<memref::ViewOp>())
    return toDim(place.getSizes()[type.getDynamicDimIndex(index)]);
  if (auto expand = buffer.getDefiningOp<memref::ExpandShapeOp>())
    return toDim(expand.getMixedOutputShape()[index]);
  if (auto collapse = buffer.getDefiningOp<memref::CollapseShapeOp>()) {
    DimExpr size(1);
    for (int64_t source : collapse.getReassociationIndices()[index]) {
      auto dim = sizeOf(collapse.getSrc(), source);
      if (!dim)
        return std::nullopt;
      size = size * *dim;
    }
    return size;
  }
  if (auto view = buffer.getDefiningOp<memref::SubViewOp>()) {
    llvm::SmallBitVector dropped = view.getDroppedDims();
    for (auto [i, size] : llvm::enumerate(view.getMixedSizes()))
      if (!dropped.test(i) && index-- == 0)
        return toDim(size);
    return std::nullopt;
  }
  auto argument = dyn_cast<BlockArgument>(buffer);
  if (!argument)
    return std::nullopt;
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto dims = function.getArgAttrOfType<DimsAttr>(argument.getArgNumber(), "rune.dims");
  return dims ? std::optional<DimExpr>(dims.getDims()[index]) : std::nullopt;
}

std::optional<DimExpr> SymbolicIndex::toDim(Value value) const {
  if (auto it = symbolOf.find(value); it != symbolOf.end())
    return DimExpr::symbol(it->second);
  IntegerAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return DimExpr(constant.getInt());
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumOperands() != 2)
    return std::nullopt;
  if (auto size = dyn_cast<memref::DimOp>(op))
    return size.getConstantIndex() ? sizeOf(size.getSource(), *size.getConstantIndex()) : std::nullopt;
  auto lhs = toDim(op->getOperand(0)), rhs = toDim(op->getOperand(1));
  if (!lhs || !rhs)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return *lhs + *rhs;
  if (isa<arith::SubIOp>(op))
    return *lhs - *rhs;
  if (isa<arith::MulIOp>(op))
    return *lhs * *rhs;
  if (isa<arith::FloorDivSIOp, arith::DivUIOp>(op) && !rhs->isConstant(0))
    return lhs->floorDiv(*rhs);
  if (isa<arith::RemUIOp>(op) && !rhs->isConstant(0))
    return lhs->mod(*rhs);
  return std::nullopt;
}

std::optional<DimExpr> SymbolicIndex::toDim(OpFoldResult value) const {
  if (auto attribute = dyn_cast<Attribute>(value))
    return DimExpr(cast<IntegerAttr>(attribute).getInt());
  return toDim(cast<Value>(value));
}

Value SymbolicIndex::materialize(OpBuilder &builder, Location loc, const DimExpr &dim) const {
  return materializeIndex(builder, loc, dim, [&](StringRef name) { return value(name); });
}
