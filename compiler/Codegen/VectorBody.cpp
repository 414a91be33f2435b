// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/VectorBody.h"

using namespace mlir;
using namespace rune;

Value VectorBody::get(Value scalar) {
  if (Value known = values.lookup(scalar))
    return known;
  return values[scalar] = kernel.capture(scalar);
}

Value rune::emitMaximum(Kernel &kernel, Value x, Value y) {
  OpBuilder &b = kernel.b;
  Value greater = arith::CmpFOp::create(b, kernel.loc, arith::CmpFPredicate::OGT, x, y);
  Value larger = arith::SelectOp::create(b, kernel.loc, greater, x, y);
  Value nan = arith::CmpFOp::create(b, kernel.loc, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, kernel.loc, nan, x, larger);
}

void VectorBody::emit(Operation *op) {
  OpBuilder &b = kernel.b;
  SmallVector<Value> operands;
  bool uniform = true;
  for (Value operand : op->getOperands()) {
    operands.push_back(get(operand));
    uniform &= !isa<VectorType>(operands.back().getType());
  }
  if (!uniform)
    for (Value &operand : operands)
      operand = spread(kernel, operand, lanes);
  if (isa<arith::MaximumFOp>(op)) {
    map(op->getResult(0), emitMaximum(kernel, operands[0], operands[1]));
    return;
  }
  OperationState state(op->getLoc(), op->getName(), operands, {}, op->getAttrs());
  for (Type type : op->getResultTypes())
    state.addTypes(uniform ? type : VectorType::get({lanes}, type));
  state.propertiesAttr = op->getPropertiesAsAttribute();
  Operation *clone = b.create(state);
  for (auto [from, to] : llvm::zip(op->getResults(), clone->getResults()))
    map(from, to);
}
