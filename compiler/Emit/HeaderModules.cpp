// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/HeaderModules.h"

#include <algorithm>

namespace rune {

const std::set<std::string> &ModuleTypes::inheritedNames() {
  static const std::set<std::string> names = {
      "Model", "Module", "ModuleArray", "ModuleList", "Sizes", "Workspace", "add_hook", "apply", "begin", "buffers",
      "call", "call_fused", "children", "elements_", "end", "eval", "extra_repr", "get_buffer", "get_parameter",
      "get_submodule", "index_", "load_state_dict", "model", "model_", "modules", "name", "named_buffers",
      "named_children", "named_modules", "named_parameters", "parameters", "register_forward_hook",
      "register_forward_pre_hook", "repr", "requires_grad_", "reset_parameters", "size", "state", "state_",
      "state_dict", "table", "train", "training", "type", "zero_grad",
      // what training will add
      "Trainer", "register_full_backward_hook", "register_full_backward_pre_hook"};
  return names;
}

ModuleTypes::ModuleTypes(const ModelDescription &model, std::string scope)
    : model(model), scope(std::move(scope)), children(model.modules.size()), ownMembers(model.modules.size()),
      first(model.modules.size(), -1), moduleEnd(model.modules.size()), types(model.modules.size()) {
  const auto count = static_cast<int32_t>(model.modules.size());
  for (int32_t m = 1; m < count; ++m)
    children[model.modules[m].parent].push_back(m);
  for (size_t i = 0; i < model.members.size(); ++i)
    ownMembers[model.members[i].module].push_back(static_cast<int32_t>(i));
  for (int32_t m = count; m-- > 0;) {
    moduleEnd[m] = children[m].empty() ? m + 1 : moduleEnd[children[m].back()];
    first[m] = ownMembers[m].empty() ? -1 : ownMembers[m][0];
    for (int32_t child : children[m])
      if (first[m] < 0)
        first[m] = first[child];
  }
  for (int32_t m = count; m-- > 1;)
    types[m] = typeOf(m);
}

int32_t ModuleTypes::firstMember(int32_t module) const { return std::max(first[module], 0); }

/// rune::ModuleArray<T, n> where all elements of a list are alike and evenly spaced, else "".
std::string ModuleTypes::listType(int32_t module) const {
  const std::vector<int32_t> &elements = children[module];
  if (model.modules[module].kind != RUNE_MODULE_LIST || elements.empty() || !ownMembers[module].empty() ||
      types[elements[0]] == plainType(elements[0]))
    return "";
  const int32_t moduleStride = moduleEnd[elements[0]] - elements[0];
  const int32_t memberStride = elements.size() > 1 ? firstMember(elements[1]) - firstMember(elements[0]) : 0;
  for (size_t i = 0; i < elements.size(); ++i)
    if (model.modules[elements[i]].kind == RUNE_NONE || types[elements[i]] != types[elements[0]] ||
        elements[i] != module + 1 + static_cast<int32_t>(i) * moduleStride ||
        firstMember(elements[i]) != firstMember(elements[0]) + static_cast<int32_t>(i) * memberStride)
      return "";
  return "rune::ModuleArray<" + types[elements[0]] + ", " + std::to_string(elements.size()) + ">";
}

/// Of a module without typed members, and the base of the structs of the others.
const char *ModuleTypes::plainType(int32_t module) const {
  const int32_t kind = model.modules[module].kind;
  return kind == RUNE_SEQUENTIAL || kind == RUNE_MODULE_LIST ? "rune::ModuleList" : "rune::Module";
}

std::vector<ModuleTypes::Field> ModuleTypes::fields(int32_t module, const std::set<std::string> &reserved,
                                                    bool root) const {
  IdentifierScope names(reserved);
  std::vector<Field> result;
  const int32_t base = firstMember(module);
  const std::string handle = root ? "model_" : "model";
  const auto place = [&](const char *variable, int32_t offset) {
    return root ? std::to_string(offset) : std::string(variable) + " + " + std::to_string(offset);
  };
  for (int32_t i : ownMembers[module]) {
    const std::string &full = model.members[i].name;
    const size_t dot = full.rfind('.');
    const std::string type = model.members[i].kind == RUNE_PARAMETER ? "rune::Parameter" : "rune::Buffer";
    result.push_back({type, names.add(dot == full.npos ? full : full.substr(dot + 1)),
                      handle + ", " + place("member", root ? i : i - base)});
  }
  for (int32_t child : children[module]) {
    if (model.modules[child].kind == RUNE_NONE)
      continue;
    const int32_t first = firstMember(child);
    std::string init = handle + ", " + place("module", root ? child : child - module);
    if (types[child] != plainType(child))
      init += ", " + place("member", root ? first : first - base);
    if (types[child].substr(0, 18) == "rune::ModuleArray<") {
      const std::vector<int32_t> &elements = children[child];
      const int32_t memberStride = elements.size() > 1 ? firstMember(elements[1]) - firstMember(elements[0]) : 0;
      init += ", " + std::to_string(moduleEnd[elements[0]] - elements[0]) + ", " + std::to_string(memberStride);
    }
    result.push_back({types[child], names.add(model.modules[child].key), init});
  }
  return result;
}

std::string ModuleTypes::typeOf(int32_t module) {
  if (const std::string list = listType(module); !list.empty())
    return list;
  const bool empty = std::all_of(children[module].begin(), children[module].end(),
                                 [&](int32_t child) { return model.modules[child].kind == RUNE_NONE; });
  if (model.modules[module].kind == RUNE_NONE || (empty && ownMembers[module].empty()))
    return plainType(module);
  const std::string base = plainType(module);
  // A field must not bear its struct's name, whichever that becomes: reserve all that begin alike.
  const std::string wanted = safeIdentifier(model.modules[module].type);
  std::set<std::string> reserved = inheritedNames();
  for (int32_t i = 1; i <= static_cast<int32_t>(model.modules.size()); ++i)
    reserved.insert(wanted + "_" + std::to_string(i));
  reserved.insert(wanted);
  reserved.insert(wanted + "_");
  std::string inits, declarations;
  for (const Field &field : fields(module, reserved, false)) {
    inits += ", " + field.name + "(" + field.init + ")";
    declarations += "  " + field.type + " " + field.name + ";\n";
  }
  const auto [found, isNew] = known.try_emplace(wanted + base + inits + declarations);
  if (isNew) {
    const std::string name = structNames.add(wanted);
    found->second = scope + "::" + name;
    text += "struct " + name + " : " + base + " {\n  " + name +
            "(const rune::detail::ModelHandle &model, std::int32_t module, [[maybe_unused]] std::int32_t member)\n"
            "      : " +
            base + "(model, module)" + inits + " {}\n\n" + declarations + "};\n\n";
  }
  return found->second;
}

std::vector<ModuleTypes::Field> ModuleTypes::rootFields(const std::set<std::string> &reserved) const {
  return fields(0, reserved, true);
}

} // namespace rune
