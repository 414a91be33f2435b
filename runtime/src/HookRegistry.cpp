// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "HookRegistry.h"

#include "Text.h"
#include "rune/module.h"

#include <algorithm>

namespace rune {
namespace detail {

std::uint64_t HookRegistry::add(std::int32_t module, int phase, Hook hook, bool prepend) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  entries_.insert(prepend ? entries_.begin() : entries_.end(),
                  Entry{module, phase, id, std::make_shared<Hook>(std::move(hook))});
  count_.store(entries_.size(), std::memory_order_release);
  return id;
}

void HookRegistry::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry &entry) { return entry.id == id; });
  count_.store(entries_.size(), std::memory_order_release);
}

void HookRegistry::run(std::int32_t place, int phase, Module &module, Tensors &inputs, Tensors &outputs) const {
  std::vector<std::shared_ptr<Hook>> hooks;
  {
    const std::lock_guard lock(mutex_);
    for (const Entry &entry : entries_)
      if (entry.module == place && entry.phase == phase)
        hooks.push_back(entry.hook);
  }
  for (const std::shared_ptr<Hook> &hook : hooks)
    (*hook)(module, inputs, outputs);
}

bool HookRegistry::any_besides(std::int32_t module) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(entries_, [&](const Entry &entry) { return entry.module != module; });
}

void fail_output_count(const Module &module, std::size_t count) {
  throw Error(join("'", module.name(), "' has ", static_cast<std::int64_t>(count),
                   " outputs: its forward hooks take rune::Tensors & in the place of rune::Tensor &"));
}

namespace {
std::mutex global_mutex;
std::shared_ptr<HookRegistry> &global_registry() {
  static std::shared_ptr<HookRegistry> registry;
  return registry;
}
std::atomic<bool> has_global_registry = false;
} // namespace

std::shared_ptr<HookRegistry> global_hooks() {
  if (!has_global_registry.load(std::memory_order_acquire))
    return nullptr;
  const std::lock_guard lock(global_mutex);
  return global_registry();
}

RemovableHandle register_global_hook(int phase, Hook hook) {
  const std::lock_guard lock(global_mutex);
  std::shared_ptr<HookRegistry> &registry = global_registry();
  if (!registry)
    registry = std::make_shared<HookRegistry>();
  has_global_registry.store(true, std::memory_order_release);
  const std::uint64_t id = registry->add(HookRegistry::EveryModule, phase, std::move(hook), false);
  return RemovableHandle(registry, id);
}

} // namespace detail

void RemovableHandle::remove() {
  if (const auto registry = registry_.lock())
    registry->remove(id_);
  registry_.reset();
}

} // namespace rune
