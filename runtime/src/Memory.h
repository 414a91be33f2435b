// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Aligned memory.

#ifndef RUNE_SRC_MEMORY_H
#define RUNE_SRC_MEMORY_H

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace rune::detail {

/// At least one cache line, aligned to one; throws Error where it is not to be had.
void *allocate(std::int64_t bytes);
void *allocate_zeroed(std::int64_t bytes);

struct Free {
  void operator()(void *pointer) const { std::free(pointer); }
};
using Memory = std::unique_ptr<void, Free>;

} // namespace rune::detail

#endif // RUNE_SRC_MEMORY_H
