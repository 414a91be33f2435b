// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The integer expressions of dynamic sizes.

#ifndef RUNE_SRC_SIZEEXPRESSION_H
#define RUNE_SRC_SIZEEXPRESSION_H

#include "rune/shape.h"
#include "rune/table.h"

#include <string>

namespace rune::detail {

/// The symbol that an expression consists of alone, or -1.
std::int32_t bare_symbol(const rune_expr &expression);
/// "2*batch + 1".
std::string expression_text(const rune_expr &expression, const char *const *symbols);
/// "[batch, 784]".
std::string pattern_text(const rune_value &value, const char *const *symbols);
/// The shape of a value for an entry's sizes.
Shape value_shape(const rune_value &value, const std::int64_t *symbols);
/// How many elements that shape has, and whether it is the given one; neither allocates.
std::int64_t value_numel(const rune_value &value, const std::int64_t *symbols);
bool has_shape(const rune_value &value, const std::int64_t *symbols, const std::int64_t *sizes, std::int32_t rank);

} // namespace rune::detail

#endif // RUNE_SRC_SIZEEXPRESSION_H
