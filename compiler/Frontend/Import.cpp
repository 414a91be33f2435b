// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Import.h"

#include "mlir/IR/Verifier.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

std::string Importer::uniqueSymbol(const std::string &name) {
  std::string unique = name;
  for (unsigned i = 1; !symbols.insert(unique).second; ++i)
    unique = name + "." + std::to_string(i);
  return unique;
}

void Importer::importMember(const Slot &slot) {
  const MemberTensor *tensor = slot.registered;
  if (!tensor)
    return;
  Emitter emitter(builder, session.defaultFloat(), toLocation(&context, slot.loc));
  Dims dims(tensor->shape.begin(), tensor->shape.end());
  auto type = mlir::TypeAttr::get(emitter.tensorType(dims, tensor->dtype));
  auto name = builder.getStringAttr(slot.path);
  switch (tensor->kind) {
  case MemberTensor::Parameter:
    ParameterOp::create(builder, emitter.loc, name, type, builder.getBoolAttr(tensor->requiresGrad),
                        mlir::FlatSymbolRefAttr());
    break;
  case MemberTensor::Buffer:
    BufferOp::create(builder, emitter.loc, name, type, builder.getBoolAttr(tensor->persistent));
    break;
  case MemberTensor::Held:
    HeldOp::create(builder, emitter.loc, name, type);
    break;
  }
}

static SubmoduleKind kindOf(const Instance &instance) {
  switch (instance.kind) {
  case Instance::Plain:
    return SubmoduleKind::plain;
  case Instance::Sequential:
    return SubmoduleKind::sequential;
  case Instance::List:
    return SubmoduleKind::list;
  }
  return SubmoduleKind::plain;
}

void Importer::importInstance(const Instance &instance) {
  SubmoduleOp::create(builder, toLocation(&context, instance.loc), builder.getStringAttr(instance.path + "."),
                      builder.getStringAttr(instance.typeName), builder.getStringAttr(instance.extraRepr),
                      SubmoduleKindAttr::get(&context, kindOf(instance)));
  for (auto [isChild, index] : instance.order) {
    if (!isChild) {
      importMember(*instance.slots[index]);
      continue;
    }
    const Child &child = instance.children[index];
    if (child.instance) {
      importInstance(*child.instance);
      continue;
    }
    std::string path = instance.path.empty() ? child.name : instance.path + "." + child.name;
    SubmoduleOp::create(builder, toLocation(&context, child.loc), builder.getStringAttr(path + "."),
                        builder.getStringAttr("None"), builder.getStringAttr(""),
                        SubmoduleKindAttr::get(&context, SubmoduleKind::none));
  }
}

static mlir::Attribute toAttribute(mlir::Builder &builder, const Value &value) {
  switch (value.kind) {
  case Value::Float:
    return builder.getF64FloatAttr(value.numberValue);
  case Value::Int:
    return builder.getI64IntegerAttr(value.integerValue);
  default:
    return builder.getStringAttr(value.text);
  }
}

mlir::Attribute Importer::schemeAttr(const InitStep &step) {
  llvm::SmallVector<mlir::NamedAttribute> args;
  for (const auto &[name, value] : step.args)
    args.push_back(builder.getNamedAttr(name, toAttribute(builder, value)));
  return InitAttr::get(&context, builder.getStringAttr(step.scheme), builder.getDictionaryAttr(args));
}

void Importer::importStep(const InitStep &step) {
  mlir::Location loc = toLocation(&context, step.loc);
  auto target = mlir::FlatSymbolRefAttr::get(&context, step.target->path);
  switch (step.kind) {
  case InitStep::Scheme:
    InitializeOp::create(builder, loc, target, llvm::cast<InitAttr>(schemeAttr(step)), mlir::FlatSymbolRefAttr(),
                         mlir::ArrayAttr(), mlir::UnitAttr());
    break;
  case InitStep::Tie:
    TieOp::create(builder, loc, mlir::FlatSymbolRefAttr::get(&context, step.slot->path), target);
    break;
  case InitStep::Expression:
    importExpression(step);
    break;
  }
}

/// Whether a shape broadcasts to another one.
static bool expandsTo(const Dims &from, const Dims &to) {
  if (from.size() > to.size())
    return false;
  for (size_t i = 0; i < from.size(); ++i)
    if (from[from.size() - 1 - i] != to[to.size() - 1 - i] && !from[from.size() - 1 - i].isConstant(1))
      return false;
  return true;
}

/// A private function from the members that the expression reads to the new value.
void Importer::importExpression(const InitStep &step) {
  std::string name = uniqueSymbol(step.target->path + ".init");
  mlir::Location loc = toLocation(&context, step.loc);
  auto op = mlir::func::FuncOp::create(builder, loc, name, builder.getFunctionType({}, {}));
  op.setPrivate();
  std::unique_ptr<Emitter> emitter = beginFunction(op, step.loc);
  mlir::Block &block = op.getBody().front();
  llvm::SmallVector<mlir::Attribute> reads;
  std::map<const MemberTensor *, mlir::Value> read;
  emitter->readMember = [&](const Slot &slot) {
    mlir::Value &value = read[slot.tensor];
    if (!value) {
      Dims dims(slot.tensor->shape.begin(), slot.tensor->shape.end());
      value = block.addArgument(emitter->tensorType(dims, slot.tensor->dtype), loc);
      reads.push_back(mlir::FlatSymbolRefAttr::get(&context, slot.tensor->path));
    }
    return value;
  };
  Scope scope;
  scope.arguments = step.arguments.get();
  if (step.seesParameters) {
    scope.self = step.instance;
    scope.members = Scope::OwnParameters;
  }
  Evaluator evaluator(session, scope, emitter.get());
  Value value = evaluator.evaluate(*step.expression);
  auto target = mlir::FlatSymbolRefAttr::get(&context, step.target->path);
  if (value.isError()) {
    op.erase();
    return;
  }
  if (value.isNumber()) {
    op.erase();
    InitStep constant;
    constant.scheme = "constant";
    constant.args.push_back({"val", Value::number(value.asNumber())});
    InitializeOp::create(builder, loc, target, llvm::cast<InitAttr>(schemeAttr(constant)), mlir::FlatSymbolRefAttr(),
                         mlir::ArrayAttr(), mlir::UnitAttr());
    return;
  }
  emitter->loc = loc;
  mlir::Value tensor = value.kind == Value::List ? evaluator.listToTensor(value, step.target->dtype, step.loc)
                                                 : evaluator.toTensor(value, step.target->dtype, step.loc);
  Dims dims(step.target->shape.begin(), step.target->shape.end());
  if (!tensor || !expandsTo(getDims(tensor), dims)) {
    if (tensor)
      session.error(step.loc, "a value of shape " + formatDims(getDims(tensor)) +
                                  " does not initialise a tensor of shape " + formatDims(dims));
    op.erase();
    return;
  }
  mlir::Value result = emitter->broadcast(tensor, dims);
  mlir::func::ReturnOp::create(emitter->builder, loc, result);
  op.setFunctionType(builder.getFunctionType(block.getArgumentTypes(), result.getType()));
  InitializeOp::create(builder, loc, target, InitAttr(), mlir::FlatSymbolRefAttr::get(&context, name),
                       builder.getArrayAttr(reads), mlir::UnitAttr());
}

/// Functions made for an entry point that was left out afterwards.
static void dropUnused(RuneModuleOp module) {
  llvm::StringMap<mlir::func::FuncOp> functions;
  std::vector<mlir::func::FuncOp> reached;
  auto reach = [&](llvm::StringRef name) {
    auto it = functions.find(name);
    if (it == functions.end())
      return;
    reached.push_back(it->second);
    functions.erase(it);
  };
  std::vector<std::string> roots;
  for (mlir::Operation &op : module.getBody().front()) {
    if (auto function = llvm::dyn_cast<mlir::func::FuncOp>(op)) {
      functions[function.getSymName()] = function;
      if (!function.isPrivate())
        roots.push_back(function.getSymName().str());
    } else if (auto step = llvm::dyn_cast<InitializeOp>(op); step && step.getFunction()) {
      roots.push_back(step.getFunction()->str());
    }
  }
  for (const std::string &root : roots)
    reach(root);
  for (size_t i = 0; i < reached.size(); ++i)
    reached[i].walk([&](CallOp call) { reach(call.getCallee()); });
  for (auto &entry : functions)
    entry.second.erase();
}

mlir::OwningOpRef<mlir::ModuleOp> Importer::run() {
  unsigned errors = session.diagnostics.errorCount();
  context.loadDialect<RuneDialect, mlir::func::FuncDialect>();
  mlir::Location loc = toLocation(&context, tree.root->loc);
  mlir::OwningOpRef<mlir::ModuleOp> outer = mlir::ModuleOp::create(loc);
  builder.setInsertionPointToEnd(outer->getBody());
  mlir::Type dtype = session.options.f64 ? mlir::Type(builder.getF64Type()) : mlir::Type(builder.getF32Type());
  auto module = RuneModuleOp::create(builder, loc, tree.root->typeName, dtype);
  builder.setInsertionPointToEnd(&module.getBody().front());
  for (const auto &instance : tree.instances)
    for (const auto &slot : instance->slots)
      symbols.insert(slot->path);
  importInstance(*tree.root);
  if (tree.training)
    for (const PhasePlan &phase : tree.training->phases)
      if (phase.lossModule)
        importHidden(*phase.lossModule);
  for (const InitStep &step : tree.steps)
    importStep(step);
  training = session.options.training;
  if (session.options.compute == Compute::Model || session.options.compute == Compute::Forward)
    importForward();
  else
    importCompute();
  if (session.options.compute == Compute::Model) {
    importEntryFunctions();
    importTrainingForward();
    importTraining();
  }
  dropUnused(module);
  if (session.diagnostics.errorCount() != errors || mlir::failed(mlir::verify(*outer)))
    return nullptr;
  return outer;
}

mlir::OwningOpRef<mlir::ModuleOp> rune::importModule(const ModuleTree &tree, LoadedSpec &spec,
                                                     const FrontendOptions &options, mlir::MLIRContext &context,
                                                     Diagnostics &diagnostics) {
  Session session(spec, options, diagnostics);
  mlir::OwningOpRef<mlir::ModuleOp> module;
  runWithLargeStack([&] { module = Importer(session, tree, context).run(); });
  return module;
}
