// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random inputs for a compiled model, and the options that say of what kind they are.

#ifndef RUNE_TEST_TOOLS_DRAWING_H
#define RUNE_TEST_TOOLS_DRAWING_H

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace rune {
class Tensor;
} // namespace rune

namespace rune::test {

struct Drawing {
  std::map<std::string, std::int64_t> sizes;               // by symbol
  std::map<std::string, std::pair<double, double>> ranges; // floating inputs and parameters, -1.5 to 1.5 else
  std::map<std::string, std::int64_t> below;               // integer inputs, 2 else

  /// Fills the tensor called so.
  void fill(Tensor tensor, const std::string &name, std::mt19937_64 &random) const;
  /// From "n=7,m=1".
  void setSizes(const std::string &text);
};

/// From options: "x=0.1:0.9" and "index=5".
Drawing readDrawing(const std::vector<std::string> &ranges, const std::vector<std::string> &below);

} // namespace rune::test

#endif // RUNE_TEST_TOOLS_DRAWING_H
