// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Reading regular files, and replacing them in one step.

#ifndef RUNE_SRC_FILE_H
#define RUNE_SRC_FILE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rune::detail {

/// A regular file that is read from any place.
class File {
public:
  /// Throws for whatever is not a regular file; never waits for one.
  static File open_for_reading(const std::string &path);
  File(File &&other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}
  ~File();

  const std::string &path() const { return path_; }
  std::int64_t size() const { return size_; }
  void read(void *to, std::int64_t bytes, std::int64_t offset) const;

private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
  std::int64_t size_ = 0;
};

/// A new content for `path`, written beside it; commit() puts it in place. Without commit() nothing has changed.
class Replacement {
public:
  explicit Replacement(const std::string &path);
  ~Replacement();
  Replacement(const Replacement &) = delete;
  Replacement &operator=(const Replacement &) = delete;

  void write(const void *from, std::int64_t bytes);
  /// On the disk, under its name, before this returns.
  void commit();

private:
  std::string path_, folder_, temporary_;
  int descriptor_ = -1;
};

} // namespace rune::detail

#endif // RUNE_SRC_FILE_H
