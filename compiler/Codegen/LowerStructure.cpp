// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Members, sizes, constants, checks and hooks.

#include "Codegen/LinalgLowering.h"

#include "rune/table.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace rune;

namespace {

void lower(GetOp op, LinalgLowering &lowering) { lowering.map(op, lowering.member(op.getMember())); }

void lower(SetOp op, LinalgLowering &lowering) { lowering.setMember(op.getMember(), lowering.lookup(op.getValue())); }

void lower(GetPanelsOp op, LinalgLowering &lowering) { lowering.map(op, lowering.memberPanels(op.getMember())); }

void lower(SetPanelsOp op, LinalgLowering &lowering) {
  lowering.setMemberPanels(op.getMember(), lowering.lookup(op.getValue()));
}

void lower(DimOp op, LinalgLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  Value value = arith::IndexCastOp::create(builder, lowering.loc, builder.getI64Type(),
                                           lowering.size(op.getDim().getDims().front()));
  lowering.map(op, tensor::FromElementsOp::create(builder, lowering.loc, lowering.convert(op.getType()), value));
}

void lower(ConstantOp op, LinalgLowering &lowering) {
  auto value = cast<DenseElementsAttr>(op.getValue());
  if (value.getElementType().isInteger(1))
    value = cast<DenseIntElementsAttr>(value).mapValues(lowering.builder.getI8Type(),
                                                        [](const APInt &bit) { return bit.zext(8); });
  lowering.map(op, arith::ConstantOp::create(lowering.builder, lowering.loc, value));
}

void lower(CheckOp op, LinalgLowering &lowering) {
  OpBuilder &builder = lowering.builder;
  Value stored = tensor::ExtractOp::create(builder, lowering.loc, lowering.lookup(op.getCondition()), ValueRange{});
  Value condition = loadBool(builder, lowering.loc, stored, builder.getI1Type());
  FailUnlessOp::create(builder, lowering.loc, condition,
                       builder.getI32IntegerAttr(RUNE_CHECK_FAILED + lowering.checks++));
}

void lower(HookOp op, LinalgLowering &lowering) {
  SmallVector<Value> tensors;
  SmallVector<Type> types;
  for (Value tensor : op.getTensors()) {
    tensors.push_back(lowering.lookup(tensor));
    types.push_back(tensors.back().getType());
  }
  auto hooks = RunHooksOp::create(lowering.builder, lowering.loc, types,
                                  lowering.builder.getI64IntegerAttr(lowering.hookSites++), tensors);
  for (auto [result, value] : llvm::zip(op.getResults(), hooks.getResults()))
    lowering.map(result, value);
}

template <typename Op> struct Model : LinalgLowerableOpInterface::ExternalModel<Model<Op>, Op> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const { lower(cast<Op>(op), lowering); }
};

template <typename... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<Model<Ops>>(*context), ...);
}

} // namespace

void rune::registerStructureLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    attach<GetOp, SetOp, GetPanelsOp, SetPanelsOp, DimOp, ConstantOp, CheckOp, HookOp>(context);
  });
}
