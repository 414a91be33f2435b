// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention reads and writes its matrices where they lie: a transposition before it or behind it is a map.

#include "Codegen/LinalgLowering.h"

using namespace mlir;
using namespace rune;

namespace {

/// Whether the last dimension stays the last, which vectors run along.
bool keepsColumns(TransposeOp op) {
  return op.getPermutation().back() + 1 == static_cast<int64_t>(op.getPermutation().size());
}

AffineMap mapOf(ArrayRef<int64_t> permutation, MLIRContext *context) {
  return AffineMap::getPermutationMap(SmallVector<unsigned>(permutation.begin(), permutation.end()), context);
}

/// A tensor and the places in it over the dimensions of what it stands for.
struct Placed {
  Value tensor;
  AffineMap map;
};

Placed readPlaced(Value value, LinalgLowering &lowering) {
  if (auto transpose = value.getDefiningOp<TransposeOp>(); transpose && keepsColumns(transpose))
    return {lowering.lookup(transpose.getInput()),
            inversePermutation(mapOf(transpose.getPermutation(), value.getContext()))};
  if (auto transpose = transpositionInPlace(value))
    return {lowering.lookup(transpose.getResult()), mapOf(transpose.getPermutation(), value.getContext())};
  unsigned rank = cast<RankedTensorType>(value.getType()).getRank();
  return {lowering.lookup(value), AffineMap::getMultiDimIdentityMap(rank, value.getContext())};
}

/// The operands of a structured op, and the maps of its matrices.
struct Operands {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;

  void add(const Placed &placed) {
    tensors.push_back(placed.tensor);
    maps.push_back(placed.map);
  }
};

/// What is to be written, and the value of the rune dialect that it then is.
struct Written {
  Placed init;
  Value value;
};

Written writePlaced(Value result, LinalgLowering &lowering) {
  if (auto transpose = transpositionInPlace(result))
    return {{lowering.empty(transpose.getType()), mapOf(transpose.getPermutation(), result.getContext())},
            transpose.getResult()};
  unsigned rank = cast<RankedTensorType>(result.getType()).getRank();
  return {{lowering.empty(result.getType()), AffineMap::getMultiDimIdentityMap(rank, result.getContext())}, result};
}

void lower(AttentionOp op, LinalgLowering &lowering) {
  Operands operands;
  for (Value input : {op.getQuery(), op.getKey(), op.getValue()})
    operands.add(readPlaced(input, lowering));
  Written result = writePlaced(op.getResult(), lowering);
  operands.add(result.init);
  operands.tensors.push_back(lowering.empty(op.getLogsum().getType()));
  SmallVector<Type> types = {operands.tensors[3].getType(), operands.tensors[4].getType()};
  ArrayRef<Value> tensors = operands.tensors;
  auto attend = AttendOp::create(lowering.builder, lowering.loc, types, tensors[0], tensors[1], tensors[2], tensors[3],
                                 tensors[4], lowering.builder.getAffineMapArrayAttr(operands.maps), op.getScaleAttr(),
                                 op.getCausalAttr());
  lowering.map(result.value, attend.getResult(0));
  lowering.map(op.getLogsum(), attend.getResult(1));
}

void lower(AttentionGradOp op, LinalgLowering &lowering) {
  Operands operands;
  for (Value input : {op.getQuery(), op.getKey(), op.getValue(), op.getResult(), op.getCotangent()})
    operands.add(readPlaced(input, lowering));
  Value logsum = lowering.lookup(op.getLogsum());
  SmallVector<Type> types;
  SmallVector<Written> results;
  for (Value result : op.getResults()) {
    results.push_back(writePlaced(result, lowering));
    operands.add(results.back().init);
    types.push_back(operands.tensors.back().getType());
  }
  ArrayRef<Value> tensors = operands.tensors;
  auto grad = AttendGradOp::create(lowering.builder, lowering.loc, types, tensors[0], tensors[1], tensors[2],
                                   tensors[3], logsum, tensors[4], tensors[5], tensors[6], tensors[7],
                                   lowering.builder.getAffineMapArrayAttr(operands.maps), op.getScaleAttr(),
                                   op.getCausalAttr());
  for (auto [written, tensor] : llvm::zip(results, grad.getResults()))
    lowering.map(written.value, tensor);
}

template <typename Op> struct Model : LinalgLowerableOpInterface::ExternalModel<Model<Op>, Op> {
  void lowerToLinalg(Operation *op, LinalgLowering &lowering) const { lower(cast<Op>(op), lowering); }
};

} // namespace

TransposeOp rune::transpositionInPlace(Value value) {
  if (!isa_and_nonnull<AttentionOp, AttentionGradOp>(value.getDefiningOp()))
    return {};
  TransposeOp found;
  for (Operation *user : value.getUsers()) {
    auto transpose = dyn_cast<TransposeOp>(user);
    if (transpose && !found && keepsColumns(transpose))
      found = transpose;
    else if (!isa<AttentionGradOp>(user))
      return {};
  }
  return found;
}

void rune::registerAttentionLowerings(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    AttentionOp::attachInterface<Model<AttentionOp>>(*context);
    AttentionGradOp::attachInterface<Model<AttentionGradOp>>(*context);
  });
}
