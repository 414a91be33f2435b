// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The owner of a compiled model's state, from which generated classes derive.

#ifndef RUNE_MODEL_H
#define RUNE_MODEL_H

#include "rune/generator.h"
#include "rune/module.h"
#include "rune/table.h"
#include "rune/workspace.h"

namespace rune {

/// Movable, not copyable. Calls on a const model may run on many threads at once, each with its own workspace.
class Model : public Module {
public:
  /// Allocates parameters and buffers, and gives those that are not drawn at random their first values; the others
  /// are zero until reset_parameters or load_state_dict.
  explicit Model(const rune_model &table);
  Model(Model &&) noexcept = default;
  Model &operator=(Model &&) noexcept = default;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  /// The state that PyTorch has after torch.manual_seed(seed) and the model's construction, bit for bit.
  void reset_parameters(std::uint64_t seed);
  /// The same, continuing the generator's stream.
  void reset_parameters(Generator &generator);

  /// Runs an entry, with hooks, on inputs in the order of the spec (a run-time integer is a tensor of one i64), and
  /// allocates its outputs.
  Tensors call(std::int32_t entry, Tensors inputs) const;
  /// The same without hooks.
  Tensors call_fused(std::int32_t entry, const Tensors &inputs) const;

  /// Begins the stream from which random functions (dropout) draw in calls of the model. A Workspace has its own.
  void manual_seed(std::uint64_t seed);

  const rune_model &table() const;
  const detail::ModelHandle &handle() const { return model_; }
  /// The arena of parameters and buffers, aligned to 64 bytes.
  void *state() const { return state_; }

protected:
  void *state_ = nullptr;
};

namespace detail {

/// An expression's value for an entry's sizes; throws where it overflows or divides by zero.
std::int64_t evaluate(const rune_expr &expression, const std::int64_t *symbols);
/// The bytes of workspace that an entry's fused or hooked function needs.
std::int64_t workspace_bytes(const rune_entry &entry, const std::int64_t *symbols, bool hooked);
/// Throws what a status other than RUNE_OK means.
[[noreturn]] void fail_status(const rune_entry &entry, std::int32_t status, const std::int64_t *symbols);

} // namespace detail
} // namespace rune

#endif // RUNE_MODEL_H
