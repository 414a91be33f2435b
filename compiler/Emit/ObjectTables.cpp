// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each table below lists the fields of its struct in rune/table.h in their order; LLVM pads them as C does.

#include "Emit/ObjectTables.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"

using namespace rune;
using llvm::ArrayRef;
using llvm::Constant;

namespace {

class TableWriter {
public:
  explicit TableWriter(llvm::Module &module) : module(module), context(module.getContext()) {}

  void write(const ModelDescription &model, llvm::StringRef name) {
    Constant *table = record({i32(RUNE_TABLE_VERSION), i32(model.dtype), text(model.name), i64(model.stateBytes),
                              array(model.modules), array(model.members), array(model.initSteps), array(model.entries),
                              count(model.modules), count(model.members), count(model.initSteps), count(model.entries),
                              pointer(model.training), pointer(model.trainingForward)});
    auto *global = new llvm::GlobalVariable(module, table->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, table, name);
    global->setAlignment(llvm::Align(16));
  }

private:
  Constant *i32(int64_t value) { return llvm::ConstantInt::getSigned(llvm::Type::getInt32Ty(context), value); }
  Constant *i64(int64_t value) { return llvm::ConstantInt::getSigned(llvm::Type::getInt64Ty(context), value); }
  Constant *f64(double value) { return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context), value); }
  Constant *null() { return llvm::ConstantPointerNull::get(llvm::PointerType::get(context, 0)); }
  Constant *record(ArrayRef<Constant *> fields) { return llvm::ConstantStruct::getAnon(context, fields); }
  template <typename T> Constant *count(const std::vector<T> &list) { return i32(list.size()); }

  Constant *global(Constant *value) {
    auto *variable = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::PrivateLinkage, value);
    return variable;
  }

  Constant *text(const std::string &value) {
    auto *variable = llvm::cast<llvm::GlobalVariable>(global(llvm::ConstantDataArray::getString(context, value)));
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return variable;
  }

  Constant *function(const std::string &symbol) {
    if (symbol.empty())
      return null();
    return module.getFunction(symbol);
  }

  template <typename T> Constant *array(const std::vector<T> &list) {
    if (list.empty())
      return null();
    std::vector<Constant *> elements;
    for (const T &element : list)
      elements.push_back(value(element));
    return global(llvm::ConstantArray::get(llvm::ArrayType::get(elements[0]->getType(), elements.size()), elements));
  }

  template <typename T> Constant *pointer(const std::optional<T> &one) { return one ? global(value(*one)) : null(); }

  Constant *value(int32_t number) { return i32(number); }
  Constant *value(int64_t number) { return i64(number); }
  Constant *value(const std::string &name) { return text(name); }
  Constant *value(const ExprCode &code) { return record({array(code), i64(code.size())}); }
  Constant *value(const rune_storage &storage) {
    return record({i64(storage.offset), i32(storage.layout), i32(storage.lanes), i64(storage.batch), i64(storage.n),
                   i64(storage.k), i64(storage.batch_stride), i64(storage.n_stride), i64(storage.k_stride)});
  }
  Constant *value(const ModuleDescription &info) {
    return record(
        {text(info.name), text(info.key), text(info.type), text(info.extraRepr), i32(info.parent), i32(info.kind)});
  }
  Constant *value(const MemberDescription &member) {
    return record({text(member.name), i32(member.kind), i32(member.dtype), i32(member.shape.size()), i32(member.module),
                   i32(member.alias), i32(member.flags), array(member.shape), array(member.storages),
                   count(member.storages), i32(0)});
  }
  Constant *value(const InitStepDescription &step) {
    Constant *args =
        llvm::ConstantArray::get(llvm::ArrayType::get(llvm::Type::getDoubleTy(context), 4),
                                 {f64(step.args[0]), f64(step.args[1]), f64(step.args[2]), f64(step.args[3])});
    return record({i32(step.member), i32(step.scheme), args,
                   step.nonlinearity.empty() ? null() : text(step.nonlinearity), function(step.function),
                   array(step.reads), count(step.reads), i32(step.fanOut), i32(step.discarded),
                   i32(step.workspaceBytes)});
  }
  Constant *value(const ValueDescription &tensor) {
    return record({text(tensor.name), i32(tensor.dtype),
                   i32(tensor.integer ? -1 : static_cast<int64_t>(tensor.dims.size())), array(tensor.dims)});
  }
  Constant *value(const CheckDescription &check) {
    return record({text(check.message), array(check.args), count(check.args), i32(0)});
  }
  Constant *value(const HookSiteDescription &site) {
    return record({i32(site.module), i32(site.phase), count(site.tensors), i32(site.inputCount), array(site.tensors),
                   array(site.places), i32(site.moduleInputs), i32(site.moduleOutputs)});
  }
  Constant *value(const EntryDescription &entry) {
    return record({text(entry.name), array(entry.symbols), array(entry.inputs), array(entry.outputs),
                   array(entry.checks), array(entry.hookSites), count(entry.symbols), count(entry.inputs),
                   count(entry.outputs), count(entry.checks), count(entry.hookSites), i32(entry.flags),
                   function(entry.function), value(entry.workspaceBytes), function(entry.hookedFunction),
                   value(entry.hookedWorkspaceBytes)});
  }

  Constant *value(const SlotDescription &slot) {
    return record({text(slot.name), i32(slot.kind), i32(slot.member), i32(slot.phase), i32(slot.dtype),
                   count(slot.shape), count(slot.storages), array(slot.shape), array(slot.storages),
                   f64(slot.initial)});
  }
  Constant *value(const PhaseDescription &phase) {
    return record({text(phase.name), global(value(phase.loss)), global(value(phase.backward)),
                   global(value(phase.update)), pointer(phase.step), pointer(phase.metric),
                   pointer(phase.inputGradients), pointer(phase.hookedLoss), pointer(phase.hookedBackward),
                   array(phase.parameters), count(phase.parameters), i32(phase.accumulate)});
  }
  Constant *value(const TrainingDescription &training) {
    return record({i64(training.bytes), array(training.slots), array(training.phases), global(value(training.evaluate)),
                   count(training.slots), count(training.phases), i32(training.inputCount), i32(0)});
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
};

} // namespace

void rune::addObjectTables(llvm::Module &module, const ModelDescription &description, llvm::StringRef name) {
  TableWriter(module).write(description, name);
}
