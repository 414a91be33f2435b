// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory that one call needs for its temporaries.

#ifndef RUNE_WORKSPACE_H
#define RUNE_WORKSPACE_H

#include "rune/table.h"

#include <cstdint>
#include <utility>

namespace rune {

/// One arena aligned to 64 bytes. A call uses it alone: one workspace a thread.
class Workspace {
public:
  Workspace() = default;
  /// Throws where the memory is not to be had.
  explicit Workspace(std::int64_t bytes);
  ~Workspace();
  Workspace(Workspace &&other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Workspace &operator=(Workspace &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// Begins the stream from which random functions draw in calls with this workspace.
  void manual_seed(std::uint64_t seed) { context_ = {nullptr, seed, 0}; }

  void *data() const { return data_; }
  std::int64_t size() const { return size_; }

  /// What the next call gets besides its arguments.
  rune_context *next_context() const {
    ++context_.draw;
    return &context_;
  }

private:
  mutable rune_context context_ = {};
  void *data_ = nullptr;
  std::int64_t size_ = 0;
};

} // namespace rune

#endif // RUNE_WORKSPACE_H
