// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/shape.h"

#include "Text.h"
#include "rune/error.h"

#include <ostream>

namespace rune {

std::int64_t Shape::numel() const {
  std::int64_t count = 1;
  bool overflow = false;
  bool zero = false;
  for (std::int64_t size : sizes_) {
    if (size < 0)
      throw Error("a dimension is negative: " + str());
    zero |= size == 0;
    overflow |= __builtin_mul_overflow(count, size == 0 ? 1 : size, &count);
  }
  if (overflow && !zero)
    throw Error("element count overflows: " + str());
  return zero ? 0 : count;
}

std::string Shape::str() const {
  std::string out = "[";
  for (std::size_t i = 0; i < sizes_.size(); ++i)
    detail::append(out, i ? ", " : "", sizes_[i]);
  return out + "]";
}

std::ostream &operator<<(std::ostream &os, const Shape &shape) { return os << shape.str(); }

} // namespace rune
