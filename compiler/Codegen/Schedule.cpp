// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Cost.h"
#include "Codegen/KernelForm.h"
#include "Codegen/KernelNotes.h"
#include "Codegen/Passes.h"
#include "Codegen/Structured.h"
#include "Codegen/VectorBody.h"

#include "rune/table.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace rune {
#define GEN_PASS_DEF_SCHEDULE
#include "Codegen/Passes.h.inc"
} // namespace rune

using namespace mlir;
using namespace rune;

FailureOr<View> Scheduling::view(Operation *op, Value memref) {
  auto view = resolveView(memref, symbols);
  if (!view)
    return op->emitOpError() << "has an operand whose memory is not known here";
  return *view;
}

FailureOr<Access> Scheduling::access(Operation *op, Value memref, AffineMap map) {
  auto resolved = view(op, memref);
  if (failed(resolved))
    return failure();
  return Access{kernel.buffer(resolved->root), resolved->offset, resolved->stridesOver(map), resolved->root.element};
}

void rune::emitFailUnless(OpBuilder &builder, Location loc, Value condition, int32_t code, Value status) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value current = memref::LoadOp::create(builder, loc, status, zero);
  Value fine = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
  Value first = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, current, fine);
  Value failed = arith::XOrIOp::create(builder, loc, condition,
                                       arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)).getResult());
  Value set = arith::AndIOp::create(builder, loc, first, failed);
  Value failure = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(code));
  Value next = arith::SelectOp::create(builder, loc, set, failure, current);
  memref::StoreOp::create(builder, loc, next, status, zero);
}

namespace {

/// The new form of one function: its entry sequence and the kernels that it calls.
class FunctionScheduler {
public:
  FunctionScheduler(func::FuncOp function, const TargetDesc &target, SymbolTable &table,
                    llvm::StringMap<func::FuncOp> &kernels, llvm::StringMap<WrittenKernel> &forms,
                    const ModelNames &modelNames, bool threads)
      : function(function), target(target), threads(threads), table(table), kernels(kernels), forms(forms),
        modelNames(modelNames), symbols(function), b(function.getContext()) {}

  LogicalResult run() {
    loc = function.getLoc();
    makeEntry();
    for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
      if (failed(schedule(&op)))
        return failure();
    returnStatus();
    std::string name = function.getName().str();
    table.erase(function);
    entry.setSymName(name);
    table.insert(entry);
    return success();
  }

private:
  static constexpr unsigned firstInput = 4; // after the arenas

  //===--- The entry ------------------------------------------------------===//

  /// (arguments, symbols, state, workspace, context) → status, as rune_kernel.
  void makeEntry() {
    auto words = MemRefType::get({ShapedType::kDynamic}, b.getI64Type());
    auto arena = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
    auto type = FunctionType::get(b.getContext(), {words, words, arena, arena, arena}, {b.getI32Type()});
    entry = func::FuncOp::create(loc, "entry", type);
    for (NamedAttribute attribute : function->getDiscardableAttrs())
      entry->setAttr(attribute.getName(), attribute.getValue());
    Block *block = entry.addEntryBlock();
    b.setInsertionPointToStart(block);
    arenas[function.getArgument(0)] = block->getArgument(2);
    arenas[function.getArgument(1)] = block->getArgument(3);
    arenas[function.getArgument(2)] = block->getArgument(4);
    if (!function.getArgument(3).use_empty()) {
      // The training arena is the first word of the context.
      Value word =
          memref::ViewOp::create(b, loc, flat(b.getI64Type()), block->getArgument(4), constant(0), constant(1));
      Value address = memref::LoadOp::create(b, loc, word, constant(0));
      arenas[function.getArgument(3)] = PointerOp::create(b, loc, arena, address);
    }
    usesStatus = false;
    function.walk([&](Operation *op) { usesStatus |= isa<CheckIndexOp, FailUnlessOp, RunHooksOp>(op); });
    for (auto [i, name] : llvm::enumerate(symbols.names())) {
      Value word = memref::LoadOp::create(b, loc, block->getArgument(1), constant(i));
      values[symbols.value(name)] = arith::IndexCastOp::create(b, loc, b.getIndexType(), word);
    }
    if (usesStatus) {
      status = memref::ViewOp::create(b, loc, flat(b.getI32Type()), block->getArgument(3), constant(0), constant(1));
      Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
      memref::StoreOp::create(b, loc, zero, status, constant(0));
    }
  }

  /// What follows a check reads what the check allows: after a failed one nothing more is done.
  void enterIfFine() {
    if (!std::exchange(checked, false))
      return;
    Value known = memref::LoadOp::create(b, loc, status, constant(0));
    Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    Value fine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, known, zero);
    b.setInsertionPoint(scf::IfOp::create(b, loc, fine, /*withElseRegion=*/false).thenYield());
  }

  void returnStatus() {
    b.setInsertionPointToEnd(&entry.getBody().front());
    if (traced)
      TraceEndOp::create(b, loc);
    Value result = usesStatus ? Value(memref::LoadOp::create(b, loc, status, constant(0)))
                              : Value(arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0)));
    func::ReturnOp::create(b, loc, result);
  }

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  static MemRefType flat(Type element) { return MemRefType::get({ShapedType::kDynamic}, element); }

  Value materialize(const DimExpr &dim) {
    return materializeIndex(b, loc, dim, [&](StringRef name) { return values.lookup(symbols.value(name)); });
  }

  /// The place of a tensor among all inputs and outputs: run-time integers have theirs too.
  int64_t slotOf(int64_t tensor) const {
    int64_t slot = tensor;
    if (auto integers = function->getAttrOfType<ArrayAttr>("rune.int_inputs"))
      for (auto integer : integers.getAsRange<DictionaryAttr>())
        slot += cast<IntegerAttr>(integer.get("position")).getInt() <= slot;
    return slot;
  }

  /// The flat buffer of a root, made once.
  Value buffer(const Root &root) {
    for (auto &[known, value] : buffers)
      if (known == root)
        return value;
    Value value;
    if (root.arena) {
      value = memref::ViewOp::create(b, loc, flat(root.element), arenas.lookup(root.value), materialize(root.bytes),
                                     materialize(root.count));
    } else if (auto argument = dyn_cast<BlockArgument>(root.value)) {
      Value address =
          memref::LoadOp::create(b, loc, entry.getArgument(0), constant(slotOf(argument.getArgNumber() - firstInput)));
      if (!root.bytes.isConstant(0))
        address = arith::AddIOp::create(
            b, loc, address,
            arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(root.bytes.getConstant())).getResult());
      value = PointerOp::create(b, loc, flat(root.element), address);
    } else {
      auto global = root.value.getDefiningOp<memref::GetGlobalOp>();
      auto elements = MemRefType::get({global.getType().getNumElements()}, root.element);
      value = memref::GetGlobalOp::create(b, loc, elements, global.getName());
      value = memref::CastOp::create(b, loc, flat(root.element), value);
    }
    std::string name = nameOf(root);
    if (Operation *op = value.getDefiningOp(); op && !name.empty())
      op->setAttr("rune.name", b.getStringAttr(name));
    buffers.push_back({root, value});
    return value;
  }

  /// A scalar of the old function in the new one.
  Value scalar(Value old) {
    if (Value known = values.lookup(old))
      return known;
    if (old.getType().isIndex())
      if (auto dim = symbols.toDim(old))
        return values[old] = materialize(*dim);
    Operation *op = old.getDefiningOp();
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, scalar(operand));
    Operation *clone = b.clone(*op, mapping);
    for (auto [from, to] : llvm::zip(op->getResults(), clone->getResults()))
      values[from] = to;
    return values.lookup(old);
  }

  //===--- Ops ------------------------------------------------------------===//

  LogicalResult schedule(Operation *op) {
    loc = op->getLoc();
    if (isa<memref::LoadOp, memref::StoreOp, RunHooksOp, memref::CopyOp, linalg::LinalgOp, ContractOp, PackOp,
            ScatterOp, AttendOp, AttendGradOp>(op))
      enterIfFine();
    if (auto load = dyn_cast<memref::LoadOp>(op))
      return scheduleLoad(load);
    if (auto store = dyn_cast<memref::StoreOp>(op))
      return scheduleStore(store);
    if (auto check = dyn_cast<FailUnlessOp>(op)) {
      emitFailUnless(b, loc, scalar(check.getCondition()), check.getCode(), status);
      checked = true;
      return success();
    }
    checked |= isa<CheckIndexOp>(op);
    if (auto hooks = dyn_cast<RunHooksOp>(op))
      return scheduleHooks(hooks);
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      OpBuilder before(op);
      op = linalg::makeMemRefCopyOp(before, loc, copy.getSource(), copy.getTarget());
    } else if (isa<linalg::LinalgOp>(op) && !isa<linalg::GenericOp>(op)) {
      if (isa<linalg::FillOp>(op) && isAbsorbed(cast<linalg::FillOp>(op)))
        return success();
      IRRewriter rewriter(op);
      auto generic = linalg::generalizeNamedOp(rewriter, cast<linalg::LinalgOp>(op));
      if (failed(generic))
        return op->emitOpError() << "has no loops";
      op = *generic;
    }
    if (!isa<linalg::GenericOp, ContractOp, PackOp, ScatterOp, AttendOp, AttendGradOp, CheckIndexOp>(op))
      return success(); // views and index arithmetic are read where they are used
    return outline(op);
  }

  /// The flat place of one element.
  FailureOr<std::pair<Value, Value>> elementAt(Operation *op, Value memref, ValueRange indices) {
    auto view = resolveView(memref, symbols);
    if (!view)
      return op->emitOpError() << "reaches memory that is not known here";
    Value place = materialize(view->offset);
    for (auto [index, stride] : llvm::zip(indices, view->strides)) {
      Value step = arith::MulIOp::create(b, loc, scalar(index), materialize(stride));
      place = arith::AddIOp::create(b, loc, place, step);
    }
    return std::pair(buffer(view->root), place);
  }

  LogicalResult scheduleLoad(memref::LoadOp load) {
    auto element = elementAt(load, load.getMemRef(), load.getIndices());
    if (failed(element))
      return failure();
    values[load] = memref::LoadOp::create(b, loc, element->first, element->second);
    return success();
  }

  LogicalResult scheduleStore(memref::StoreOp store) {
    auto element = elementAt(store, store.getMemRef(), store.getIndices());
    if (failed(element))
      return failure();
    memref::StoreOp::create(b, loc, scalar(store.getValue()), element->first, element->second);
    return success();
  }

  LogicalResult scheduleHooks(RunHooksOp op) {
    Value words = memref::ViewOp::create(b, loc, flat(b.getI64Type()), entry.getArgument(3), constant(8),
                                         constant(op.getTensors().size()));
    for (auto [i, tensor] : llvm::enumerate(op.getTensors())) {
      auto view = resolveView(tensor, symbols);
      if (!view)
        return op.emitOpError() << "has an operand whose memory is not known here";
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer(view->root));
      int64_t bytes = llvm::divideCeil(view->root.element.getIntOrFloatBitWidth(), 8);
      address = arith::AddIOp::create(b, loc, address, materialize(view->offset * DimExpr(bytes)));
      Value word = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
      memref::StoreOp::create(b, loc, word, words, constant(i));
    }
    // After a failure nothing that a user could see may run.
    Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    Value known = memref::LoadOp::create(b, loc, status, constant(0));
    Value going = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, known, zero);
    auto branch = scf::IfOp::create(b, loc, going, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenYield());
    Value site = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(op.getSite()));
    auto call = func::CallOp::create(b, loc, hooksFunction(),
                                     ValueRange{entry.getArgument(4), site, words, entry.getArgument(1)});
    Value fine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, call.getResult(0), zero);
    emitFailUnless(b, loc, fine, RUNE_HOOK_FAILED, status);
    return success();
  }

  func::FuncOp hooksFunction() {
    if (auto known = table.lookup<func::FuncOp>("rune_run_hooks"))
      return known;
    auto arena = flat(b.getI8Type()), words = flat(b.getI64Type());
    auto declaration = func::FuncOp::create(
        loc, "rune_run_hooks",
        FunctionType::get(b.getContext(), {arena, b.getI64Type(), words, words}, {b.getI32Type()}));
    declaration.setPrivate();
    table.insert(declaration);
    return declaration;
  }

  /// The fill that gives a reduction its start, where nothing stands between them.
  static linalg::FillOp startOf(linalg::GenericOp op) {
    Value out = op.getDpsInits().front();
    linalg::FillOp fill;
    for (Operation *user : out.getUsers())
      if (auto candidate = dyn_cast<linalg::FillOp>(user); candidate && candidate->isBeforeInBlock(op))
        fill = candidate;
    if (!fill || !isNeutralStart(op, fill.value()))
      return {};
    for (Operation *user : out.getUsers())
      if (user != fill && user != op && fill->isBeforeInBlock(user) && user->isBeforeInBlock(op))
        return {};
    return fill;
  }

  static bool isAbsorbed(linalg::FillOp fill) {
    for (Operation *user : fill.getDpsInits().front().getUsers())
      if (auto generic = dyn_cast<linalg::GenericOp>(user);
          generic && fill->isBeforeInBlock(generic) && isSimpleReduction(generic) && startOf(generic) == fill)
        return true;
    return false;
  }

  LogicalResult outline(Operation *op) {
    auto form = KernelForm::of(op, startsNeutrally(op), symbols);
    if (form)
      if (auto known = forms.find(form->key); known != forms.end()) {
        callKernel(op, known->second.kernel, form->argumentsOf(known->second, function));
        return success();
      }
    Kernel kernel(op->getContext(), op->getLoc(), symbols, threads);
    Scheduling scheduling{kernel, symbols, target};
    LogicalResult result =
        TypeSwitch<Operation *, LogicalResult>(op)
            .Case([&](ContractOp contract) { return scheduleContract(contract, scheduling); })
            .Case([&](PackOp pack) { return schedulePack(pack, scheduling); })
            .Case([&](AttendOp attend) { return scheduleAttend(attend, scheduling); })
            .Case([&](AttendGradOp attend) { return scheduleAttendGrad(attend, scheduling); })
            .Case([&](ScatterOp scatter) { return scheduleScatter(scatter, scheduling); })
            .Case([&](CheckIndexOp check) { return scheduleCheckIndex(check, function.getArgument(1), scheduling); })
            .Case([&](linalg::GenericOp generic) {
              if (generic.getNumReductionLoops() == 0 && scheduleTransposition(generic, scheduling))
                return success();
              if (generic.getNumReductionLoops() == 0)
                return scheduleElementwise(generic, scheduling);
              if (isSimpleReduction(generic))
                return scheduleReduction(generic, static_cast<bool>(startOf(generic)), scheduling);
              return scheduleScalar(generic, scheduling);
            })
            .Default([](Operation *) { return failure(); });
    if (failed(result))
      return failure();
    Kernel::Finished finished = kernel.finish("kernel");
    func::FuncOp shared = share(finished, op);
    if (form)
      if (auto written = form->written(shared, finished.arguments))
        forms.try_emplace(form->key, *written);
    callKernel(op, shared, finished.arguments);
    return success();
  }

  /// The name of what lies at a root, as far as the model gives one; that of a temporary is "".
  std::string nameOf(const Root &root) {
    if (root.arena) {
      unsigned arena = cast<BlockArgument>(root.value).getArgNumber();
      std::string name = arena == 0 ? modelNames.member(root.bytes) : arena == 3 ? modelNames.slot(root.bytes) : "";
      return name;
    }
    auto argument = dyn_cast<BlockArgument>(root.value);
    if (!argument)
      return "";
    unsigned tensor = argument.getArgNumber() - firstInput;
    auto names = function->getAttrOfType<ArrayAttr>("rune.argument_names");
    return names && tensor < names.size() ? cast<StringAttr>(names[tensor]).getValue().str() : "";
  }

  static bool isWritten(Value buffer) {
    return llvm::any_of(buffer.getUsers(), [&](Operation *user) {
      if (auto store = dyn_cast<memref::StoreOp>(user))
        return store.getMemRef() == buffer;
      return isa<vector::StoreOp, vector::MaskedStoreOp>(user);
    });
  }

  /// Notes for the reader, in the terms of the first call.
  void note(Kernel::Finished &kernel, Operation *op) {
    std::vector<std::string> names, shapes;
    std::map<std::string, unsigned> counts;
    func::FuncOp written = kernel.part ? kernel.part : kernel.function;
    for (auto [source, argument] : llvm::zip(kernel.arguments, written.getArguments())) {
      std::string name, shape;
      if (auto *root = std::get_if<Root>(&source)) {
        // The last part of "fc1.weight": the kernel may serve many layers.
        name = nameOf(*root);
        if (root->arena)
          name = name.substr(name.rfind('.') + 1);
        if (name.empty())
          name = isWritten(argument) ? "out" : "in";
        shape = shapeAt(op, *root);
      } else if (auto *symbol = std::get_if<std::string>(&source)) {
        name = *symbol;
      } else {
        name = "scalar";
      }
      for (char &c : name)
        c = llvm::isAlnum(c) ? c : '_';
      unsigned &count = counts[name];
      if (++count > 1)
        name += std::to_string(count);
      names.push_back(name);
      shapes.push_back(shape);
    }
    noteKernel(kernel.function, op, modelNames, names, shapes);
  }

  /// "[batch, 784]" of the operand that lies there.
  std::string shapeAt(Operation *op, const Root &root) {
    for (Value operand : op->getOperands()) {
      if (!isa<MemRefType>(operand.getType()))
        continue;
      auto view = resolveView(operand, symbols);
      if (!view || !(view->root == root))
        continue;
      std::string text;
      for (const DimExpr &size : view->sizes)
        text += (text.empty() ? "" : ", ") + size.str();
      return "[" + text + "]";
    }
    return "";
  }

  static bool startsNeutrally(Operation *op) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    return generic && generic.getNumReductionLoops() && isSimpleReduction(generic) && startOf(generic);
  }

  /// The kernel itself, or one with the same text that is there already.
  func::FuncOp share(Kernel::Finished &kernel, Operation *op) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (func::FuncOp function : {kernel.function, kernel.part})
      if (function)
        function.print(os, OpPrintingFlags().useLocalScope());
    auto [it, inserted] = kernels.try_emplace(text, kernel.function);
    if (!inserted) {
      kernel.function.erase();
      if (kernel.part)
        kernel.part.erase();
      return it->second;
    }
    note(kernel, op);
    if (kernel.part)
      insertPart(kernel, op);
    kernel.function.setSymName(nameKernel(op));
    table.insert(kernel.function);
    return kernel.function;
  }

  /// What the threads run, with the notes: the launcher has nothing to tell.
  void insertPart(Kernel::Finished &kernel, Operation *op) {
    StringAttr placeholder = kernel.part.getSymNameAttr();
    kernel.part.setSymName(nameKernel(op) + "_part");
    table.insert(kernel.part);
    [[maybe_unused]] LogicalResult renamed =
        SymbolTable::replaceAllSymbolUses(placeholder, kernel.part.getSymNameAttr(), kernel.function);
    kernel.part->setAttr("rune.notes", kernel.function->removeAttr("rune.notes"));
    unsigned count = kernel.function.getNumArguments();
    for (unsigned i = 0; i < count; ++i)
      if (Attribute name = kernel.function.getArgAttr(i, "rune.name"))
        kernel.part.setArgAttr(i, "rune.name", name);
    kernel.part.setArgAttr(count, "rune.name", b.getStringAttr("begin"));
    kernel.part.setArgAttr(count + 1, "rune.name", b.getStringAttr("end"));
  }

  void callKernel(Operation *op, func::FuncOp kernel, ArrayRef<Kernel::Argument> arguments) {
    SmallVector<Value> operands;
    for (auto &argument : arguments) {
      if (auto *root = std::get_if<Root>(&argument))
        operands.push_back(buffer(*root));
      else if (auto *symbol = std::get_if<std::string>(&argument))
        operands.push_back(values.lookup(symbols.value(*symbol)));
      else
        operands.push_back(scalar(std::get<Value>(argument)));
    }
    auto [does, where] = purposeOf(op, modelNames);
    auto [flops, bytes] = costOf(op, symbols);
    TraceOp::create(b, loc, kernel.getName(), does, where, DimsAttr::get(b.getContext(), {flops, bytes}));
    func::CallOp::create(b, loc, kernel, operands);
    traced = true;
  }

  func::FuncOp function, entry;
  const TargetDesc &target;
  bool threads;
  SymbolTable &table;
  llvm::StringMap<func::FuncOp> &kernels;
  llvm::StringMap<WrittenKernel> &forms;
  const ModelNames &modelNames;
  SymbolicIndex symbols;
  OpBuilder b;
  Location loc = UnknownLoc::get(function.getContext());
  bool usesStatus = false;
  bool checked = false; // a check was the last thing scheduled
  bool traced = false;
  Value status;
  llvm::DenseMap<Value, Value> arenas, values;
  std::vector<std::pair<Root, Value>> buffers;
};

/// Constants as kernels see them: in one dimension.
void flattenGlobals(ModuleOp module) {
  for (auto global : module.getOps<memref::GlobalOp>()) {
    auto values = dyn_cast_or_null<DenseElementsAttr>(global.getInitialValueAttr());
    if (!values || global.getType().getRank() == 1)
      continue;
    int64_t count = values.getNumElements();
    global.setType(MemRefType::get({count}, values.getElementType()));
    global.setInitialValueAttr(values.reshape(RankedTensorType::get({count}, values.getElementType())));
  }
}

struct SchedulePass : rune::impl::ScheduleBase<SchedulePass> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    auto target = describeTarget(targetCpu);
    if (!target) {
      getOperation().emitError() << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    SymbolTable table(getOperation());
    ModelNames names(getOperation());
    llvm::StringMap<func::FuncOp> kernels;
    llvm::StringMap<WrittenKernel> forms;
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr("rune.inputs") && !function.isDeclaration())
        if (failed(FunctionScheduler(function, *target, table, kernels, forms, names, threads).run()))
          return signalPassFailure();
    flattenGlobals(getOperation());
  }
};

} // namespace
