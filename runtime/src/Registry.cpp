// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// torch.nn.Module's walks over parameters, buffers and modules.

#include "ModelImpl.h"
#include "Text.h"
#include "rune/call.h"

namespace rune {

using detail::join;
using detail::ModelImpl;

namespace {

/// The members of one kind at `root` or below it, with the names that `root` sees.
template <typename Handle>
std::vector<std::pair<std::string, Handle>> collect(const detail::ModelHandle &model, std::int32_t root,
                                                    rune_member_kind kind, bool recurse, bool remove_duplicate) {
  std::vector<std::pair<std::string, Handle>> result;
  std::vector<char> seen(static_cast<std::size_t>(model->table.member_count));
  for (std::int32_t i = 0; i < model->table.member_count; ++i) {
    const rune_member &member = model->member(i);
    if (member.kind != kind || (recurse ? !model->is_within(member.module, root) : member.module != root))
      continue;
    char &was_seen = seen[static_cast<std::size_t>(member.alias)];
    if (remove_duplicate && was_seen)
      continue;
    was_seen = 1;
    result.emplace_back(relative_name(*model, root, member.name), Handle(model, i));
  }
  return result;
}

template <typename Named> auto values(const Named &named) {
  std::vector<typename Named::value_type::second_type> result;
  result.reserve(named.size());
  for (const auto &entry : named)
    result.push_back(entry.second);
  return result;
}

struct Target {
  std::string_view path, leaf;
};

Target splitLast(std::string_view target) {
  const std::size_t dot = target.rfind('.');
  return dot == target.npos ? Target{"", target} : Target{target.substr(0, dot), target.substr(dot + 1)};
}

/// The member of a module by its own name, or -1.
std::int32_t findMember(const ModelImpl &model, std::int32_t module, std::string_view leaf) {
  for (std::int32_t i = 0; i < model.table.member_count; ++i)
    if (model.member(i).module == module && relative_name(model, module, model.member(i).name) == leaf)
      return i;
  return -1;
}

std::int32_t findChild(const ModelImpl &model, std::int32_t module, std::string_view key) {
  for (std::int32_t i = module + 1; i < model.table.module_count; ++i)
    if (model.module(i).parent == module && model.module(i).key == key)
      return i;
  return -1;
}

[[noreturn]] void failAttribute(const ModelImpl &model, std::int32_t module, std::string_view leaf) {
  throw Error(join(model.module(module).type, " has no attribute `", leaf, "`"));
}

} // namespace

ModelImpl &Module::model() const {
  if (!model_)
    throw Error("the module is undefined");
  return *model_;
}

std::string_view Module::name() const { return model().module(index_).name; }
std::string_view Module::type() const { return model().module(index_).type; }
std::string Module::extra_repr() const { return model().module(index_).extra_repr; }

std::vector<std::pair<std::string, Parameter>> Module::named_parameters(bool recurse, bool remove_duplicate) const {
  model();
  return collect<Parameter>(model_, index_, RUNE_PARAMETER, recurse, remove_duplicate);
}

std::vector<std::pair<std::string, Buffer>> Module::named_buffers(bool recurse, bool remove_duplicate) const {
  model();
  return collect<Buffer>(model_, index_, RUNE_BUFFER, recurse, remove_duplicate);
}

std::vector<Parameter> Module::parameters(bool recurse) const { return values(named_parameters(recurse)); }
std::vector<Buffer> Module::buffers(bool recurse) const { return values(named_buffers(recurse)); }

std::vector<std::pair<std::string, Module>> Module::named_children() const {
  std::vector<std::pair<std::string, Module>> result;
  for (std::int32_t i = index_ + 1; i < model().table.module_count; ++i)
    if (model().module(i).parent == index_ && !model().is_none(i))
      result.emplace_back(model().module(i).key, Module(model_, i));
  return result;
}

std::vector<std::pair<std::string, Module>> Module::named_modules() const {
  std::vector<std::pair<std::string, Module>> result;
  for (std::int32_t i = index_; i < model().table.module_count; ++i)
    if (model().is_within(i, index_) && !model().is_none(i))
      result.emplace_back(relative_name(model(), index_, model().module(i).name), Module(model_, i));
  return result;
}

std::vector<Module> Module::children() const { return values(named_children()); }
std::vector<Module> Module::modules() const { return values(named_modules()); }

Module Module::get_submodule(std::string_view target) const {
  std::int32_t at = index_;
  for (std::string_view rest = target; !target.empty();) {
    const std::size_t dot = rest.find('.');
    const std::string_view key = rest.substr(0, dot);
    const std::int32_t child = findChild(model(), at, key);
    if (child < 0 && findMember(model(), at, key) < 0)
      failAttribute(model(), at, key);
    if (child < 0 || model().is_none(child))
      throw Error(join("`", key, "` is not an nn.Module"));
    at = child;
    if (dot == rest.npos)
      break;
    rest.remove_prefix(dot + 1);
  }
  return Module(model_, at);
}

Module ModuleList::operator[](std::int64_t index) const {
  const std::vector<Module> all = children();
  const auto count = static_cast<std::int64_t>(all.size());
  if (index < -count || index >= count)
    throw Error(join("index ", index, " is out of range"));
  return all[static_cast<std::size_t>(index < 0 ? index + count : index)];
}

Parameter Module::get_parameter(std::string_view target) const {
  const auto [path, leaf] = splitLast(target);
  const Module owner = get_submodule(path);
  const std::int32_t found = findMember(model(), owner.index_, leaf);
  if (found < 0 && findChild(model(), owner.index_, leaf) < 0)
    failAttribute(model(), owner.index_, leaf);
  if (found < 0 || model().member(found).kind != RUNE_PARAMETER)
    throw Error(join("`", leaf, "` is not an nn.Parameter"));
  return Parameter(model_, found);
}

Buffer Module::get_buffer(std::string_view target) const {
  const auto [path, leaf] = splitLast(target);
  const Module owner = get_submodule(path);
  const std::int32_t found = findMember(model(), owner.index_, leaf);
  if (found < 0 && findChild(model(), owner.index_, leaf) < 0)
    failAttribute(model(), owner.index_, leaf);
  if (found < 0 || model().member(found).kind != RUNE_BUFFER)
    throw Error(join("`", leaf, "` is not a buffer"));
  return Buffer(model_, found);
}

Module &Module::train(bool mode) {
  for (std::int32_t i = index_; i < model().table.module_count; ++i)
    if (model().is_within(i, index_))
      model().training[static_cast<std::size_t>(i)] = mode;
  return *this;
}

bool Module::training() const { return model().training[static_cast<std::size_t>(index_)] != 0; }

Module &Module::requires_grad_(bool requires_grad) {
  for (Parameter &parameter : parameters())
    parameter.requires_grad_(requires_grad);
  return *this;
}

RemovableHandle Module::add_hook(int phase, detail::Hook hook, bool prepend) {
  return RemovableHandle(model().hooks, model().hooks->add(index_, phase, std::move(hook), prepend));
}

} // namespace rune
