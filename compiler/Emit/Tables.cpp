// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Tables.h"

namespace rune {

template <typename T> T *Tables::array(std::vector<T> values) {
  auto owner = std::make_shared<std::vector<T>>(std::move(values));
  arrays.push_back(owner);
  return owner->data();
}

rune_expr Tables::expression(const ExprCode &code) const { return {code.data(), static_cast<int64_t>(code.size())}; }

const rune_expr *Tables::expressions(const std::vector<ExprCode> &list) {
  std::vector<rune_expr> result;
  for (const ExprCode &one : list)
    result.push_back(expression(one));
  return result.empty() ? nullptr : array(std::move(result));
}

const rune_value *Tables::values(const std::vector<ValueDescription> &list) {
  std::vector<rune_value> result;
  for (const ValueDescription &value : list)
    result.push_back({value.name.c_str(), value.dtype, value.integer ? -1 : static_cast<int32_t>(value.dims.size()),
                      expressions(value.dims)});
  return array(std::move(result));
}

rune_entry Tables::entry(const EntryDescription &entry) {
  std::vector<const char *> symbols;
  for (const std::string &symbol : entry.symbols)
    symbols.push_back(symbol.c_str());
  std::vector<rune_check> checks;
  for (const CheckDescription &check : entry.checks)
    checks.push_back({check.message.c_str(), expressions(check.args), static_cast<int32_t>(check.args.size()), 0});
  std::vector<rune_hook_site> sites;
  for (const HookSiteDescription &site : entry.hookSites)
    sites.push_back({site.module, site.phase, static_cast<int32_t>(site.tensors.size()), site.inputCount,
                     values(site.tensors), array(site.places), site.moduleInputs, site.moduleOutputs});
  rune_entry result = {};
  result.name = entry.name.c_str();
  result.symbols = array(std::move(symbols));
  result.inputs = values(entry.inputs);
  result.outputs = values(entry.outputs);
  result.checks = array(std::move(checks));
  result.hook_sites = array(std::move(sites));
  result.symbol_count = static_cast<int32_t>(entry.symbols.size());
  result.input_count = static_cast<int32_t>(entry.inputs.size());
  result.output_count = static_cast<int32_t>(entry.outputs.size());
  result.check_count = static_cast<int32_t>(entry.checks.size());
  result.hook_site_count = static_cast<int32_t>(entry.hookSites.size());
  result.flags = entry.flags;
  result.function = find(entry.function);
  result.workspace_bytes = expression(entry.workspaceBytes);
  result.hooked_function = find(entry.hookedFunction);
  result.hooked_workspace_bytes = expression(entry.hookedWorkspaceBytes);
  return result;
}

rune_init_step Tables::initStep(const InitStepDescription &step) const {
  return {step.member,
          step.scheme,
          {step.args[0], step.args[1], step.args[2], step.args[3]},
          step.nonlinearity.empty() ? nullptr : step.nonlinearity.c_str(),
          find(step.function),
          step.reads.data(),
          static_cast<int32_t>(step.reads.size()),
          step.fanOut,
          step.discarded,
          step.workspaceBytes};
}

const rune_training *Tables::training(const TrainingDescription &training) {
  std::vector<rune_slot> slots;
  for (const SlotDescription &slot : training.slots)
    slots.push_back({slot.name.c_str(), slot.kind, slot.member, slot.phase, slot.dtype,
                     static_cast<int32_t>(slot.shape.size()), static_cast<int32_t>(slot.storages.size()),
                     slot.shape.data(), slot.storages.data(), slot.initial});
  std::vector<rune_phase> phases;
  for (const PhaseDescription &phase : training.phases)
    phases.push_back({phase.name.c_str(), pointer(phase.loss), pointer(phase.backward), pointer(phase.update),
                      pointer(phase.step), pointer(phase.metric), pointer(phase.inputGradients),
                      pointer(phase.hookedLoss), pointer(phase.hookedBackward), phase.parameters.data(),
                      static_cast<int32_t>(phase.parameters.size()), phase.accumulate});
  rune_training result = {};
  result.bytes = training.bytes;
  result.slot_count = static_cast<int32_t>(slots.size());
  result.phase_count = static_cast<int32_t>(phases.size());
  result.slots = array(std::move(slots));
  result.phases = array(std::move(phases));
  result.evaluate = pointer(training.evaluate);
  result.input_count = training.inputCount;
  return array(std::vector<rune_training>{result});
}

Tables::Tables(ModelDescription description, Lookup lookup)
    : source(std::move(description)), lookup(std::move(lookup)) {
  std::vector<rune_module_info> modules;
  for (const ModuleDescription &module : source.modules)
    modules.push_back({module.name.c_str(), module.key.c_str(), module.type.c_str(), module.extraRepr.c_str(),
                       module.parent, module.kind});
  std::vector<rune_member> members;
  for (const MemberDescription &member : source.members)
    members.push_back({member.name.c_str(), member.kind, member.dtype, static_cast<int32_t>(member.shape.size()),
                       member.module, member.alias, member.flags, member.shape.data(), member.storages.data(),
                       static_cast<int32_t>(member.storages.size()), 0});
  std::vector<rune_init_step> steps;
  for (const InitStepDescription &step : source.initSteps)
    steps.push_back(initStep(step));
  std::vector<rune_entry> entries;
  for (const EntryDescription &one : source.entries)
    entries.push_back(entry(one));
  table.version = RUNE_TABLE_VERSION;
  table.dtype = source.dtype;
  table.name = source.name.c_str();
  table.state_bytes = source.stateBytes;
  table.module_count = static_cast<int32_t>(modules.size());
  table.member_count = static_cast<int32_t>(members.size());
  table.init_step_count = static_cast<int32_t>(steps.size());
  table.entry_count = static_cast<int32_t>(entries.size());
  table.modules = array(std::move(modules));
  table.members = array(std::move(members));
  table.init_steps = array(std::move(steps));
  table.entries = array(std::move(entries));
  if (source.training)
    table.training = training(*source.training);
  table.training_forward = pointer(source.trainingForward);
}

} // namespace rune
