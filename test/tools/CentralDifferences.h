// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradients of a compiled f64 model against central differences of its loss.

#ifndef RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H
#define RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H

#include "Drawing.h"

#include "rune/table.h"

namespace rune::test {

/// How many elements of inputs and parameters were compared. Throws rune::Error, with the first that is wrong.
std::int64_t compareGradients(const rune_model &table, const Drawing &drawing);

} // namespace rune::test

#endif // RUNE_TEST_TOOLS_CENTRALDIFFERENCES_H
