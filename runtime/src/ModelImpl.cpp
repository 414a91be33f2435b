// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ModelImpl.h"

#include "Text.h"

#include <cstring>

namespace rune::detail {

ModelImpl::ModelImpl(const rune_model &table)
    : table(table), state(allocate_zeroed(table.state_bytes)),
      training(static_cast<std::size_t>(table.module_count), 1),
      requires_grad(static_cast<std::size_t>(table.member_count)), hooks(std::make_shared<HookRegistry>()) {
  for (std::int32_t i = 0; i < table.member_count; ++i)
    requires_grad[static_cast<std::size_t>(i)] = (table.members[i].flags & RUNE_TRAINABLE) != 0;
}

bool ModelImpl::is_within(std::int32_t module, std::int32_t root) const {
  while (module > root)
    module = table.modules[module].parent;
  return module == root;
}

Shape member_shape(const rune_member &member) { return Shape(member.shape, static_cast<std::size_t>(member.rank)); }

std::string_view relative_name(const ModelImpl &model, std::int32_t module, std::string_view name) {
  const std::size_t prefix = std::strlen(model.module(module).name);
  return prefix == 0 ? name : name.size() > prefix ? name.substr(prefix + 1) : std::string_view();
}

std::string torch_size(const Shape &shape) { return "torch.Size(" + shape.str() + ")"; }

} // namespace rune::detail
