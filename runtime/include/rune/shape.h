// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes of a tensor's dimensions.

#ifndef RUNE_SHAPE_H
#define RUNE_SHAPE_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

namespace rune {

class Shape {
public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : sizes_(sizes) {}
  Shape(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}
  Shape(const std::int64_t *sizes, std::size_t rank) : sizes_(sizes, sizes + rank) {}

  std::size_t size() const { return sizes_.size(); }
  bool empty() const { return sizes_.empty(); }
  std::int64_t operator[](std::size_t i) const { return sizes_[i]; }
  std::int64_t &operator[](std::size_t i) { return sizes_[i]; }
  const std::int64_t *data() const { return sizes_.data(); }
  std::vector<std::int64_t>::const_iterator begin() const { return sizes_.begin(); }
  std::vector<std::int64_t>::const_iterator end() const { return sizes_.end(); }
  bool operator==(const Shape &other) const { return sizes_ == other.sizes_; }

  /// The number of elements; throws where a size is negative or the count overflows.
  std::int64_t numel() const;
  /// "[64, 784]".
  std::string str() const;

private:
  std::vector<std::int64_t> sizes_;
};

std::ostream &operator<<(std::ostream &os, const Shape &shape);

} // namespace rune

#endif // RUNE_SHAPE_H
