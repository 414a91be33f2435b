// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Passes.h"
#include "Codegen/Register.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/PassManager.h"

namespace rune {
#define GEN_PASS_DEF_BUFFERIZE
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace mlir::bufferization;
using namespace rune;

namespace {

/// Ops in destination-passing style: each input and the destination become their buffers.
template <typename Op> struct StructuredModel : DstBufferizableOpInterfaceExternalModel<StructuredModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return isa<ScatterOp>(op) || cast<DestinationStyleOpInterface>(op).isDpsInput(&operand);
  }

  /// An extra that is read where the result is written may be the memory of the result.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &, ArrayRef<OpOperand *> operands) const {
    auto contract = dyn_cast<ContractOp>(op);
    return contract && llvm::all_of(operands, [&](OpOperand *operand) {
             unsigned number = operand->getOperandNumber(), extras = contract.getExtras().size();
             if (number >= 2 + extras)
               return true;
             return number >= 2 && cast<AffineMapAttr>(contract.getMaps()[number - 1]).getValue().isIdentity();
           });
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    rewriter.setInsertionPoint(op);
    auto destination = cast<DestinationStyleOpInterface>(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState fresh(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    fresh.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      fresh.addRegion()->takeBody(region);
    rewriter.create(fresh);
    SmallVector<Value> out;
    for (OpOperand &init : destination.getDpsInitsMutable())
      out.push_back(buffers[init.getOperandNumber()]);
    replaceOpWithBufferizedValues(rewriter, op, out);
    return success();
  }
};

struct CheckIndexModel : BufferizableOpInterface::ExternalModel<CheckIndexModel, CheckIndexOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const AnalysisState &) const { return false; }
  AliasingValueList getAliasingValues(Operation *, OpOperand &, const AnalysisState &) const { return {}; }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto check = cast<CheckIndexOp>(op);
    FailureOr<Value> buffer = getBuffer(rewriter, check.getIndices(), options, state);
    if (failed(buffer))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { check.getIndicesMutable().assign(*buffer); });
    return success();
  }
};

/// Hooks may overwrite what they are given: each result is its operand's memory.
struct RunHooksModel : BufferizableOpInterface::ExternalModel<RunHooksModel, RunHooksOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  AliasingValueList getAliasingValues(Operation *op, OpOperand &operand, const AnalysisState &) const {
    return {{op->getResult(operand.getOperandNumber()), BufferRelation::Equivalent}};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto hooks = cast<RunHooksOp>(op);
    SmallVector<Value> buffers;
    for (Value tensor : hooks.getTensors()) {
      FailureOr<Value> buffer = getBuffer(rewriter, tensor, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    RunHooksOp::create(rewriter, op->getLoc(), TypeRange(), hooks.getSiteAttr(), buffers);
    replaceOpWithBufferizedValues(rewriter, op, buffers);
    return success();
  }
};

struct BufferizePass : rune::impl::BufferizeBase<BufferizePass> {
  void runOnOperation() override {
    OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = false;
    options.allowReturnAllocsFromLoops = false;
    BufferizationState state;
    IRRewriter rewriter(&getContext());
    if (failed(eliminateEmptyTensors(rewriter, getOperation(), options)))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(runOneShotBufferize(function, options, state)))
        return signalPassFailure();
  }

  /// Lets ops write straight into the slice or output that their result would be copied to.
  static LogicalResult eliminateEmptyTensors(IRRewriter &rewriter, ModuleOp module,
                                             const OneShotBufferizationOptions &options) {
    for (auto function : module.getOps<func::FuncOp>()) {
      OneShotAnalysisState state(function, options);
      if (failed(analyzeOp(function, state)) || failed(bufferization::eliminateEmptyTensors(rewriter, function, state)))
        return failure();
    }
    return success();
  }
};

} // namespace

void rune::registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, RuneDialect *) {
    PackOp::attachInterface<StructuredModel<PackOp>>(*context);
    ScatterOp::attachInterface<StructuredModel<ScatterOp>>(*context);
    ContractOp::attachInterface<StructuredModel<ContractOp>>(*context);
    AttendOp::attachInterface<StructuredModel<AttendOp>>(*context);
    AttendGradOp::attachInterface<StructuredModel<AttendGradOp>>(*context);
    CheckIndexOp::attachInterface<CheckIndexModel>(*context);
    RunHooksOp::attachInterface<RunHooksModel>(*context);
  });
}
