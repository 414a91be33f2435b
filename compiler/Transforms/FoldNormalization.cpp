// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Transforms/FoldNormalization.h"

#include "Dialect/RuneDialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace rune;

namespace {

/// One step of a chain: the running value combined with a broadcast of something small.
struct Link {
  Operation *op;
  Value running; // the operand that goes on
  Value small;   // before its broadcast
};

class Folder {
public:
  explicit Folder(func::FuncOp function) : function(function) {}

  void run() {
    SmallVector<Operation *> ends;
    function.walk([&](Operation *op) {
      if (isLinkOp(op) && !continues(op))
        ends.push_back(op);
    });
    for (Operation *end : ends)
      fold(end);
  }

private:
  static bool isLinkOp(Operation *op) { return isa<AddOp, SubOp, MulOp, DivOp>(op); }

  /// Whether a value depends on nothing but members and constants.
  bool isFixed(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    if (auto it = fixed.find(op); it != fixed.end())
      return it->second;
    bool result = isa<GetOp, ConstantOp>(op) ||
                  (op->getNumOperands() > 0 && isa<InferTypeOpInterface, BroadcastOp, ReshapeOp>(op) &&
                   llvm::all_of(op->getOperands(), [&](Value v) { return isFixed(v); }));
    return fixed[op] = result;
  }

  static Value beforeBroadcast(Value value) {
    while (auto broadcast = value.getDefiningOp<BroadcastOp>())
      value = broadcast.getInput();
    return value;
  }

  std::optional<Link> linkOf(Operation *op) {
    if (!op || !isLinkOp(op) || !isa<FloatType>(cast<RankedTensorType>(op->getResult(0).getType()).getElementType()))
      return std::nullopt;
    Value lhs = op->getOperand(0), rhs = op->getOperand(1);
    if (isFixed(rhs) && !isFixed(lhs))
      return Link{op, lhs, beforeBroadcast(rhs)};
    if (isa<AddOp, MulOp>(op) && isFixed(lhs) && !isFixed(rhs))
      return Link{op, rhs, beforeBroadcast(lhs)};
    return std::nullopt;
  }

  /// Whether the only reader of the result is the next link of a chain.
  bool continues(Operation *op) {
    if (!op->hasOneUse())
      return false;
    auto next = linkOf(*op->getUsers().begin());
    return next && next->running == op->getResult(0);
  }

  void fold(Operation *end) {
    SmallVector<Link> chain; // from the end to the start
    for (auto link = linkOf(end); link; link = linkOf(link->running.getDefiningOp())) {
      chain.push_back(*link);
      if (!link->running.hasOneUse())
        break;
    }
    bool divides = llvm::any_of(chain, [](Link &link) { return isa<DivOp>(link.op) && !isScalar(link.small); });
    auto type = smallType(chain);
    if (chain.size() < 3 || !divides || !type)
      return;
    warnOfRedundantBias(chain);
    OpBuilder builder(end);
    Value scale, shift;
    for (Link &link : llvm::reverse(chain)) {
      Location loc = link.op->getLoc();
      Value operand = widen(builder, loc, link.small, type);
      accumulate(builder, loc, link.op, operand, scale, shift);
    }
    replace(builder, end, chain.back().running, scale, shift);
  }

  static bool isScalar(Value value) { return cast<RankedTensorType>(value.getType()).getRank() == 0; }

  /// The one shape that the operands have, scalars apart.
  static RankedTensorType smallType(ArrayRef<Link> chain) {
    RankedTensorType type;
    for (const Link &link : chain) {
      if (isScalar(link.small))
        continue;
      auto own = cast<RankedTensorType>(link.small.getType());
      if (type && type != own)
        return {};
      type = own;
    }
    return type;
  }

  static Value widen(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
    if (value.getType() == type)
      return value;
    return BroadcastOp::create(builder, loc, type, value);
  }

  static void accumulate(OpBuilder &builder, Location loc, Operation *op, Value operand, Value &scale, Value &shift) {
    auto combine = [&]<typename Op>(Value &total, Op *) {
      if (total)
        total = Op::create(builder, loc, total.getType(), total, operand);
    };
    if (isa<AddOp, SubOp>(op)) {
      if (!shift)
        shift = isa<AddOp>(op) ? operand : Value(NegOp::create(builder, loc, operand.getType(), operand));
      else if (isa<AddOp>(op))
        combine(shift, static_cast<AddOp *>(nullptr));
      else
        combine(shift, static_cast<SubOp *>(nullptr));
      return;
    }
    if (isa<MulOp>(op)) {
      combine(shift, static_cast<MulOp *>(nullptr));
      if (scale)
        combine(scale, static_cast<MulOp *>(nullptr));
      else
        scale = operand;
      return;
    }
    if (!scale) {
      auto one =
          DenseElementsAttr::get(cast<RankedTensorType>(operand.getType()),
                                 builder.getFloatAttr(cast<RankedTensorType>(operand.getType()).getElementType(), 1.0));
      scale = ConstantOp::create(builder, loc, operand.getType(), one);
    }
    combine(scale, static_cast<DivOp *>(nullptr));
    combine(shift, static_cast<DivOp *>(nullptr));
  }

  static void replace(OpBuilder &builder, Operation *end, Value value, Value scale, Value shift) {
    Location loc = end->getLoc();
    Type type = end->getResult(0).getType();
    auto wide = [&](Value small) -> Value { return BroadcastOp::create(builder, loc, type, small); };
    value = MulOp::create(builder, loc, type, value, wide(scale));
    if (shift)
      value = AddOp::create(builder, loc, type, value, wide(shift));
    end->getResult(0).replaceAllUsesWith(value);
  }

  /// A parameter added to a product, and then a buffer subtracted: the statistics absorb what is added.
  void warnOfRedundantBias(ArrayRef<Link> chain) {
    GetOp bias;
    for (const Link &link : llvm::reverse(chain)) {
      auto get = beforeReshape(link.small).getDefiningOp<GetOp>();
      if (isa<AddOp>(link.op) && get && link.running.getDefiningOp<MatmulOp>()) {
        bias = get;
        continue;
      }
      if (!isa<SubOp>(link.op) || !get || !bias)
        return;
      auto module = function->getParentOfType<RuneModuleOp>();
      Operation *parameter = SymbolTable::lookupSymbolIn(module, bias.getMember());
      if (isa_and_nonnull<ParameterOp>(parameter) &&
          isa_and_nonnull<BufferOp>(SymbolTable::lookupSymbolIn(module, get.getMember())))
        mlir::emitWarning(placeInSpec(module, parameter))
            << "the bias '" << bias.getMember() << "' is redundant: the batch norm after it subtracts it again";
      return;
    }
  }

  /// Where the user wrote what registers a parameter: the parameter itself or, for a module of the standard library,
  /// its use.
  static Location placeInSpec(RuneModuleOp module, Operation *parameter) {
    auto place = parameter->getLoc()->findInstanceOf<FileLineColLoc>();
    if (!place || !place.getFilename().getValue().starts_with("<"))
      return parameter->getLoc();
    StringRef path = SymbolTable::getSymbolName(parameter).getValue().rsplit('.').first;
    Operation *owner = SymbolTable::lookupSymbolIn(module, (path + ".").str());
    return owner ? owner->getLoc() : parameter->getLoc();
  }

  static Value beforeReshape(Value value) {
    while (auto reshape = value.getDefiningOp<ReshapeOp>())
      value = reshape.getInput();
    return value;
  }

  func::FuncOp function;
  llvm::DenseMap<Operation *, bool> fixed;
};

} // namespace

void rune::foldNormalizations(func::FuncOp function) { Folder(function).run(); }
