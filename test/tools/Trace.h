// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that a compiled model computes, on drawn inputs.

#ifndef RUNE_TEST_TOOLS_TRACE_H
#define RUNE_TEST_TOOLS_TRACE_H

#include "Drawing.h"

#include "rune/table.h"

#include <string>
#include <utility>
#include <vector>

namespace rune::test {

/// Names and bytes, in order.
using Trace = std::vector<std::pair<std::string, std::string>>;

/// The outputs of every entry, with and without hooks; where the model is trained, also its loss, gradients (with and
/// without hooks), the evaluation, and the whole training state after each of so many steps.
Trace traceOf(const rune_model &table, const Drawing &drawing, int steps);

} // namespace rune::test

#endif // RUNE_TEST_TOOLS_TRACE_H
