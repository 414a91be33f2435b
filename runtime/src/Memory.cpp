// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Memory.h"

#include "Text.h"
#include "rune/error.h"

#include <cstring>
#include <limits>

namespace rune::detail {

void *allocate(std::int64_t bytes) {
  constexpr std::int64_t line = 64;
  void *memory = nullptr;
  if (bytes >= 0 && bytes <= std::numeric_limits<std::int64_t>::max() - line) {
    const std::int64_t lines = bytes / line + (bytes % line != 0) + (bytes == 0);
    memory = std::aligned_alloc(line, static_cast<std::size_t>(lines * line));
  }
  if (!memory)
    throw Error(join("cannot allocate ", bytes, " bytes"));
  return memory;
}

void *allocate_zeroed(std::int64_t bytes) {
  void *memory = allocate(bytes);
  return std::memset(memory, 0, static_cast<std::size_t>(bytes));
}

} // namespace rune::detail
