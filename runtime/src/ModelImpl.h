// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What stands behind every handle: the tables, the state, and what a user has set.

#ifndef RUNE_SRC_MODELIMPL_H
#define RUNE_SRC_MODELIMPL_H

#include "HookRegistry.h"
#include "Memory.h"
#include "rune/generator.h"
#include "rune/module.h"
#include "rune/table.h"

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

namespace rune::detail {

/// Whoever holds the parameters' gradients.
class GradientSource {
public:
  virtual ~GradientSource() = default;
  /// Undefined where there is none.
  virtual Tensor gradient(std::int32_t member) const = 0;
};

struct ModelImpl : std::enable_shared_from_this<ModelImpl> {
  explicit ModelImpl(const rune_model &table);

  const rune_model &table;
  Memory state;
  std::vector<char> training;      // of each module
  std::vector<char> requires_grad; // of each member; tied ones share the first one's
  std::shared_ptr<HookRegistry> hooks;
  GradientSource *gradients = nullptr; // the last trainer's
  std::uint64_t seed = 0;              // of the generator that random functions draw from
  std::atomic<std::uint64_t> draws = 0;

  const rune_module_info &module(std::int32_t index) const { return table.modules[index]; }
  const rune_member &member(std::int32_t index) const { return table.members[index]; }
  /// True for a module at or below `root`.
  bool is_within(std::int32_t module, std::int32_t root) const;
  bool is_none(std::int32_t module) const { return table.modules[module].kind == RUNE_NONE; }
};

Shape member_shape(const rune_member &member);
/// A name below `module`, as that module sees it.
std::string_view relative_name(const ModelImpl &model, std::int32_t module, std::string_view name);

/// A tensor of an arena in row-major order, and the way back into every copy of it.
Tensor read_storage(const rune_storage &storage, const Shape &shape, DType dtype, const void *arena);
void write_storages(const rune_storage *storages, std::int32_t count, void *arena, const Tensor &values);

/// The member's values in row-major order, from its first storage.
Tensor read_member(const ModelImpl &model, std::int32_t index);
/// Writes every storage of the member; `values` has its shape and dtype.
void write_member(ModelImpl &model, std::int32_t index, const Tensor &values);

/// Runs the table's init steps, those that draw only where there is a generator.
void run_init_steps(ModelImpl &model, Generator *generator);

/// "torch.Size([2, 3])".
std::string torch_size(const Shape &shape);

} // namespace rune::detail

#endif // RUNE_SRC_MODELIMPL_H
