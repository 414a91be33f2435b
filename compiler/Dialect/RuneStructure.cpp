// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace rune;

void RuneModuleOp::build(OpBuilder &builder, OperationState &state, StringRef name, Type dtype) {
  state.addAttribute(getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(getDtypeAttrName(state.name), TypeAttr::get(dtype));
  state.addRegion()->emplaceBlock();
}

template <typename MemberOp> static LogicalResult verifyMember(MemberOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !type.hasStaticShape())
    return op.emitOpError() << "expects a tensor type of constant shape, got " << op.getType();
  return success();
}

LogicalResult ParameterOp::verify() { return verifyMember(*this); }
LogicalResult BufferOp::verify() { return verifyMember(*this); }
LogicalResult HeldOp::verify() { return verifyMember(*this); }
LogicalResult SlotOp::verify() { return verifyMember(*this); }

LogicalResult InitializeOp::verify() {
  if (getInit().has_value() == getFunction().has_value())
    return emitOpError() << "expects either a scheme or a function";
  if (getFunction() && !getReads())
    return emitOpError() << "expects the members that the function reads";
  return success();
}

/// The declared type of a member of the enclosing model.
static Type lookupMember(Operation *from, FlatSymbolRefAttr name, SymbolTableCollection &symbols) {
  Operation *member = symbols.lookupNearestSymbolFrom(from, name);
  if (!isa_and_nonnull<ParameterOp, BufferOp, HeldOp, SlotOp>(member))
    return {};
  return member->getAttrOfType<TypeAttr>("type").getValue();
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Type declared = lookupMember(*this, getMemberAttr(), symbols);
  if (!declared)
    return emitOpError() << "no member named " << getMemberAttr();
  if (declared != getResult().getType())
    return emitOpError() << "has type " << getResult().getType() << ", but " << getMemberAttr() << " is declared as "
                         << declared;
  return success();
}

LogicalResult SetOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Type declared = lookupMember(*this, getMemberAttr(), symbols);
  if (!declared)
    return emitOpError() << "no member named " << getMemberAttr();
  if (declared != getValue().getType())
    return emitOpError() << "has type " << getValue().getType() << ", but " << getMemberAttr() << " is declared as "
                         << declared;
  return success();
}

/// Of what panels of a member the value is.
static LogicalResult verifyPanels(Operation *op, FlatSymbolRefAttr name, Type value, SymbolTableCollection &symbols) {
  auto declared = dyn_cast_or_null<RankedTensorType>(lookupMember(op, name, symbols));
  if (!declared)
    return op->emitOpError() << "no member named " << name;
  auto panels = cast<RankedTensorType>(value);
  bool fits = declared.getRank() == 2 && declared.getElementType() == panels.getElementType() &&
              panels.getRank() == 3 && panels.hasStaticShape() && panels.getDimSize(2) > 0 &&
              panels.getDimSize(0) * panels.getDimSize(2) == declared.getDimSize(0) &&
              panels.getDimSize(1) == declared.getDimSize(1);
  if (!fits)
    return op->emitOpError() << "has type " << value << ", which is no panels of " << name << ", declared as "
                             << declared;
  return success();
}

LogicalResult GetPanelsOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPanels(*this, getMemberAttr(), getResult().getType(), symbols);
}

LogicalResult SetPanelsOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPanels(*this, getMemberAttr(), getValue().getType(), symbols);
}

LogicalResult MatmulPanelsOp::verify() {
  auto lhs = getLhs().getType(), rhs = getRhs().getType(), panels = getResult().getType();
  if (lhs.getRank() != 2 || rhs.getRank() != 2 || lhs.getElementType() != rhs.getElementType() ||
      panels.getElementType() != lhs.getElementType())
    return emitOpError() << "expects two matrices of one dtype";
  if (getDims(lhs)[1] != getDims(rhs)[0])
    return emitOpError() << "has " << getDims(lhs)[1].str() << " columns beside " << getDims(rhs)[0].str() << " rows";
  if (panels.getRank() != 3 || !panels.hasStaticShape() || panels.getDimSize(1) != lhs.getDimSize(0) ||
      panels.getDimSize(0) * panels.getDimSize(2) != rhs.getDimSize(1))
    return emitOpError() << "has a result of type " << panels << ", which is no panels of the product";
  return success();
}

LogicalResult DimOp::verify() {
  if (getDim().size() != 1)
    return emitOpError() << "expects one polynomial, got " << getDim().size();
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "no function named " << getCalleeAttr();
  FunctionType type = callee.getFunctionType();
  if (TypeRange(type.getInputs()) != TypeRange(getInputs()) || TypeRange(type.getResults()) != TypeRange(getOutputs()))
    return emitOpError() << "does not fit " << getCalleeAttr() << ", whose type is " << type;
  return success();
}

LogicalResult HookOp::verify() {
  if (TypeRange(getTensors()) != TypeRange(getResults()))
    return emitOpError() << "expects results of its operands' types";
  if (getBackward() && (!getPlaces() || getPlaces()->size() != getTensors().size() || !getArity() ||
                        getArity()->size() != 2 || getInputCount() > getTensors().size()))
    return emitOpError() << "expects the place of each gradient, and how many inputs and outputs there are";
  return success();
}

#define GET_OP_CLASSES
#include "Dialect/RuneOps.cpp.inc"
