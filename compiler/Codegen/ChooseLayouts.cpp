// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Panels.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace rune {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

int64_t rune::panelLanes(Type element) { return 64 / llvm::divideCeil(element.getIntOrFloatBitWidth(), 8); }

bool rune::swapsLastTwo(TransposeOp op) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  int64_t rank = permutation.size();
  for (int64_t i = 0; i + 2 < rank; ++i)
    if (permutation[i] != i)
      return false;
  return rank >= 2 && permutation[rank - 2] == rank - 1 && permutation[rank - 1] == rank - 2;
}

std::optional<MemberMatrix> rune::findMemberMatrix(MatmulOp op) {
  auto type = op.getRhs().getType();
  if (type.getRank() != 2 || !type.hasStaticShape())
    return std::nullopt;
  int64_t k = type.getDimSize(0), n = type.getDimSize(1);
  int64_t kStride = n, nStride = 1;
  Value source = op.getRhs();
  if (auto transpose = source.getDefiningOp<TransposeOp>()) {
    source = transpose.getInput();
    kStride = 1;
    nStride = k;
  }
  // A reshape keeps the row-major order, so the strides hold for what it reads.
  while (auto reshape = source.getDefiningOp<ReshapeOp>())
    source = reshape.getInput();
  auto get = source.getDefiningOp<GetOp>();
  if (!get)
    return std::nullopt;
  return MemberMatrix{get.getMember(), n, k, nStride, kStride};
}

std::optional<MemberPanels> rune::findMemberPanels(MatmulOp op) {
  auto storage = op->getAttrOfType<IntegerAttr>("storage");
  auto matrix = findMemberMatrix(op);
  if (!storage || !matrix)
    return std::nullopt;
  return MemberPanels{matrix->member, static_cast<unsigned>(storage.getInt())};
}

std::optional<unsigned> rune::findUpdatePanels(Operation *owner) {
  auto storages = owner->getAttrOfType<ArrayAttr>("storages").getAsRange<StorageAttr>();
  for (auto [i, storage] : llvm::enumerate(storages))
    if (storage.getLanes() != 0 && !storage.getBf16() && storage.getBatch() == 1 && storage.getKStride() == 1 &&
        storage.getNStride() == storage.getK())
      return i;
  return std::nullopt;
}

namespace {

struct ChooseLayoutsPass : rune::impl::ChooseLayoutsBase<ChooseLayoutsPass> {
  void runOnOperation() override {
    RuneModuleOp module = getOperation();
    collectOwners(module);
    module.walk([&](GetPanelsOp op) { keepPanels(op.getMember(), op.getType()); });
    module.walk([&](SetPanelsOp op) { keepPanels(op.getMember(), op.getValue().getType()); });
    for (auto function : module.getOps<func::FuncOp>())
      if (!isRare(function))
        function.walk([&](MatmulOp op) { choosePanels(op, /*mayAdd=*/true); });
    for (auto function : module.getOps<func::FuncOp>())
      if (isRare(function))
        function.walk([&](MatmulOp op) { choosePanels(op, /*mayAdd=*/false); });
    module.walk([&](GetOp op) {
      Operation *member = owner(op.getMember());
      bool unpacks = updated.contains(member) && isRare(op->getParentOfType<func::FuncOp>());
      if (!onlyReadAsPanels(op) && !unpacks)
        plainStorage(member);
    });
    assignOffsets(module);
  }

private:
  struct Layouts {
    Type type;
    SmallVector<StorageAttr> storages; // offsets come last
    bool plain = false;
  };

  void collectOwners(RuneModuleOp module) {
    layouts.clear();
    products.clear();
    updated.clear();
    readsPanels.clear();
    for (Operation &op : module.getBody().front())
      if (isa<ParameterOp, BufferOp, HeldOp, SlotOp>(op)) {
        auto parameter = dyn_cast<ParameterOp>(op);
        if (!parameter || !parameter.getAlias())
          layouts[&op].type = op.getAttrOfType<TypeAttr>("type").getValue();
      }
  }

  Operation *owner(StringRef name) {
    Operation *op = SymbolTable::lookupSymbolIn(getOperation(), name);
    if (auto parameter = dyn_cast<ParameterOp>(op); parameter && parameter.getAlias())
      return SymbolTable::lookupSymbolIn(getOperation(), *parameter.getAlias());
    return op;
  }

  /// Members are read row-major before anything else: storage 0 is that one where it exists.
  void plainStorage(Operation *op) { layouts[op].plain = true; }

  static StorageAttr panels(MatmulOp op, const MemberMatrix &matrix) {
    return StorageAttr::get(op.getContext(), 0, panelLanes(op.getType().getElementType()), 1, matrix.n, matrix.k, 0,
                            matrix.nStride, matrix.kStride, op.getBf16());
  }

  /// What is seldom called packs for itself: each step of the training would have to write what only that reads.
  static bool isRare(func::FuncOp function) {
    auto role = function->getAttrOfType<StringAttr>("rune.role");
    return role && role.getValue() == "input_gradients";
  }

  void choosePanels(MatmulOp op, bool mayAdd) {
    auto matrix = findMemberMatrix(op);
    if (!matrix)
      return;
    Layouts &layout = layouts[owner(matrix->member)];
    StorageAttr wanted = panels(op, *matrix);
    auto it = llvm::find(layout.storages, wanted);
    if (it == layout.storages.end() && !mayAdd)
      return;
    readsPanels.insert(op);
    products.push_back({op, static_cast<unsigned>(it - layout.storages.begin()), owner(matrix->member)});
    if (it == layout.storages.end())
      layout.storages.push_back(wanted);
  }

  void keepPanels(StringRef member, RankedTensorType type) {
    updated.insert(owner(member));
    Layouts &layout = layouts[owner(member)];
    int64_t lanes = type.getDimSize(2), n = type.getDimSize(0) * lanes, k = type.getDimSize(1);
    auto wanted = StorageAttr::get(&getContext(), 0, lanes, 1, n, k, 0, k, 1, false);
    if (!llvm::is_contained(layout.storages, wanted))
      layout.storages.push_back(wanted);
  }

  /// Whether every use of a member's value ends in the right side of a product.
  bool onlyReadAsPanels(Operation *op) {
    return llvm::all_of(op->getUses(), [&](OpOperand &use) {
      if (auto matmul = dyn_cast<MatmulOp>(use.getOwner()))
        return use.getOperandNumber() == 1 && readsPanels.contains(matmul);
      return isa<TransposeOp, ReshapeOp>(use.getOwner()) && onlyReadAsPanels(use.getOwner());
    });
  }

  void assignOffsets(RuneModuleOp module) {
    int64_t state = 0, training = 0;
    Builder builder(&getContext());
    for (auto &[op, layout] : layouts) {
      auto type = cast<RankedTensorType>(layout.type);
      int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      SmallVector<Attribute> storages;
      int64_t &offset = isa<SlotOp>(op) ? training : state;
      auto place = [&](StorageAttr storage, int64_t elements) {
        storages.push_back(storage.at(offset));
        offset += llvm::alignTo(elements * bytes, 64);
      };
      // The first storage is what the member's value is read from: the others may be rounded.
      layout.plain |= layout.storages.empty() || layout.storages.front().getBf16();
      if (layout.plain)
        place(StorageAttr::get(&getContext(), 0, 0, 0, 0, 0, 0, 0, 0, false), type.getNumElements());
      for (StorageAttr storage : layout.storages)
        place(storage, storage.getBatch() * llvm::alignTo(storage.getN(), storage.getLanes()) * storage.getPanelRows());
      op->setAttr("storages", builder.getArrayAttr(storages));
    }
    for (auto &[product, storage, member] : products)
      product->setAttr("storage", builder.getI64IntegerAttr(storage + layouts[member].plain));
    module->setAttr("state_bytes", builder.getI64IntegerAttr(state));
    module->setAttr("training_bytes", builder.getI64IntegerAttr(training));
  }

  struct Product {
    MatmulOp op;
    unsigned storage;
    Operation *member;
  };
  llvm::MapVector<Operation *, Layouts> layouts;
  SmallVector<Product> products;
  llvm::DenseSet<Operation *> readsPanels, updated; // products; members whose updates are in panels
};

} // namespace
