// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The hooks of one model, or of the whole process.

#ifndef RUNE_SRC_HOOKREGISTRY_H
#define RUNE_SRC_HOOKREGISTRY_H

#include "rune/hooks.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace rune::detail {

class HookRegistry {
public:
  /// In place of a module's index: hooks of every module.
  static constexpr std::int32_t EveryModule = -1;

  std::uint64_t add(std::int32_t module, int phase, Hook hook, bool prepend);
  void remove(std::uint64_t id);
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }
  /// Calls the hooks of one place in order. A hook may register and remove hooks meanwhile.
  void run(std::int32_t place, int phase, Module &module, Tensors &inputs, Tensors &outputs) const;
  /// True where a hook stands at a module other than `module`.
  bool any_besides(std::int32_t module) const;

private:
  struct Entry {
    std::int32_t module;
    int phase;
    std::uint64_t id;
    std::shared_ptr<Hook> hook;
  };

  mutable std::mutex mutex_;
  std::atomic<std::size_t> count_ = 0;
  std::uint64_t next_id_ = 1;
  std::vector<Entry> entries_;
};

/// The hooks of every module of the process; null where none was ever registered.
std::shared_ptr<HookRegistry> global_hooks();

} // namespace rune::detail

#endif // RUNE_SRC_HOOKREGISTRY_H
