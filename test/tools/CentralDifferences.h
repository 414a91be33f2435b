// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradients of a compiled f64 model against central differences of its loss.

#ifndef RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H
#define RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H

#include "rune/table.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace rune::test {

struct Drawing {
  std::map<std::string, std::int64_t> sizes;               // by symbol
  std::map<std::string, std::pair<double, double>> ranges; // floating inputs and parameters, -1.5 to 1.5 else
  std::map<std::string, std::int64_t> below;               // integer inputs
};

/// How many elements of inputs and parameters were compared. Throws rune::Error, with the first that is wrong.
std::int64_t compareGradients(const rune_model &table, const Drawing &drawing);

} // namespace rune::test

#endif // RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H
