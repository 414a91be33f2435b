// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Views.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineExpr.h"

using namespace mlir;
using namespace rune;

SmallVector<DimExpr> rune::contiguousStrides(ArrayRef<DimExpr> sizes) {
  SmallVector<DimExpr> strides(sizes.size());
  DimExpr stride(1);
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride = stride * sizes[i];
  }
  return strides;
}

SmallVector<DimExpr> View::stridesOver(AffineMap map) const {
  SmallVector<DimExpr> result(map.getNumDims());
  for (auto [place, stride] : llvm::zip(map.getResults(), strides))
    if (auto dim = dyn_cast<AffineDimExpr>(place))
      result[dim.getPosition()] = result[dim.getPosition()] + stride;
  return result;
}

namespace {

class Resolver {
public:
  explicit Resolver(const SymbolicIndex &symbols) : symbols(symbols) {}

  std::optional<View> resolve(Value memref) {
    Operation *op = memref.getDefiningOp();
    if (!op || isa<memref::GetGlobalOp, memref::AllocOp>(op))
      return whole(memref);
    if (auto view = dyn_cast<memref::ViewOp>(op))
      return arena(view);
    if (auto subview = dyn_cast<memref::SubViewOp>(op))
      return slice(subview);
    if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op))
      return collapsed(collapse);
    if (auto expand = dyn_cast<memref::ExpandShapeOp>(op))
      return expanded(expand);
    if (auto cast = dyn_cast<memref::CastOp>(op))
      return resolve(cast.getSource());
    return std::nullopt;
  }

private:
  static Type elementOf(Value memref) { return cast<MemRefType>(memref.getType()).getElementType(); }

  /// Sizes of an input or output are not asked for where they are dynamic: the iteration space has them.
  std::optional<View> whole(Value memref) {
    View view{{memref, DimExpr(0), false, elementOf(memref), DimExpr(0)}, DimExpr(0), {}, {}};
    auto type = cast<MemRefType>(memref.getType());
    auto sizes = memref.getParentRegion() ? sizesOf(memref, type) : std::nullopt;
    if (!sizes)
      return std::nullopt;
    view.sizes = *sizes;
    view.strides = contiguousStrides(view.sizes);
    view.root.count = product(view.sizes);
    return view;
  }

  std::optional<SmallVector<DimExpr>> sizesOf(Value memref, MemRefType type) {
    SmallVector<DimExpr> sizes;
    if (type.hasStaticShape()) {
      for (int64_t size : type.getShape())
        sizes.push_back(DimExpr(size));
      return sizes;
    }
    if (auto alloc = memref.getDefiningOp<memref::AllocOp>()) {
      for (auto [i, size] : llvm::enumerate(alloc.getMixedSizes())) {
        auto dim = symbols.toDim(size);
        if (!dim)
          return std::nullopt;
        sizes.push_back(*dim);
      }
      return sizes;
    }
    auto argument = dyn_cast<BlockArgument>(memref);
    if (!argument)
      return std::nullopt;
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    auto dims = function.getArgAttrOfType<DimsAttr>(argument.getArgNumber(), "rune.dims");
    if (!dims)
      return std::nullopt;
    return dims.getDims();
  }

  std::optional<View> arena(memref::ViewOp op) {
    auto bytes = symbols.toDim(op.getByteShift());
    if (!bytes)
      return std::nullopt;
    View view{{op.getSource(), *bytes, true, elementOf(op), DimExpr(0)}, DimExpr(0), {}, {}};
    unsigned dynamic = 0;
    for (int64_t size : op.getType().getShape()) {
      auto dim = ShapedType::isDynamic(size) ? symbols.toDim(op.getSizes()[dynamic++]) : DimExpr(size);
      if (!dim)
        return std::nullopt;
      view.sizes.push_back(*dim);
    }
    view.strides = contiguousStrides(view.sizes);
    view.root.count = product(view.sizes);
    return view;
  }

  std::optional<View> slice(memref::SubViewOp op) {
    auto source = resolve(op.getSource());
    if (!source)
      return std::nullopt;
    View view{source->root, source->offset, {}, {}};
    llvm::SmallBitVector dropped = op.getDroppedDims();
    auto offsets = op.getMixedOffsets(), sizes = op.getMixedSizes(), steps = op.getMixedStrides();
    for (size_t i = 0; i < sizes.size(); ++i) {
      auto offset = symbols.toDim(offsets[i]), size = symbols.toDim(sizes[i]), step = symbols.toDim(steps[i]);
      if (!offset || !size || !step)
        return std::nullopt;
      view.offset = view.offset + *offset * source->strides[i];
      if (dropped.test(i))
        continue;
      view.sizes.push_back(*size);
      view.strides.push_back(*step * source->strides[i]);
    }
    return view;
  }

  std::optional<View> collapsed(memref::CollapseShapeOp op) {
    auto source = resolve(op.getSrc());
    if (!source)
      return std::nullopt;
    View view{source->root, source->offset, {}, {}};
    for (const ReassociationIndices &group : op.getReassociationIndices()) {
      DimExpr size(1), stride(1);
      // The stride of a group is that of its last dimension that is not 1.
      bool found = false;
      for (int64_t dim : llvm::reverse(group)) {
        size = size * source->sizes[dim];
        if (!found && (!source->sizes[dim].isConstant(1) || dim == group.front())) {
          stride = source->strides[dim];
          found = true;
        }
      }
      view.sizes.push_back(size);
      view.strides.push_back(stride);
    }
    return view;
  }

  std::optional<View> expanded(memref::ExpandShapeOp op) {
    auto source = resolve(op.getSrc());
    if (!source)
      return std::nullopt;
    View view{source->root, source->offset, {}, {}};
    for (OpFoldResult size : op.getMixedOutputShape()) {
      auto dim = symbols.toDim(size);
      if (!dim)
        return std::nullopt;
      view.sizes.push_back(*dim);
    }
    view.strides.resize(view.sizes.size());
    for (auto [i, group] : llvm::enumerate(op.getReassociationIndices())) {
      DimExpr stride = source->strides[i];
      for (int64_t dim : llvm::reverse(group)) {
        view.strides[dim] = stride;
        stride = stride * view.sizes[dim];
      }
    }
    return view;
  }

  const SymbolicIndex &symbols;
};

} // namespace

std::optional<View> rune::resolveView(Value memref, const SymbolicIndex &symbols) {
  auto view = Resolver(symbols).resolve(memref);
  // A fixed place in an input is where the pointer goes: kernels that read different ones are the same.
  if (!view || view->root.arena || !view->offset.isConstant() || view->offset.isConstant(0))
    return view;
  auto argument = dyn_cast<BlockArgument>(view->root.value);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  auto inputs = function ? function->getAttrOfType<IntegerAttr>("rune.inputs") : IntegerAttr();
  constexpr int64_t firstInput = 4; // after the arenas
  if (inputs && argument.getArgNumber() < firstInput + inputs.getInt()) {
    view->root.bytes = view->offset * DimExpr(llvm::divideCeil(view->root.element.getIntOrFloatBitWidth(), 8));
    view->offset = 0;
  }
  return view;
}
