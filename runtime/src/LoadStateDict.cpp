// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// state_dict and load_state_dict.

#include "ModelImpl.h"
#include "Text.h"

#include <algorithm>

namespace rune {

using detail::join;
using detail::ModelImpl;

namespace {

bool isSaved(const rune_member &member) {
  return member.kind == RUNE_PARAMETER || (member.kind == RUNE_BUFFER && (member.flags & RUNE_PERSISTENT));
}

struct Copy {
  std::int32_t member;
  Tensor values;
};

/// Compares a state dict with the modules at `root` and below, module by module as PyTorch does.
class Loader {
public:
  Loader(const ModelImpl &model, std::int32_t root, const StateDict &state_dict) : model_(model), root_(root) {
    std::vector<const StateDict::value_type *> all;
    for (const StateDict::value_type &entry : state_dict)
      all.push_back(&entry);
    visit(root, state_dict, all);
  }

  std::vector<Copy> copies;
  std::vector<std::string> mismatches;
  IncompatibleKeys keys;

private:
  using Entries = std::vector<const StateDict::value_type *>;

  void visit(std::int32_t module, const StateDict &state_dict, const Entries &entries) {
    for (std::int32_t i = 0; i < model_.table.member_count; ++i)
      if (model_.member(i).module == module && isSaved(model_.member(i)))
        take(i, state_dict);
    for (const StateDict::value_type *entry : entries)
      if (!knows(module, entry->first))
        keys.unexpected_keys.push_back(entry->first);
    for (std::int32_t i = module + 1; i < model_.table.module_count; ++i) {
      if (model_.module(i).parent != module || model_.is_none(i))
        continue;
      const std::string prefix = std::string(relative_name(model_, root_, model_.module(i).name)) + ".";
      Entries below;
      std::ranges::copy_if(entries, std::back_inserter(below),
                           [&](const auto *entry) { return entry->first.starts_with(prefix); });
      visit(i, state_dict, below);
    }
  }

  void take(std::int32_t index, const StateDict &state_dict) {
    const rune_member &member = model_.member(index);
    const std::string_view key = relative_name(model_, root_, member.name);
    const auto found = state_dict.find(key);
    if (found == state_dict.end()) {
      keys.missing_keys.emplace_back(key);
      return;
    }
    Tensor values = found->second;
    const Shape shape = detail::member_shape(member);
    if (!values.defined()) {
      mismatches.push_back(join("While copying the parameter named \"", key,
                                "\", expected torch.Tensor or Tensor-like object from checkpoint but received ",
                                "an undefined tensor"));
      return;
    }
    if (shape.empty() && values.shape() == Shape{1})
      values = values.reshape({});
    if (values.shape() == shape)
      copies.push_back({index, values});
    else
      mismatches.push_back(join("size mismatch for ", key, ": copying a param with shape ",
                                detail::torch_size(values.shape()), " from checkpoint, the shape in current model is ",
                                detail::torch_size(shape), "."));
  }

  /// Whether a key is a member of the module, or begins with one of its children's keys.
  bool knows(std::int32_t module, std::string_view key) const {
    const std::string_view prefix = relative_name(model_, root_, model_.module(module).name);
    const std::string_view rest = module == root_ ? key : key.substr(prefix.size() + 1);
    const std::size_t dot = rest.find('.');
    if (dot == rest.npos) {
      for (std::int32_t i = 0; i < model_.table.member_count; ++i) {
        const rune_member &member = model_.member(i);
        if (member.module == module && isSaved(member) && relative_name(model_, module, member.name) == rest)
          return true;
      }
      return false;
    }
    for (std::int32_t i = module + 1; i < model_.table.module_count; ++i)
      if (model_.module(i).parent == module && model_.module(i).key == rest.substr(0, dot))
        return true;
    return false;
  }

  const ModelImpl &model_;
  std::int32_t root_;
};

std::string keyList(const char *head, const std::vector<std::string> &keys) {
  std::string out = head;
  for (std::size_t i = 0; i < keys.size(); ++i)
    out += (i ? ", \"" : "\"") + keys[i] + "\"";
  return out + ". ";
}

} // namespace

StateDict Module::state_dict() const {
  StateDict result;
  for (std::int32_t i = 0; i < model().table.member_count; ++i) {
    const rune_member &member = model().member(i);
    if (isSaved(member) && model().is_within(member.module, index_))
      result.insert(std::string(relative_name(model(), index_, member.name)), detail::read_member(model(), i));
  }
  return result;
}

IncompatibleKeys Module::load_state_dict(const StateDict &state_dict, bool strict) {
  Loader loader(model(), index_, state_dict);
  std::vector<std::string> errors;
  if (strict && !loader.keys.missing_keys.empty())
    errors.push_back(keyList("Missing key(s) in state_dict: ", loader.keys.missing_keys));
  if (strict && !loader.keys.unexpected_keys.empty())
    errors.push_back(keyList("Unexpected key(s) in state_dict: ", loader.keys.unexpected_keys));
  errors.insert(errors.end(), loader.mismatches.begin(), loader.mismatches.end());
  if (!errors.empty()) {
    std::string message = join("Error(s) in loading state_dict for ", type(), ":");
    for (const std::string &error : errors)
      message += "\n\t" + error;
    throw Error(message);
  }
  for (const Copy &copy : loader.copies)
    detail::write_member(model(), copy.member, copy.values.to(static_cast<DType>(model().member(copy.member).dtype)));
  return std::move(loader.keys);
}

} // namespace rune
