// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/LinalgLowering.h"

#include "Codegen/Bf16.h"
#include "Codegen/Panels.h"
#include "Codegen/SymbolicIndex.h"
#include "Dialect/Origin.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace rune;

Value LinalgLowering::lookup(Value source) {
  if (Value known = mapping.lookupOrNull(source))
    return known;
  lower(source.getDefiningOp());
  return mapping.lookup(source);
}

void LinalgLowering::lower(Operation *op) {
  auto lowerable = cast<LinalgLowerableOpInterface>(op);
  Location outer = loc;
  loc = withOrigin(op);
  lowerable.lowerToLinalg(*this);
  loc = outer;
}

Value LinalgLowering::roundedToBf16(Value source) {
  Value known = lookup(source);
  Value &result = rounded[known];
  if (!result) {
    auto map =
        AffineMap::getMultiDimIdentityMap(cast<RankedTensorType>(source.getType()).getRank(), builder.getContext());
    result = elementwise(known, map, source.getType(),
                         [&](OpBuilder &body, ValueRange x) { return roundToBf16(body, loc, x[0]); });
  }
  return result;
}

RankedTensorType LinalgLowering::convert(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  if (element.isInteger(1))
    element = builder.getI8Type();
  return RankedTensorType::get(tensor.getShape(), element);
}

Value LinalgLowering::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Value LinalgLowering::size(const DimExpr &dim) {
  return materializeIndex(builder, loc, dim, [&](StringRef name) { return symbols.lookup(name); });
}

OpFoldResult LinalgLowering::foldedSize(const DimExpr &dim) {
  if (dim.isConstant())
    return builder.getIndexAttr(dim.getConstant());
  return size(dim);
}

SmallVector<OpFoldResult> LinalgLowering::foldedSizes(ArrayRef<DimExpr> dims) {
  SmallVector<OpFoldResult> sizes;
  for (const DimExpr &dim : dims)
    sizes.push_back(foldedSize(dim));
  return sizes;
}

Value LinalgLowering::empty(ArrayRef<DimExpr> dims, Type element) {
  return tensor::EmptyOp::create(builder, loc, foldedSizes(dims), element);
}

Value LinalgLowering::empty(Type type) {
  return empty(getDims(cast<RankedTensorType>(type)), convert(type).getElementType());
}

Value LinalgLowering::filled(Type type, TypedAttr scalar) {
  Value value = arith::ConstantOp::create(builder, loc, scalar);
  return linalg::FillOp::create(builder, loc, value, empty(type)).getResult(0);
}

Value LinalgLowering::elementwise(ValueRange inputs, ArrayRef<AffineMap> inputMaps, Type resultType,
                                  function_ref<Value(OpBuilder &, ValueRange)> body) {
  RankedTensorType type = convert(resultType);
  SmallVector<AffineMap> maps(inputMaps);
  maps.push_back(AffineMap::getMultiDimIdentityMap(type.getRank(), builder.getContext()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  Value init = empty(resultType);
  auto generic = linalg::GenericOp::create(builder, loc, type, inputs, init, maps, iterators,
                                           [&](OpBuilder &nested, Location at, ValueRange arguments) {
                                             linalg::YieldOp::create(nested, at, body(nested, arguments.drop_back()));
                                           });
  return generic.getResult(0);
}

namespace {
/// Dimensions of two shapes grouped so that the products of each pair of groups are equal.
struct ReshapeGroups {
  SmallVector<ReassociationIndices> from, to;
  SmallVector<DimExpr> collapsed;
};
} // namespace

static ReshapeGroups groupDims(ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
  ReshapeGroups groups;
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReassociationIndices left{static_cast<int64_t>(i)}, right{static_cast<int64_t>(j)};
    DimExpr a = from[i++], b = to[j++];
    // A group ends where both products agree; it grows on the side that divides the other, or on both.
    while (a != b && (i < from.size() || j < to.size())) {
      bool growLeft = j >= to.size() || (i < from.size() && (a.isConstant(1) || b.exactDiv(a).has_value()));
      if (growLeft) {
        left.push_back(i);
        a = a * from[i++];
      } else {
        right.push_back(j);
        b = b * to[j++];
      }
    }
    groups.from.push_back(left);
    groups.to.push_back(right);
    groups.collapsed.push_back(a);
  }
  // Trailing dimensions of size 1 join the last group.
  for (; i < from.size() && !groups.from.empty(); ++i)
    groups.from.back().push_back(i);
  for (; j < to.size() && !groups.to.empty(); ++j)
    groups.to.back().push_back(j);
  return groups;
}

Value LinalgLowering::reshape(Value value, ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  auto typeOf = [&](ArrayRef<DimExpr> dims) { return convert(makeTensorType(dims, element)); };
  if (from == to)
    return value;
  // Around a 0 any grouping fits, and the tensor dialect refuses some.
  if (product(to).isConstant(0))
    return empty(to, element);
  ReshapeGroups groups;
  if (!from.empty() && !to.empty())
    groups = groupDims(from, to);
  if (groups.collapsed.size() < from.size())
    value = tensor::CollapseShapeOp::create(builder, loc, typeOf(groups.collapsed), value, groups.from);
  if (groups.collapsed.size() < to.size())
    value = tensor::ExpandShapeOp::create(builder, loc, typeOf(to), value, groups.to, foldedSizes(to));
  return value;
}

Operation *LinalgLowering::ownerOf(StringRef name) {
  Operation *op = SymbolTable::lookupSymbolIn(module, name);
  if (auto parameter = dyn_cast<ParameterOp>(op); parameter && parameter.getAlias())
    op = SymbolTable::lookupSymbolIn(module, *parameter.getAlias());
  return op;
}

LinalgLowering::Storage LinalgLowering::view(Operation *owner, unsigned storage, bool writable) {
  auto description = cast<StorageAttr>(owner->getAttrOfType<ArrayAttr>("storages")[storage]);
  RankedTensorType tensor = convert(owner->getAttrOfType<TypeAttr>("type").getValue());
  if (description.getLanes() != 0) {
    SmallVector<int64_t> shape;
    if (description.getBatch() != 1)
      shape.push_back(description.getBatch());
    shape.push_back(llvm::divideCeil(description.getN(), description.getLanes()));
    shape.append({description.getPanelRows(), description.getLanes()});
    tensor = RankedTensorType::get(shape, description.getBf16() ? builder.getI32Type() : tensor.getElementType());
  }
  auto memref = MemRefType::get(tensor.getShape(), tensor.getElementType());
  Value arena = isa<SlotOp>(owner) ? training : state;
  Value view = memref::ViewOp::create(builder, loc, memref, arena, index(description.getOffset()), ValueRange{});
  return {view, bufferization::ToTensorOp::create(builder, loc, tensor, view, /*restrict=*/true, writable)};
}

void LinalgLowering::declareWritten(func::FuncOp function) {
  for (Operation &op : function.getBody().front()) {
    if (!isa<SetOp, SetPanelsOp>(op))
      continue;
    Operation *owner = ownerOf(op.getAttrOfType<FlatSymbolRefAttr>("member").getValue());
    for (unsigned i = 0, count = owner->getAttrOfType<ArrayAttr>("storages").size(); i < count; ++i)
      if (!written.count({owner, i}))
        written[{owner, i}] = view(owner, i, /*writable=*/true);
  }
}

Value LinalgLowering::member(StringRef name, unsigned storage) {
  Operation *owner = ownerOf(name);
  auto it = written.find({owner, storage});
  return it != written.end() ? it->second.tensor : view(owner, storage, /*writable=*/false).tensor;
}

Value LinalgLowering::member(StringRef name) {
  auto storages = ownerOf(name)->getAttrOfType<ArrayAttr>("storages");
  bool isPlain = cast<StorageAttr>(storages[0]).getLanes() == 0;
  return isPlain ? member(name, 0) : unpacked(memberPanels(name));
}

void LinalgLowering::setMember(StringRef name, Value value) {
  Operation *owner = ownerOf(name);
  auto storages = owner->getAttrOfType<ArrayAttr>("storages").getAsRange<StorageAttr>();
  for (auto [i, description] : llvm::enumerate(storages)) {
    const Storage &storage = written.at({owner, i});
    Value result;
    if (description.getLanes() == 0)
      result = value =
          bufferization::MaterializeInDestinationOp::create(builder, loc, value, storage.tensor).getResult();
    else
      result = packed(description, value, storage.tensor);
    bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), result, storage.view, /*restrict=*/true,
                                                      /*writable=*/true);
  }
}

Value LinalgLowering::memberPanels(StringRef name) { return member(name, *findUpdatePanels(ownerOf(name))); }

void LinalgLowering::setMemberPanels(StringRef name, Value panels) {
  Operation *owner = ownerOf(name);
  auto storages = owner->getAttrOfType<ArrayAttr>("storages").getAsRange<StorageAttr>();
  unsigned first = *findUpdatePanels(owner);
  const Storage &kept = written.at({owner, first});
  panels = bufferization::MaterializeInDestinationOp::create(builder, loc, panels, kept.tensor).getResult();
  bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), panels, kept.view, /*restrict=*/true,
                                                    /*writable=*/true);
  for (auto [i, description] : llvm::enumerate(storages)) {
    if (i == first)
      continue;
    const Storage &storage = written.at({owner, i});
    Value result, place = storage.view;
    if (description.getLanes() == 0) {
      result = unpacked(panels);
    } else if (description.getN() % description.getLanes() == 0 && description.getNStride() == 1 &&
               !description.getBf16() && description.getBatch() == 1) {
      result = repackedSquares(panels);
      // The same memory by squares: no reshape stands between the op and its destination.
      auto type = cast<RankedTensorType>(result.getType());
      auto squares = MemRefType::get(type.getShape(), type.getElementType());
      place =
          memref::ExpandShapeOp::create(builder, loc, squares, place, ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}});
    } else {
      result = packed(description, unpacked(panels), storage.tensor);
    }
    bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), result, place, /*restrict=*/true,
                                                      /*writable=*/true);
  }
}

/// Panels [n / lanes, k, lanes] as the matrix [n, k].
Value LinalgLowering::unpacked(Value panels) {
  auto type = cast<RankedTensorType>(panels.getType());
  int64_t blocks = type.getDimSize(0), depth = type.getDimSize(1), lanes = type.getDimSize(2);
  auto result = RankedTensorType::get({blocks, lanes, depth}, type.getElementType());
  auto map = AffineMap::getPermutationMap(ArrayRef<unsigned>{0, 2, 1}, builder.getContext());
  Value rows = elementwise(panels, map, result, [](OpBuilder &, ValueRange x) { return x[0]; });
  return reshape(rows, {DimExpr(blocks), DimExpr(lanes), DimExpr(depth)}, {DimExpr(blocks * lanes), DimExpr(depth)});
}

/// Panels [n / lanes, k, lanes] as those of the transpose by squares, [k / lanes, n / lanes, lanes, lanes].
Value LinalgLowering::repackedSquares(Value panels) {
  auto type = cast<RankedTensorType>(panels.getType());
  int64_t blocks = type.getDimSize(0), depth = type.getDimSize(1), lanes = type.getDimSize(2);
  DimExpr n(blocks), k(depth / lanes), square(lanes);
  Value squares = reshape(panels, {n, DimExpr(depth), square}, {n, k, square, square});
  auto result = RankedTensorType::get({depth / lanes, blocks, lanes, lanes}, type.getElementType());
  auto map = AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0, 3, 2}, builder.getContext());
  return elementwise(squares, map, result, [](OpBuilder &, ValueRange x) { return x[0]; });
}

/// A member's row-major value as the panels of one of its storages.
Value LinalgLowering::packed(StorageAttr storage, Value value, Value panels) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<DimExpr> from(type.getShape().begin(), type.getShape().end());
  bool transposed = storage.getKStride() == 1 && storage.getN() != 1;
  SmallVector<DimExpr> matrix = {DimExpr(transposed ? storage.getN() : storage.getK()),
                                 DimExpr(transposed ? storage.getK() : storage.getN())};
  return PackOp::create(builder, loc, panels.getType(), reshape(value, from, matrix), panels, transposed).getResult();
}

Value LinalgLowering::contextWord(unsigned place) {
  auto word = MemRefType::get({1}, builder.getI64Type());
  Value view = memref::ViewOp::create(builder, loc, word, context, index(8 * place), ValueRange{});
  return memref::LoadOp::create(builder, loc, view, index(0));
}
