// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace rune;

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

/// Reads its inputs and writes its destination, where those are memory.
static void structuredEffects(DestinationStyleOpInterface op, Effects &effects) {
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<MemRefType>(input->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), input);
  for (OpOperand &init : op.getDpsInitsMutable())
    if (isa<MemRefType>(init.get().getType()))
      effects.emplace_back(MemoryEffects::Write::get(), &init);
}

void PackOp::getEffects(Effects &effects) { structuredEffects(*this, effects); }
void ScatterOp::getEffects(Effects &effects) { structuredEffects(*this, effects); }
void ContractOp::getEffects(Effects &effects) { structuredEffects(*this, effects); }
void AttendOp::getEffects(Effects &effects) { structuredEffects(*this, effects); }
void AttendGradOp::getEffects(Effects &effects) { structuredEffects(*this, effects); }

LogicalResult ParallelOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!callee)
    return emitOpError() << "no function named " << getCalleeAttr();
  SmallVector<Type> expected(getValues().getTypes());
  expected.append(2, IndexType::get(getContext()));
  if (callee.getNumResults() || TypeRange(callee.getArgumentTypes()) != TypeRange(expected))
    return emitOpError() << "does not fit " << getCalleeAttr() << ", whose type is " << callee.getFunctionType();
  return success();
}

LogicalResult ContractOp::verify() {
  auto init = cast<ShapedType>(getInit().getType());
  unsigned rank = init.getRank();
  auto maps = getMaps().getAsValueRange<AffineMapAttr>();
  if (llvm::range_size(maps) != getExtras().size() + 1)
    return emitOpError() << "expects a map for lhs and for each extra";
  for (auto [i, map] : llvm::enumerate(maps)) {
    unsigned dims = i == 0 ? rank + 1 : rank;
    Value operand = i == 0 ? getLhs() : getExtras()[i - 1];
    if (map.getNumDims() != dims || map.getNumResults() != cast<ShapedType>(operand.getType()).getRank())
      return emitOpError() << "map " << AffineMapAttr::get(map) << " does not fit operand " << i;
  }
  auto panels = cast<ShapedType>(getRhs().getType());
  if (getPanels() && (rank != 3 || panels.getRank() != 3 || init.getDimSize(0) != panels.getDimSize(0) ||
                      init.getDimSize(2) != panels.getDimSize(2)))
    return emitOpError() << "expects the panels of " << panels << " in " << init;
  Block &block = getEpilogue().front();
  if (block.getNumArguments() != getExtras().size() + 1)
    return emitOpError() << "expects an epilogue of the sum and an element of each extra";
  for (Value other : getInits())
    if (cast<ShapedType>(other.getType()).getShape() != init.getShape())
      return emitOpError() << "expects destinations of one shape";
  if (block.mightHaveTerminator() && block.getTerminator()->getNumOperands() != getInits().size())
    return emitOpError() << "expects an element for each destination";
  return success();
}
