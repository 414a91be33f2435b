// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a hooked function gives back to rune_run_hooks.

#ifndef RUNE_SRC_HOOKCONTEXT_H
#define RUNE_SRC_HOOKCONTEXT_H

#include "ModelImpl.h"

#include <exception>

namespace rune::detail {

struct HookContext : rune_context {
  HookContext(ModelImpl &model, const rune_entry &entry, const rune_context &base, bool runs_root)
      : rune_context(base), model(model), entry(entry), runs_root(runs_root) {}

  ModelImpl &model;
  const rune_entry &entry;
  bool runs_root; // else the caller runs the model's own hooks
  std::exception_ptr failure;
};

/// The hooks of every module, then the module's own.
void run_hooks(ModelImpl &model, std::int32_t module, int phase, Tensors &inputs, Tensors &outputs);
bool any_global_hook();

} // namespace rune::detail

#endif // RUNE_SRC_HOOKCONTEXT_H
