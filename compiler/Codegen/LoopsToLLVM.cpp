// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Bf16.h"
#include "Codegen/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Utils/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"

namespace rune {
#define GEN_PASS_DEF_LOOPSTOLLVM
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

namespace {

/// Rewrites everything that touches a buffer: a flat memref is its address, so no descriptor ever appears.
class PointerRewriter {
public:
  explicit PointerRewriter(ModuleOp module)
      : module(module), builder(module.getContext()), pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  LogicalResult run() {
    for (auto global : llvm::to_vector(module.getOps<memref::GlobalOp>()))
      rewriteGlobal(global);
    for (auto function : module.getOps<func::FuncOp>())
      if (failed(rewriteFunction(function)))
        return failure();
    // By now the types of every callee are those of LLVM.
    for (auto op : parallels)
      lowerParallel(op);
    return success();
  }

private:
  static constexpr int64_t globalAlignment = 64;

  void rewriteGlobal(memref::GlobalOp global) {
    auto values = cast<DenseElementsAttr>(*global.getInitialValue());
    Type element = values.getElementType();
    auto flat = values.reshape(RankedTensorType::get({values.getNumElements()}, element));
    builder.setInsertionPoint(global);
    LLVM::GlobalOp::create(builder, global.getLoc(), LLVM::LLVMArrayType::get(element, values.getNumElements()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, global.getSymName(), flat, globalAlignment);
    global.erase();
  }

  Type convert(Type type) const { return isa<MemRefType>(type) ? pointer : type; }

  LogicalResult rewriteFunction(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.removeArgAttr(i, "rune.name"); // a reader's, which LLVM does not know
    FunctionType type = function.getFunctionType();
    SmallVector<Type> inputs;
    for (Type input : type.getInputs())
      inputs.push_back(convert(input));
    function.setFunctionType(FunctionType::get(module.getContext(), inputs, type.getResults()));
    if (function.isDeclaration())
      return success();
    // Ops still tell what their buffers held, so arguments and results change type only after all of them are seen.
    WalkResult result = function.walk([&](Operation *op) {
      builder.setInsertionPoint(op);
      return succeeded(rewrite(op)) ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return failure();
    for (Value source : llvm::reverse(toErase)) {
      if (!source.use_empty())
        return source.getDefiningOp()->emitOpError() << "has a use that is not a pointer's";
      source.getDefiningOp()->erase();
    }
    toErase.clear();
    pointers.clear();
    for (BlockArgument argument : function.getArguments())
      argument.setType(convert(argument.getType()));
    return success();
  }

  LogicalResult rewrite(Operation *op) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<memref::LoadOp, memref::StoreOp, vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp,
              vector::MaskedStoreOp, vector::GatherOp, memref::ViewOp, memref::CastOp, memref::GetGlobalOp,
              memref::ExtractAlignedPointerAsIndexOp, memref::AllocaOp, memref::PrefetchOp, PointerOp, ParallelOp,
              TraceOp, TraceEndOp, DotBf16Op, FlushSubnormalOp, FlushBeginOp, FlushEndOp, func::CallOp>(
            [&](auto typed) {
              lower(typed);
              return success();
            })
        .Default([&](Operation *other) -> LogicalResult {
          if (llvm::any_of(other->getOperandTypes(), llvm::IsaPred<MemRefType>) ||
              llvm::any_of(other->getResultTypes(), llvm::IsaPred<MemRefType>))
            return other->emitOpError() << "is not an op of loops on a buffer";
          return success();
        });
  }

  /// The address that a memref value became. Arguments change in place.
  Value pointerOf(Value buffer) const { return isa<BlockArgument>(buffer) ? buffer : pointers.lookup(buffer); }

  Value toI64(Location loc, Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
  }

  Value address(Location loc, Value buffer, ValueRange indices, Type element) {
    return LLVM::GEPOp::create(builder, loc, pointer, element, pointerOf(buffer),
                               ValueRange{toI64(loc, indices.front())}, LLVM::GEPNoWrapFlags::inbounds);
  }

  static Type elementOf(MemRefType type) { return type.getElementType(); }
  static unsigned alignmentOf(MemRefType type) { return llvm::divideCeil(type.getElementTypeBitWidth(), 8); }

  void replace(Operation *op, Value value) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
  /// A buffer's users still want its type: it goes when they have gone.
  void replacePointer(Value buffer, Value address) {
    pointers[buffer] = address;
    toErase.push_back(buffer);
  }

  void lower(memref::LoadOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getMemRef(), op.getIndices(), elementOf(type));
    Value value = LLVM::LoadOp::create(builder, op.getLoc(), llvmElement(type), place, alignmentOf(type));
    if (elementOf(type).isIndex())
      value = arith::IndexCastOp::create(builder, op.getLoc(), builder.getIndexType(), value);
    replace(op, value);
  }
  Type llvmElement(MemRefType type) { return elementOf(type).isIndex() ? Type(builder.getI64Type()) : elementOf(type); }
  void lower(memref::StoreOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getMemRef(), op.getIndices(), elementOf(type));
    LLVM::StoreOp::create(builder, op.getLoc(), op.getValue(), place, alignmentOf(type));
    op.erase();
  }
  void lower(vector::LoadOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getBase(), op.getIndices(), elementOf(type));
    replace(op, LLVM::LoadOp::create(builder, op.getLoc(), op.getType(), place, alignmentOf(type)));
  }
  void lower(vector::StoreOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getBase(), op.getIndices(), elementOf(type));
    LLVM::StoreOp::create(builder, op.getLoc(), op.getValueToStore(), place, alignmentOf(type));
    op.erase();
  }
  void lower(vector::MaskedLoadOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getBase(), op.getIndices(), elementOf(type));
    replace(op, LLVM::MaskedLoadOp::create(builder, op.getLoc(), op.getVectorType(), place, op.getMask(),
                                           op.getPassThru(), alignmentOf(type)));
  }
  void lower(vector::MaskedStoreOp op) {
    MemRefType type = op.getMemRefType();
    Value place = address(op.getLoc(), op.getBase(), op.getIndices(), elementOf(type));
    LLVM::MaskedStoreOp::create(builder, op.getLoc(), op.getValueToStore(), place, op.getMask(), alignmentOf(type));
    op.erase();
  }
  void lower(vector::GatherOp op) {
    auto type = cast<MemRefType>(op.getBaseType());
    Location loc = op.getLoc();
    int64_t lanes = op.getVectorType().getNumElements();
    Value base = address(loc, op.getBase(), op.getOffsets(), elementOf(type));
    Value indices = op.getIndices();
    if (cast<VectorType>(indices.getType()).getElementType().isIndex())
      indices = arith::IndexCastOp::create(builder, loc, VectorType::get({lanes}, builder.getI64Type()), indices);
    Value places = LLVM::GEPOp::create(builder, loc, VectorType::get({lanes}, pointer), elementOf(type), base,
                                       ValueRange{indices}, LLVM::GEPNoWrapFlags::inbounds);
    replace(op, LLVM::masked_gather::create(builder, loc, op.getVectorType(), places, op.getMask(),
                                            ValueRange{op.getPassThru()}, alignmentOf(type)));
  }
  void lower(memref::ViewOp op) {
    replacePointer(op, address(op.getLoc(), op.getSource(), ValueRange{op.getByteShift()}, builder.getI8Type()));
  }
  void lower(memref::CastOp op) { replacePointer(op, pointerOf(op.getSource())); }
  void lower(memref::GetGlobalOp op) {
    replacePointer(op, LLVM::AddressOfOp::create(builder, op.getLoc(), pointer, op.getName()));
  }
  void lower(PointerOp op) {
    replacePointer(op.getBuffer(), LLVM::IntToPtrOp::create(builder, op.getLoc(), pointer, op.getAddress()));
  }
  void lower(memref::ExtractAlignedPointerAsIndexOp op) {
    Value bits = LLVM::PtrToIntOp::create(builder, op.getLoc(), builder.getI64Type(), pointerOf(op.getSource()));
    replace(op, arith::IndexCastOp::create(builder, op.getLoc(), builder.getIndexType(), bits));
  }
  /// Memory of the function's own, gone with its return.
  void lower(memref::AllocaOp op) {
    Value count =
        LLVM::ConstantOp::create(builder, op.getLoc(), builder.getI64IntegerAttr(op.getType().getNumElements()));
    replacePointer(op, LLVM::AllocaOp::create(builder, op.getLoc(), pointer, elementOf(op.getType()), count,
                                              op.getAlignment().value_or(0)));
  }
  void lower(memref::PrefetchOp op) {
    Value place = address(op.getLoc(), op.getMemref(), op.getIndices(), elementOf(op.getMemRefType()));
    LLVM::Prefetch::create(builder, op.getLoc(), place, op.getIsWrite(), op.getLocalityHint(), op.getIsDataCache());
    op.erase();
  }
  //===--- bfloat16 -------------------------------------------------------===//

  void lower(DotBf16Op op) {
    auto type = cast<VectorType>(op.getType());
    int64_t lanes = type.getNumElements();
    auto halves = VectorType::get({2 * lanes}, builder.getBF16Type());
    Value lhs = LLVM::BitcastOp::create(builder, op.getLoc(), halves, op.getLhs());
    Value rhs = LLVM::BitcastOp::create(builder, op.getLoc(), halves, op.getRhs());
    std::string name = "llvm.x86.avx512bf16.dpbf16ps." + std::to_string(lanes * 32);
    auto call = LLVM::CallIntrinsicOp::create(builder, op.getLoc(), type, builder.getStringAttr(name),
                                              ValueRange{op.getSum(), lhs, rhs});
    replace(op, call.getResult(0));
  }

  void lower(FlushSubnormalOp op) { replace(op, flushSubnormal(builder, op.getLoc(), op.getInput())); }

  static constexpr int32_t flushBits = 0x8040; // of MXCSR: flush to zero, and denormals are zeros

  void setMode(Location loc, Value word, Value mode) {
    LLVM::StoreOp::create(builder, loc, mode, word);
    LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.ldmxcsr"), ValueRange{word});
  }
  void lower(FlushBeginOp op) {
    Location loc = op.getLoc();
    Value word = modeWordOf(op);
    LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.sse.stmxcsr"), ValueRange{word});
    Value mode = LLVM::LoadOp::create(builder, loc, builder.getI32Type(), word);
    Value bits = LLVM::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(flushBits));
    setMode(loc, word, LLVM::OrOp::create(builder, loc, mode, bits));
    replace(op, mode);
  }
  void lower(FlushEndOp op) {
    setMode(op.getLoc(), modeWordOf(op), op.getMode());
    op.erase();
  }

  /// A word of the function's stack.
  Value modeWordOf(Operation *op) {
    auto function = op->getParentOfType<func::FuncOp>();
    if (function != modeFunction) {
      modeFunction = function;
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&function.getBody().front());
      Value one = LLVM::ConstantOp::create(builder, op->getLoc(), builder.getI64IntegerAttr(1));
      modeStorage = LLVM::AllocaOp::create(builder, op->getLoc(), pointer, builder.getI32Type(), one, 4);
    }
    return modeStorage;
  }

  //===--- The profile ----------------------------------------------------===//

  /// In an entry of a few kernels a branch stands at each place: it counts there. One of many calls a function that
  /// branches, as hundreds of blocks would cost the compiler seconds.
  static constexpr int64_t fewTraces = 16;

  void trace(Operation *op, Value site) {
    auto entry = op->getParentOfType<func::FuncOp>();
    if (entry != tracedEntry) {
      tracedEntry = entry;
      int64_t traces = 0;
      entry.walk([&](TraceOp) { ++traces; });
      traceFunction = traceFunctionOf(op->getLoc(), traces <= fewTraces);
    }
    auto call = LLVM::CallOp::create(builder, op->getLoc(), traceFunction, site);
    call.setCConv(traceFunction.getCConv());
    op->erase();
  }

  LLVM::LLVMFuncOp traceFunctionOf(Location loc, bool few) {
    StringRef name = few ? "trace_here" : "trace";
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(module.getBody());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()), {pointer});
    auto runtime = module.lookupSymbol<LLVM::LLVMFuncOp>("rune_trace_site");
    if (!runtime) {
      runtime = LLVM::LLVMFuncOp::create(builder, loc, "rune_trace_site", type);
      LLVM::GlobalOp::create(builder, loc, builder.getI32Type(), /*isConstant=*/false, LLVM::Linkage::External,
                             "rune_tracing", Attribute());
    }
    auto function = LLVM::LLVMFuncOp::create(builder, loc, name, type, LLVM::Linkage::Internal);
    if (few) {
      // What is called behind the branch saves what the caller keeps in registers: else every entry would.
      auto cold = LLVM::LLVMFuncOp::create(builder, loc, "trace_cold", type, LLVM::Linkage::Internal);
      cold.setCConv(LLVM::CConv::PreserveMost);
      cold.setNoInline(true);
      writeCall(cold, runtime);
      writeGuarded(function, cold);
      function.setAlwaysInline(true);
    } else {
      writeGuarded(function, runtime);
      function.setNoInline(true);
    }
    return function;
  }

  void writeCall(LLVM::LLVMFuncOp function, LLVM::LLVMFuncOp callee) {
    Block *block = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(block);
    auto call = LLVM::CallOp::create(builder, function.getLoc(), callee, block->getArguments());
    call.setCConv(callee.getCConv());
    LLVM::ReturnOp::create(builder, function.getLoc(), ValueRange());
  }

  /// The call, where rune_tracing is not 0.
  void writeGuarded(LLVM::LLVMFuncOp function, LLVM::LLVMFuncOp callee) {
    Location loc = function.getLoc();
    Type word = builder.getI32Type();
    writeCall(function, callee);
    Block *calling = &function.getBody().front();
    Block *returning = calling->splitBlock(calling->getTerminator());
    Block *asking = calling;
    calling = asking->splitBlock(asking->begin());
    builder.setInsertionPointToEnd(calling);
    LLVM::BrOp::create(builder, loc, returning);
    builder.setInsertionPointToEnd(asking);
    Value flag = LLVM::AddressOfOp::create(builder, loc, pointer, "rune_tracing");
    Value tracing = LLVM::LoadOp::create(builder, loc, word, flag);
    Value none = LLVM::ZeroOp::create(builder, loc, word);
    Value on = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, tracing, none);
    LLVM::CondBrOp::create(builder, loc, on, calling, returning);
  }

  void lower(TraceOp op) {
    StringRef entry = op->getParentOfType<func::FuncOp>().getName();
    std::string texts;
    for (StringRef text : {entry, op.getKernel(), op.getDoes(), op.getWhere()})
      texts += text.str() + '\0';
    trace(op, stringOf(op.getLoc(), texts));
  }
  void lower(TraceEndOp op) { trace(op, LLVM::ZeroOp::create(builder, op.getLoc(), pointer)); }

  Value stringOf(Location loc, StringRef text) {
    std::string name = "rune_site_" + std::to_string(sites++);
    OpBuilder::InsertionGuard guard(builder);
    Value address = LLVM::AddressOfOp::create(builder, loc, pointer, name);
    builder.setInsertionPointToEnd(module.getBody());
    LLVM::GlobalOp::create(builder, loc, LLVM::LLVMArrayType::get(builder.getI8Type(), text.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, name, builder.getStringAttr(text));
    return address;
  }

  void lower(ParallelOp op) {
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        operand.set(pointerOf(operand.get()));
    parallels.push_back(op);
  }

  //===--- Work for several threads ---------------------------------------===//

  /// The operands as words of the stack, which every thread reads.
  void lowerParallel(ParallelOp op) {
    builder.setInsertionPoint(op);
    Location loc = op.getLoc();
    auto operands = op->getOperands().drop_back();
    Value size = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(operands.size()));
    Value words = LLVM::AllocaOp::create(builder, loc, pointer, builder.getI64Type(), size);
    for (auto [i, operand] : llvm::enumerate(operands)) {
      Value place = LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), words,
                                        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      Value stored = operand.getType().isIndex() ? toI64(loc, operand) : operand;
      LLVM::StoreOp::create(builder, loc, stored, place);
    }
    Value body = func::ConstantOp::create(builder, loc, rangeType(), unpacking(op).getSymName());
    func::CallOp::create(builder, loc, "rune_parallel_for", TypeRange(), {body, words, toI64(loc, op.getCount())});
    op.erase();
  }

  FunctionType rangeType() {
    return builder.getFunctionType({pointer, builder.getI64Type(), builder.getI64Type()}, {});
  }

  /// Calls the kernel with the operands that the words hold.
  func::FuncOp unpacking(ParallelOp op) {
    OpBuilder::InsertionGuard guard(builder);
    if (!module.lookupSymbol("rune_parallel_for")) {
      builder.setInsertionPointToEnd(module.getBody());
      Type i64 = builder.getI64Type();
      // The body's own type, as functions are built before they become pointers.
      func::FuncOp::create(builder, op.getLoc(), "rune_parallel_for",
                           builder.getFunctionType({rangeType(), pointer, i64}, {}))
          .setPrivate();
    }
    std::string name = (op.getCallee() + "_range").str();
    if (auto known = module.lookupSymbol<func::FuncOp>(name))
      return known;
    builder.setInsertionPointToEnd(module.getBody());
    auto function = func::FuncOp::create(builder, op.getLoc(), name, rangeType());
    function.setPrivate();
    Block *block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
    SmallVector<Value> arguments;
    for (auto [i, operand] : llvm::enumerate(op->getOperands().drop_back())) {
      Value place = LLVM::GEPOp::create(builder, op.getLoc(), pointer, builder.getI64Type(), block->getArgument(0),
                                        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      bool isIndex = operand.getType().isIndex();
      Value value =
          LLVM::LoadOp::create(builder, op.getLoc(), isIndex ? builder.getI64Type() : operand.getType(), place);
      arguments.push_back(isIndex ? toIndex(op.getLoc(), value) : value);
    }
    for (unsigned i : {1, 2})
      arguments.push_back(toIndex(op.getLoc(), block->getArgument(i)));
    func::CallOp::create(builder, op.getLoc(), op.getCallee(), TypeRange(), arguments);
    func::ReturnOp::create(builder, op.getLoc());
    return function;
  }

  Value toIndex(Location loc, Value word) {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word);
  }

  void lower(func::CallOp op) {
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        operand.set(pointerOf(operand.get()));
  }

  ModuleOp module;
  OpBuilder builder;
  Type pointer;
  llvm::DenseMap<Value, Value> pointers;
  SmallVector<Value> toErase;
  SmallVector<ParallelOp> parallels;
  func::FuncOp tracedEntry, modeFunction;
  Value modeStorage;              // of that function
  LLVM::LLVMFuncOp traceFunction; // of that entry
  unsigned sites = 0;
};

/// Upstream makes this fmuladd, which is two operations wherever contraction is off.
struct LowerFma : OpRewritePattern<vector::FMAOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::FMAOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::FMAOp>(op, op.getLhs(), op.getRhs(), op.getAcc());
    return success();
  }
};

struct LoopsToLLVMPass : rune::impl::LoopsToLLVMBase<LoopsToLLVMPass> {
  void runOnOperation() override {
    // What the rune module says of the model has been read by now.
    for (auto module : llvm::to_vector(getOperation().getOps<RuneModuleOp>()))
      module.erase();
    if (failed(PointerRewriter(getOperation()).run()) || failed(convertStructure()) || failed(convertRest()))
      return signalPassFailure();
    setFunctionAttributes();
  }

private:
  /// LLVM's own unrolling is off: it would take remainder loops, too.
  void unrollLoops() {
    SmallVector<std::pair<scf::ForOp, int64_t>> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (auto count = dyn_cast_or_null<IntegerAttr>(loop->removeDiscardableAttr("rune.unroll")))
        loops.push_back({loop, count.getInt()});
    });
    for (auto [loop, count] : loops)
      if (failed(loopUnrollByFactor(loop, count)))
        loop.emitWarning() << "is not unrolled";
  }

  /// Nothing is ever taken back: a failure is a fault.
  static ConversionConfig quick() {
    ConversionConfig config;
    config.allowPatternRollback = false;
    return config;
  }

  LogicalResult convertStructure() {
    unrollLoops();
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(getOperation(), target, std::move(patterns), quick());
  }

  LogicalResult convertRest() {
    LowerToLLVMOptions options(&getContext());
    options.overrideIndexBitwidth(64);
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    vector::populateVectorMaskOpLoweringPatterns(patterns);
    vector::populateVectorMaskMaterializationPatterns(patterns, /*force32BitVectorIndices=*/true);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    patterns.add<LowerFma>(&getContext(), /*benefit=*/10);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    return applyFullConversion(getOperation(), target, std::move(patterns), quick());
  }

  /// The code stands alone: no loop becomes a call of memset, and nothing unwinds.
  void setFunctionAttributes() {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      function.setNoUnwind(true);
      if (function.isExternal())
        continue;
      SmallVector<StringRef> attributes = {"no-builtins"};
      if (function->hasAttr("rune.math"))
        attributes.push_back("alwaysinline");
      function.setPassthroughAttr(builder.getStrArrayAttr(attributes));
    }
  }
};

} // namespace
