// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Panels.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

namespace rune {
#define GEN_PASS_DEF_PANELUPDATES
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

using Names = llvm::StringSet<llvm::MallocAllocator>;

/// What one function does element by element to a weight and its slots.
class Update {
public:
  Update(func::FuncOp function, StringRef weight, const Names &members, RankedTensorType type)
      : function(function), weight(weight), members(members), type(type) {}

  /// Finds all of it. False where something else sees the elements.
  bool collect() {
    for (Operation &op : function.getBody().front()) {
      if (auto get = dyn_cast<GetOp>(op); get && members.contains(get.getMember())) {
        isUpdate |= get.getMember() != weight || !llvm::all_of(get->getUses(), isRightSide);
        if (!follow(get.getResult()))
          return false;
      } else if (auto set = dyn_cast<SetOp>(op); set && members.contains(set.getMember())) {
        isUpdate = true;
        isSet |= set.getMember() == weight;
        if (!reach(set.getValue()))
          return false;
      }
    }
    while (!pending.empty()) {
      Operation *op = pending.pop_back_val();
      if (!llvm::all_of(op->getOperands(), [&](Value operand) { return reach(operand); }) || !follow(op->getResult(0)))
        return false;
    }
    return true;
  }

  bool setsWeight() const { return isSet; }

  void rewrite() {
    if (!isUpdate)
      return;
    SmallVector<Operation *> old;
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
      if (rewrite(&op))
        old.push_back(&op);
    for (Operation *op : llvm::reverse(old))
      if (op->use_empty())
        op->erase();
  }

private:
  bool hasShape(Value value) const {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    return tensor && tensor.getShape() == type.getShape();
  }

  /// The right side of a product, as it is or transposed.
  static bool isRightSide(OpOperand &use) {
    if (isa<MatmulOp>(use.getOwner()))
      return use.getOperandNumber() == 1;
    auto transpose = dyn_cast<TransposeOp>(use.getOwner());
    return transpose && llvm::all_of(transpose->getUses(), [](OpOperand &inner) {
             return isa<MatmulOp>(inner.getOwner()) && inner.getOperandNumber() == 1;
           });
  }

  /// Whatever reads the value has to be part of it.
  bool follow(Value value) {
    return llvm::all_of(value.getUses(), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      if (auto set = dyn_cast<SetOp>(user))
        return members.contains(set.getMember());
      if (auto get = value.getDefiningOp<GetOp>(); get && get.getMember() == weight && isRightSide(use))
        return true;
      return isElementwise(user) && add(user);
    });
  }

  /// Whatever makes the value, too.
  bool reach(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto get = dyn_cast<GetOp>(op))
      return members.contains(get.getMember());
    if (auto broadcast = dyn_cast<BroadcastOp>(op))
      return llvm::all_of(broadcast.getInput().getType().getShape(), [](int64_t size) { return size == 1; });
    DenseElementsAttr elements;
    if (matchPattern(value, m_Constant(&elements)))
      return elements.isSplat();
    if (auto product = dyn_cast<MatmulOp>(op)) {
      if (product.getBf16() || product.getLhs().getType().getRank() != 2 || product.getRhs().getType().getRank() != 2)
        return false;
      return !gradients.insert(op).second || follow(value);
    }
    return isElementwise(op) && add(op);
  }

  bool isElementwise(Operation *op) const {
    return op->hasTrait<Elementwise>() && op->getNumResults() == 1 && hasShape(op->getResult(0));
  }

  bool add(Operation *op) {
    if (ops.insert(op).second)
      pending.push_back(op);
    return true;
  }

  RankedTensorType panelsOf(Type of) const {
    Type element = cast<RankedTensorType>(of).getElementType();
    int64_t lanes = panelLanes(type.getElementType());
    return RankedTensorType::get({type.getDimSize(0) / lanes, type.getDimSize(1), lanes}, element);
  }

  Value transposed(OpBuilder &builder, Value value) {
    if (auto transpose = value.getDefiningOp<TransposeOp>(); transpose && swapsLastTwo(transpose))
      return transpose.getInput();
    return TransposeOp::create(builder, value.getLoc(), value, builder.getDenseI64ArrayAttr({1, 0}));
  }

  /// The operand on panels: what is not made in order before is made here.
  Value operand(OpBuilder &builder, Value value) {
    if (Value known = panels.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    Value result;
    DenseElementsAttr elements;
    if (auto broadcast = dyn_cast<BroadcastOp>(op))
      result = BroadcastOp::create(builder, op->getLoc(), panelsOf(value.getType()), broadcast.getInput());
    else if (matchPattern(value, m_Constant(&elements)))
      result = ConstantOp::create(builder, op->getLoc(), elements.resizeSplat(panelsOf(value.getType())));
    return result;
  }

  /// Whether a form on panels takes the op's place.
  bool rewrite(Operation *op) {
    OpBuilder builder(op);
    if (auto get = dyn_cast<GetOp>(op); get && members.contains(get.getMember())) {
      panels.map(get.getResult(),
                 GetPanelsOp::create(builder, op->getLoc(), panelsOf(get.getType()), get.getMemberAttr()));
    } else if (auto set = dyn_cast<SetOp>(op); set && members.contains(set.getMember())) {
      SetPanelsOp::create(builder, op->getLoc(), set.getMemberAttr(), operand(builder, set.getValue()));
    } else if (gradients.contains(op)) {
      // [n, b] × [b, k] as the panels of its transpose.
      auto product = cast<MatmulOp>(op);
      Value lhs = transposed(builder, product.getRhs()), rhs = transposed(builder, product.getLhs());
      auto made = MatmulPanelsOp::create(builder, op->getLoc(), panelsOf(product.getType()), lhs, rhs);
      made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
      panels.map(product.getResult(), made.getResult());
    } else if (ops.contains(op)) {
      SmallVector<Value> operands;
      for (Value value : op->getOperands())
        operands.push_back(operand(builder, value));
      IRMapping mapping;
      mapping.map(op->getOperands(), operands);
      Operation *made = builder.clone(*op, mapping);
      made->getResult(0).setType(panelsOf(op->getResult(0).getType()));
      panels.map(op->getResult(0), made->getResult(0));
    } else {
      return false;
    }
    return true;
  }

  func::FuncOp function;
  StringRef weight;
  const Names &members;
  RankedTensorType type;
  llvm::SmallPtrSet<Operation *, 32> ops;
  llvm::SmallPtrSet<Operation *, 2> gradients;
  SmallVector<Operation *> pending;
  IRMapping panels;
  bool isUpdate = false, isSet = false;
};

struct PanelUpdatesPass : rune::impl::PanelUpdatesBase<PanelUpdatesPass> {
  void runOnOperation() override {
    RuneModuleOp module = getOperation();
    Names tied;
    for (auto parameter : module.getOps<ParameterOp>())
      if (auto alias = parameter.getAlias()) {
        tied.insert(*alias);
        tied.insert(parameter.getSymName());
      }
    Names multiplied = findMultiplied(module);
    for (auto parameter : module.getOps<ParameterOp>())
      if (!tied.contains(parameter.getSymName()) && multiplied.contains(parameter.getSymName()))
        updateInPanels(module, parameter);
  }

private:
  /// Members by whose transposes rows are multiplied.
  static Names findMultiplied(RuneModuleOp module) {
    Names names;
    module.walk([&](MatmulOp op) {
      auto matrix = findMemberMatrix(op);
      if (matrix && !op.getBf16() && matrix->kStride == 1 && matrix->n != 1)
        names.insert(matrix->member);
    });
    return names;
  }

  static void updateInPanels(RuneModuleOp module, ParameterOp parameter) {
    auto type = dyn_cast<RankedTensorType>(parameter.getTensorType());
    if (!type || type.getRank() != 2 || !type.hasStaticShape() || !isa<FloatType>(type.getElementType()) ||
        type.getDimSize(0) % panelLanes(type.getElementType()) != 0)
      return;
    Names members;
    members.insert(parameter.getSymName());
    for (auto slot : module.getOps<SlotOp>())
      if (slot.getParameter() == parameter.getSymName() && slot.getTensorType() == type)
        members.insert(slot.getSymName());
    std::vector<Update> updates;
    bool sets = false;
    for (auto function : module.getOps<func::FuncOp>()) {
      updates.emplace_back(function, parameter.getSymName(), members, type);
      if (!updates.back().collect())
        return;
      sets |= updates.back().setsWeight();
    }
    if (sets)
      for (Update &update : updates)
        update.rewrite();
  }
};

} // namespace
