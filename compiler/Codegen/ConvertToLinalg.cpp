// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/LinalgLowering.h"
#include "Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace rune {
#define GEN_PASS_DEF_CONVERTTOLINALG
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

struct ConvertToLinalgPass : rune::impl::ConvertToLinalgBase<ConvertToLinalgPass> {
  void runOnOperation() override {
    for (auto module : llvm::to_vector(getOperation().getOps<RuneModuleOp>()))
      for (auto function : llvm::to_vector(module.getOps<func::FuncOp>())) {
        if (failed(convert(module, function)))
          return signalPassFailure();
        function.erase();
      }
  }

private:
  LogicalResult convert(RuneModuleOp module, func::FuncOp function) {
    OpBuilder builder(module);
    LinalgLowering lowering(builder, module);
    auto result = makeFunction(builder, lowering, function);
    Block *block = &result.getBody().front();
    builder.setInsertionPointToStart(block);
    bindArguments(lowering, function, block);

    for (Operation &op : function.getBody().front().without_terminator()) {
      if (!isa<LinalgLowerableOpInterface>(op))
        return op.emitOpError() << "has no lowering";
      // Elementwise ops in their order keep the lowering on demand from going as deep as the model is long.
      if (!isMemoryEffectFree(&op))
        lowering.lower(&op);
      else if (op.hasTrait<Elementwise>())
        lowering.lookup(op.getResult(0));
    }
    unsigned firstOutput = firstInput + function.getNumArguments();
    for (auto [i, value] : llvm::enumerate(function.getBody().front().getTerminator()->getOperands()))
      bufferization::MaterializeInDestinationOp::create(builder, function.getLoc(), Type(), lowering.lookup(value),
                                                        block->getArgument(firstOutput + i), /*restrict=*/true,
                                                        /*writable=*/true);
    func::ReturnOp::create(builder, function.getLoc());
    return success();
  }

  static constexpr unsigned firstInput = 4; // after the arenas

  /// Of inputs, then of outputs.
  static SmallVector<StringRef> argumentNames(func::FuncOp function) {
    SmallVector<StringRef> names;
    auto add = [&](StringAttr name) { names.push_back(name ? name.getValue() : StringRef()); };
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      add(function.getArgAttrOfType<StringAttr>(i, "rune.name"));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      add(function.getResultAttrOfType<StringAttr>(i, "rune.name"));
    return names;
  }

  func::FuncOp makeFunction(OpBuilder &builder, LinalgLowering &lowering, func::FuncOp function) {
    auto arena = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    SmallVector<Type> types(firstInput, arena);
    auto addTensor = [&](Type type) {
      RankedTensorType tensor = lowering.convert(type);
      types.push_back(MemRefType::get(tensor.getShape(), tensor.getElementType()));
    };
    llvm::for_each(function.getArgumentTypes(), addTensor);
    llvm::for_each(function.getResultTypes(), addTensor);
    if (auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols"))
      types.append(symbols.size(), builder.getIndexType());
    auto result = func::FuncOp::create(builder, function.getLoc(), function.getSymName(),
                                       FunctionType::get(builder.getContext(), types, {}));
    for (NamedAttribute attribute : function->getDiscardableAttrs())
      result->setAttr(attribute.getName(), attribute.getValue());
    result->setAttr("rune.inputs", builder.getI64IntegerAttr(function.getNumArguments()));
    result->setAttr("rune.outputs", builder.getI64IntegerAttr(function.getNumResults()));
    result->setAttr("rune.argument_names", builder.getStrArrayAttr(argumentNames(function)));
    result.addEntryBlock();
    // Dynamic memrefs tell no sizes: those of inputs and outputs stand beside them.
    unsigned next = firstInput;
    for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes())) {
      if (auto dims = dyn_cast_or_null<DimsAttr>(cast<RankedTensorType>(type).getEncoding()))
        result.setArgAttr(next, "rune.dims", dims);
      ++next;
    }
    return result;
  }

  static void bindArguments(LinalgLowering &lowering, func::FuncOp function, Block *block) {
    lowering.state = block->getArgument(0);
    lowering.context = block->getArgument(2);
    lowering.training = block->getArgument(3);
    lowering.loc = function.getLoc();
    lowering.declareWritten(function);
    unsigned next = firstInput;
    for (BlockArgument argument : function.getArguments()) {
      Value tensor =
          bufferization::ToTensorOp::create(lowering.builder, function.getLoc(), lowering.convert(argument.getType()),
                                            block->getArgument(next++), /*restrict=*/true,
                                            /*writable=*/false);
      lowering.map(argument, tensor);
    }
    next += function.getNumResults();
    if (auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols"))
      for (auto symbol : symbols.getAsRange<StringAttr>())
        lowering.symbols[symbol.getValue()] = block->getArgument(next++);
  }
};

} // namespace
