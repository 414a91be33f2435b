// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each initializer below lists the fields of its struct in rune/table.h in their order.

#include "Emit/SourceTables.h"

#include <cmath>
#include <map>

namespace rune {

std::string quoted(const std::string &text) {
  static const char *const octal = "01234567";
  std::string result = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      result += "\\n";
    else if (c == '"' || c == '\\' || c == '?')
      result += std::string("\\") + c;
    else if (byte < 0x20 || byte >= 0x7f)
      result += std::string("\\") + octal[byte >> 6] + octal[byte >> 3 & 7] + octal[byte & 7];
    else
      result += c;
  }
  return result + "\"";
}

namespace {

class TableText {
public:
  SourceTables write(const ModelDescription &model) {
    SourceTables result;
    result.model =
        list({"RUNE_TABLE_VERSION", number(model.dtype), quoted(model.name), number(model.stateBytes),
              array("rune_module_info", "modules", model.modules), array("rune_member", "members", model.members),
              array("rune_init_step", "init_steps", model.initSteps), array("rune_entry", "entries", model.entries),
              count(model.modules), count(model.members), count(model.initSteps), count(model.entries),
              pointer("rune_training", "training", model.training),
              pointer("rune_entry", "training_forward", model.trainingForward)});
    result.arrays = std::move(definitions);
    return result;
  }

private:
  template <typename T> static std::string number(T value) {
    const auto wide = static_cast<int64_t>(value);
    return wide == INT64_MIN ? "INT64_MIN" : std::to_string(wide);
  }
  static std::string real(double value) {
    if (std::isnan(value))
      return "std::numeric_limits<double>::quiet_NaN()";
    if (std::isinf(value))
      return std::string(value < 0 ? "-" : "") + "std::numeric_limits<double>::infinity()";
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
  }
  static std::string list(const std::vector<std::string> &fields) {
    std::string text = "{";
    for (size_t i = 0; i < fields.size(); ++i)
      text += (i ? ", " : "") + fields[i];
    return text + "}";
  }
  template <typename T> static std::string count(const std::vector<T> &values) { return std::to_string(values.size()); }

  std::string define(const std::string &type, const std::string &name, const std::string &value) {
    // What is the same is there once: shapes and expressions repeat.
    auto [it, inserted] = known.try_emplace(type + value);
    if (inserted) {
      const size_t number = numbers[name]++;
      it->second = name + (number ? "_" + std::to_string(number) : "") + "_table";
      definitions += "static const " + type + " " + it->second + " = " + value + ";\n";
    }
    return it->second;
  }

  template <typename T>
  std::string array(const std::string &type, const std::string &name, const std::vector<T> &values) {
    if (values.empty())
      return "nullptr";
    std::string text = "{";
    for (size_t i = 0; i < values.size(); ++i)
      text += (i ? ", " : "") + value(values[i]);
    return defineArray(type, name, text + "}");
  }
  std::string defineArray(const std::string &type, const std::string &name, const std::string &text) {
    auto [it, inserted] = known.try_emplace(type + "[]" + text);
    if (inserted) {
      const size_t number = numbers[name]++;
      it->second = name + (number ? "_" + std::to_string(number) : "") + "_table";
      definitions +=
          "static const " + type + (type.back() == '*' ? "const " : " ") + it->second + "[] = " + text + ";\n";
    }
    return it->second;
  }
  template <typename T>
  std::string pointer(const std::string &type, const std::string &name, const std::optional<T> &one) {
    return one ? address(type, name, *one) : "nullptr";
  }
  template <typename T> std::string address(const std::string &type, const std::string &name, const T &one) {
    return "&" + define(type, name, value(one));
  }
  static std::string function(const std::string &symbol) { return symbol.empty() ? "nullptr" : symbol; }

  static std::string value(int32_t one) { return number(one); }
  static std::string value(int64_t one) { return number(one); }
  static std::string value(const std::string &name) { return quoted(name); }
  std::string value(const ExprCode &code) { return list({array("int64_t", "expr", code), count(code)}); }
  static std::string value(const rune_storage &s) {
    return list({number(s.offset), number(s.layout), number(s.lanes), number(s.batch), number(s.n), number(s.k),
                 number(s.batch_stride), number(s.n_stride), number(s.k_stride)});
  }
  static std::string value(const ModuleDescription &info) {
    return list({quoted(info.name), quoted(info.key), quoted(info.type), quoted(info.extraRepr), number(info.parent),
                 number(info.kind)});
  }
  std::string value(const MemberDescription &member) {
    return list({quoted(member.name), number(member.kind), number(member.dtype), count(member.shape),
                 number(member.module), number(member.alias), number(member.flags),
                 array("int64_t", "shape", member.shape), array("rune_storage", "storage", member.storages),
                 count(member.storages), "0"});
  }
  std::string value(const InitStepDescription &step) {
    return list({number(step.member), number(step.scheme),
                 list({real(step.args[0]), real(step.args[1]), real(step.args[2]), real(step.args[3])}),
                 step.nonlinearity.empty() ? "nullptr" : quoted(step.nonlinearity), function(step.function),
                 array("int32_t", "reads", step.reads), count(step.reads), number(step.fanOut), number(step.discarded),
                 number(step.workspaceBytes)});
  }
  std::string value(const ValueDescription &tensor) {
    return list({quoted(tensor.name), number(tensor.dtype),
                 number(tensor.integer ? -1 : static_cast<int64_t>(tensor.dims.size())),
                 array("rune_expr", "dims", tensor.dims)});
  }
  std::string value(const CheckDescription &check) {
    return list({quoted(check.message), array("rune_expr", "check_args", check.args), count(check.args), "0"});
  }
  std::string value(const HookSiteDescription &site) {
    return list({number(site.module), number(site.phase), count(site.tensors), number(site.inputCount),
                 array("rune_value", "site_tensors", site.tensors), array("int32_t", "places", site.places),
                 number(site.moduleInputs), number(site.moduleOutputs)});
  }
  std::string value(const EntryDescription &entry) {
    return list({quoted(entry.name), array("char *", "symbols", entry.symbols),
                 array("rune_value", "inputs", entry.inputs), array("rune_value", "outputs", entry.outputs),
                 array("rune_check", "checks", entry.checks), array("rune_hook_site", "hook_sites", entry.hookSites),
                 count(entry.symbols), count(entry.inputs), count(entry.outputs), count(entry.checks),
                 count(entry.hookSites), number(entry.flags), function(entry.function), value(entry.workspaceBytes),
                 function(entry.hookedFunction), value(entry.hookedWorkspaceBytes)});
  }
  std::string value(const SlotDescription &slot) {
    return list({quoted(slot.name), number(slot.kind), number(slot.member), number(slot.phase), number(slot.dtype),
                 count(slot.shape), count(slot.storages), array("int64_t", "shape", slot.shape),
                 array("rune_storage", "storage", slot.storages), real(slot.initial)});
  }
  std::string value(const PhaseDescription &phase) {
    return list({quoted(phase.name), address("rune_entry", "loss", phase.loss),
                 address("rune_entry", "backward", phase.backward), address("rune_entry", "update", phase.update),
                 pointer("rune_entry", "step", phase.step), pointer("rune_entry", "metric", phase.metric),
                 pointer("rune_entry", "input_gradients", phase.inputGradients),
                 pointer("rune_entry", "hooked_loss", phase.hookedLoss),
                 pointer("rune_entry", "hooked_backward", phase.hookedBackward),
                 array("int32_t", "phase_parameters", phase.parameters), count(phase.parameters),
                 number(phase.accumulate)});
  }
  std::string value(const TrainingDescription &training) {
    return list({number(training.bytes), array("rune_slot", "slots", training.slots),
                 array("rune_phase", "phases", training.phases), address("rune_entry", "evaluate", training.evaluate),
                 count(training.slots), count(training.phases), number(training.inputCount), "0"});
  }

  std::string definitions;
  std::map<std::string, std::string> known;
  std::map<std::string, size_t> numbers;
};

} // namespace

SourceTables writeSourceTables(const ModelDescription &description) { return TableText().write(description); }

} // namespace rune
