// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Describe.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rune;

std::string rune::kernelSymbol(StringRef stem, StringRef function) {
  std::string symbol = stem.str() + "_";
  for (char c : function)
    symbol += llvm::isAlnum(c) ? c : '_';
  return symbol;
}

static rune_dtype dtypeOf(Type element) {
  if (element.isF64())
    return RUNE_F64;
  if (element.isInteger(64))
    return RUNE_I64;
  return element.isInteger(1) ? RUNE_BOOL : RUNE_F32;
}

namespace {

/// The sizes of one entry, over its symbols by number.
class Sizes {
public:
  explicit Sizes(func::FuncOp function) {
    if (auto symbols = function->getAttrOfType<ArrayAttr>("rune.symbols"))
      for (auto symbol : symbols.getAsRange<StringAttr>())
        names.push_back(symbol.getValue().str());
  }

  const std::vector<std::string> &symbols() const { return names; }

  ExprCode encode(const DimExpr &dim) const {
    ExprCode code;
    dim.encode(code, [&](StringRef name) { return llvm::find(names, name) - names.begin(); });
    return code;
  }

  std::vector<ExprCode> encode(DimsAttr dims) const {
    std::vector<ExprCode> expressions;
    if (dims)
      for (const DimExpr &dim : dims.getDims())
        expressions.push_back(encode(dim));
    return expressions;
  }

  ValueDescription value(StringRef name, Type type) const {
    auto tensor = cast<RankedTensorType>(type);
    ValueDescription description;
    description.name = name.str();
    description.dtype = dtypeOf(tensor.getElementType());
    for (const DimExpr &dim : getDims(tensor))
      description.dims.push_back(encode(dim));
    return description;
  }

  ValueDescription integer(StringRef name) const {
    ValueDescription description;
    description.name = name.str();
    description.dtype = RUNE_I64;
    description.integer = true;
    description.dims.push_back(encode(DimExpr::symbol(name)));
    return description;
  }

private:
  std::vector<std::string> names;
};

class GraphReader {
public:
  GraphReader(RuneModuleOp module, StringRef stem) : module(module), stem(stem) {}

  ModelDescription read() {
    model.name = module.getSymName().str();
    model.stem = stem.str();
    model.dtype = dtypeOf(module.getDtype());
    for (auto submodule : module.getOps<SubmoduleOp>())
      addModule(submodule);
    for (Operation &op : module.getBody().front())
      if (isa<ParameterOp, BufferOp, HeldOp>(op))
        addMember(&op);
    for (auto step : module.getOps<InitializeOp>())
      addStep(step);
    if (!module.getOps<SlotOp>().empty())
      model.training.emplace();
    for (auto slot : module.getOps<SlotOp>())
      addSlot(slot);
    addTraining();
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("rune.entry") && !function->hasAttr("rune.hooked"))
        addEntry(function);
    return std::move(model);
  }

private:
  /// What a module beside the model holds (its name begins with #) counts as the model's own.
  static StringRef parentPath(StringRef path) {
    return path.contains('.') && !path.starts_with("#") ? path.rsplit('.').first : "";
  }

  void addModule(SubmoduleOp op) {
    ModuleDescription description;
    description.name = op.getPath().str();
    description.key = (op.getPath().contains('.') ? op.getPath().rsplit('.').second : op.getPath()).str();
    description.type = op.getTypeName().str();
    description.extraRepr = op.getExtraRepr().str();
    description.kind = static_cast<rune_module_kind>(op.getKind());
    description.parent = op.getPath().empty() ? -1 : moduleIndex.lookup(parentPath(op.getPath()));
    moduleIndex[op.getPath()] = model.modules.size();
    model.modules.push_back(description);
  }

  void addMember(Operation *op) {
    StringRef name = SymbolTable::getSymbolName(op).getValue();
    auto type = cast<RankedTensorType>(op->getAttrOfType<TypeAttr>("type").getValue());
    MemberDescription description;
    description.name = name.str();
    description.kind = isa<ParameterOp>(op) ? RUNE_PARAMETER : isa<BufferOp>(op) ? RUNE_BUFFER : RUNE_CONSTANT;
    description.dtype = dtypeOf(type.getElementType());
    description.module = moduleIndex.lookup(parentPath(name));
    description.shape.assign(type.getShape().begin(), type.getShape().end());
    description.alias = model.members.size();
    if (auto parameter = dyn_cast<ParameterOp>(op)) {
      description.flags = RUNE_PERSISTENT | (parameter.getRequiresGrad() ? RUNE_TRAINABLE : 0);
      if (parameter.getAlias())
        description.alias = memberIndex.lookup(*parameter.getAlias());
    } else if (auto buffer = dyn_cast<BufferOp>(op)) {
      description.flags = buffer.getPersistent() ? RUNE_PERSISTENT : 0;
    }
    memberIndex[name] = model.members.size();
    model.members.push_back(description);
  }

  void addStep(InitializeOp op) {
    InitStepDescription step;
    step.member = memberIndex.lookup(op.getMember());
    step.discarded = op.getDiscarded();
    if (op.getFunction()) {
      step.scheme = RUNE_COMPUTED;
      step.function = kernelSymbol(stem, *op.getFunction());
      for (auto read : op.getReads()->getAsRange<FlatSymbolRefAttr>())
        step.reads.push_back(memberIndex.lookup(read.getValue()));
    } else {
      setScheme(step, *op.getInit());
    }
    model.initSteps.push_back(step);
  }

  static void setScheme(InitStepDescription &step, InitAttr init) {
    auto number = [&](StringRef name) {
      Attribute value = init.getArgs().get(name);
      if (auto real = dyn_cast_or_null<FloatAttr>(value))
        return real.getValueAsDouble();
      auto integer = dyn_cast_or_null<IntegerAttr>(value);
      return integer ? static_cast<double>(integer.getInt()) : 0.0;
    };
    auto text = [&](StringRef name) {
      auto value = dyn_cast_or_null<StringAttr>(init.getArgs().get(name));
      return value ? value.getValue().str() : std::string();
    };
    auto set = [&](rune_scheme scheme, ArrayRef<StringRef> names) {
      step.scheme = scheme;
      for (auto [i, name] : llvm::enumerate(names))
        step.args[i] = number(name);
    };
    auto setKaiming = [&](rune_scheme scheme) {
      set(scheme, {"a"});
      step.nonlinearity = text("nonlinearity");
      step.fanOut = text("mode") == "fan_out";
    };
    StringRef scheme = init.getScheme().getValue();
    if (scheme == "ones")
      step.args[0] = 1;
    if (scheme == "zeros" || scheme == "ones")
      step.scheme = RUNE_CONSTANT_VALUE;
    else if (scheme == "constant")
      set(RUNE_CONSTANT_VALUE, {"val"});
    else if (scheme == "uniform")
      set(RUNE_UNIFORM, {"a", "b"});
    else if (scheme == "normal")
      set(RUNE_NORMAL, {"mean", "std"});
    else if (scheme == "xavier_uniform")
      set(RUNE_XAVIER_UNIFORM, {"gain"});
    else if (scheme == "xavier_normal")
      set(RUNE_XAVIER_NORMAL, {"gain"});
    else if (scheme == "kaiming_uniform")
      setKaiming(RUNE_KAIMING_UNIFORM);
    else if (scheme == "kaiming_normal")
      setKaiming(RUNE_KAIMING_NORMAL);
    else if (scheme == "trunc_normal")
      set(RUNE_TRUNC_NORMAL, {"mean", "std", "a", "b"});
    else if (scheme == "orthogonal")
      set(RUNE_ORTHOGONAL, {"gain"});
    else if (scheme == "sparse")
      set(RUNE_SPARSE, {"sparsity", "std"});
    else if (scheme == "eye")
      step.scheme = RUNE_EYE;
    else if (scheme == "dirac")
      set(RUNE_DIRAC, {"groups"});
    else
      step.scheme = RUNE_EMPTY;
  }

  static std::string resultName(func::FuncOp function, unsigned i) {
    if (auto name = function.getResultAttrOfType<StringAttr>(i, "rune.name"))
      return name.getValue().str();
    return function.getNumResults() == 1 ? "output" : "output." + std::to_string(i);
  }

  EntryDescription describeEntry(func::FuncOp function) {
    Sizes sizes(function);
    EntryDescription entry;
    entry.name = function.getSymName().str();
    entry.symbols = sizes.symbols();
    for (BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "rune.name");
      entry.inputs.push_back(sizes.value(name ? name.getValue() : "input", argument.getType()));
    }
    // Run-time integers are symbols; in the list of inputs they stand where the spec has them.
    if (auto integers = function->getAttrOfType<ArrayAttr>("rune.int_inputs"))
      for (auto integer : integers.getAsRange<DictionaryAttr>()) {
        auto position = cast<IntegerAttr>(integer.get("position")).getInt();
        entry.inputs.insert(entry.inputs.begin() + position,
                            sizes.integer(cast<StringAttr>(integer.get("name")).getValue()));
      }
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      entry.outputs.push_back(sizes.value(resultName(function, i), type));
    function.walk(
        [&](CheckOp check) { entry.checks.push_back({check.getMessage().str(), sizes.encode(check.getArgsAttr())}); });
    entry.function = kernelSymbol(stem, function.getSymName());
    auto hooked =
        dyn_cast_or_null<func::FuncOp>(SymbolTable::lookupSymbolIn(module, (function.getSymName() + ".hooked").str()));
    if (hooked) {
      entry.hookedFunction = kernelSymbol(stem, hooked.getSymName());
      hooked.walk([&](HookOp hook) { entry.hookSites.push_back(hookSite(hook, sizes)); });
    }
    if (function->hasAttr("rune.hooked"))
      function.walk([&](HookOp hook) { entry.hookSites.push_back(hookSite(hook, sizes)); });
    function.walk([&](Operation *op) {
      bool set = isa<SetOp, SetPanelsOp>(op);
      StringRef member;
      if (set || isa<GetOp, GetPanelsOp>(op))
        member = op->getAttrOfType<FlatSymbolRefAttr>("member").getValue();
      if (isa<RandOp>(op) || (!member.empty() && slots.contains(member)))
        entry.flags |= RUNE_NEEDS_CONTEXT;
      if (set && !slots.contains(member)) {
        entry.flags |= RUNE_WRITES_STATE;
        entry.writes.push_back(member.str());
      }
    });
    return entry;
  }

  void addEntry(func::FuncOp function) {
    EntryDescription entry = describeEntry(function);
    bool isForward = entry.name == "forward";
    model.entries.insert(isForward ? model.entries.begin() : model.entries.end(), std::move(entry));
  }

  void addSlot(SlotOp op) {
    SlotDescription slot;
    auto type = op.getTensorType();
    slot.name = op.getName().str();
    slot.kind = static_cast<rune_slot_kind>(op.getKind());
    slot.phase = op.getPhase();
    slot.dtype = dtypeOf(type.getElementType());
    slot.shape.assign(type.getShape().begin(), type.getShape().end());
    slot.initial = op.getInitial().convertToDouble();
    if (op.getParameter())
      slot.member = ownerOf(*op.getParameter());
    slots[op.getSymName()] = model.training->slots.size();
    model.training->slots.push_back(std::move(slot));
  }

  int32_t ownerOf(StringRef parameter) { return model.members[memberIndex.lookup(parameter)].alias; }

  void addTraining() {
    for (auto function : module.getOps<func::FuncOp>()) {
      auto role = function->getAttrOfType<StringAttr>("rune.role");
      StringRef kind = role ? role.getValue() : "";
      bool hooked = function->hasAttr("rune.hooked");
      if (!role || (hooked && kind == "forward"))
        continue;
      EntryDescription entry = describeEntry(function);
      if (kind == "forward") {
        model.trainingForward = std::move(entry);
        continue;
      }
      if (kind == "evaluate") {
        model.training->evaluate = std::move(entry);
        continue;
      }
      size_t index = function->getAttrOfType<IntegerAttr>("rune.phase").getInt();
      if (model.training->phases.size() <= index)
        model.training->phases.resize(index + 1);
      PhaseDescription &phase = model.training->phases[index];
      if (hooked)
        (kind == "loss" ? phase.hookedLoss : phase.hookedBackward) = std::move(entry);
      else
        addToPhase(phase, kind, function, std::move(entry));
    }
  }

  void addToPhase(PhaseDescription &phase, StringRef kind, func::FuncOp function, EntryDescription entry) {
    if (kind == "loss") {
      phase.loss = std::move(entry);
      model.training->inputCount = function->getAttrOfType<IntegerAttr>("rune.model_inputs").getInt();
    } else if (kind == "backward") {
      phase.backward = std::move(entry);
    } else if (kind == "step") {
      phase.step = std::move(entry);
    } else if (kind == "input_gradients") {
      phase.inputGradients = std::move(entry);
    } else if (kind == "metric") {
      phase.metric = std::move(entry);
    } else {
      phase.update = std::move(entry);
      phase.name = function->getAttrOfType<StringAttr>("rune.phase_name").getValue().str();
      phase.accumulate = function->getAttrOfType<IntegerAttr>("rune.accumulate").getInt();
      for (auto parameter : function->getAttrOfType<ArrayAttr>("rune.parameters").getAsRange<FlatSymbolRefAttr>())
        phase.parameters.push_back(ownerOf(parameter.getValue()));
    }
  }

  HookSiteDescription hookSite(HookOp hook, const Sizes &sizes) {
    HookSiteDescription site;
    site.module = moduleIndex.lookup(hook.getModule().drop_back());
    site.phase = (hook.getBackward() ? 2 : 0) + (hook.getPre() ? 0 : 1);
    if (auto places = hook.getPlaces())
      site.places.assign(places->begin(), places->end());
    if (auto arity = hook.getArity()) {
      site.moduleInputs = static_cast<int32_t>((*arity)[0]);
      site.moduleOutputs = static_cast<int32_t>((*arity)[1]);
    }
    site.inputCount = hook.getInputCount();
    for (Value tensor : hook.getTensors())
      site.tensors.push_back(sizes.value("", tensor.getType()));
    return site;
  }

  RuneModuleOp module;
  StringRef stem;
  ModelDescription model;
  llvm::StringMap<int32_t> moduleIndex, memberIndex, slots;
};

} // namespace

ModelDescription rune::describeGraph(RuneModuleOp module, StringRef stem) { return GraphReader(module, stem).read(); }

static std::vector<rune_storage> storagesOf(Operation *op) {
  std::vector<rune_storage> storages;
  for (auto storage : op->getAttrOfType<ArrayAttr>("storages").getAsRange<StorageAttr>())
    storages.push_back({storage.getOffset(),
                        storage.getBf16()    ? RUNE_PANELS_BF16
                        : storage.getLanes() ? RUNE_PANELS
                                             : RUNE_ROW_MAJOR,
                        static_cast<int32_t>(storage.getLanes()), storage.getBatch(), storage.getN(), storage.getK(),
                        storage.getBatchStride(), storage.getNStride(), storage.getKStride()});
  return storages;
}

static void addStorages(ModelDescription &description, RuneModuleOp module) {
  description.stateBytes = module->getAttrOfType<IntegerAttr>("state_bytes").getInt();
  for (MemberDescription &member : description.members)
    // A tied parameter has the storages of the one that it shares.
    member.storages = storagesOf(SymbolTable::lookupSymbolIn(module, description.members[member.alias].name));
  if (!description.training)
    return;
  description.training->bytes = module->getAttrOfType<IntegerAttr>("training_bytes").getInt();
  for (auto [slot, op] : llvm::zip(description.training->slots, module.getOps<SlotOp>()))
    slot.storages = storagesOf(op);
}

void rune::describeMemory(ModelDescription &description, ModuleOp module, StringRef stem) {
  for (auto runeModule : module.getOps<RuneModuleOp>())
    addStorages(description, runeModule);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto workspace = function->getAttrOfType<DimsAttr>("rune.workspace");
    if (!workspace)
      continue;
    Sizes sizes(function);
    DimExpr bytes = workspace.getDims().front();
    std::string symbol = kernelSymbol(stem, function.getSymName());
    forEachEntry(description, [&](EntryDescription &entry) {
      if (entry.function == symbol)
        entry.workspaceBytes = sizes.encode(bytes);
      if (entry.hookedFunction == symbol)
        entry.hookedWorkspaceBytes = sizes.encode(bytes);
    });
    for (InitStepDescription &step : description.initSteps)
      if (step.function == symbol)
        step.workspaceBytes = bytes.getConstant();
  }
}
