// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The two ways in which PyTorch fills memory with normal values.

#ifndef RUNE_SRC_NORMALFILL_H
#define RUNE_SRC_NORMALFILL_H

#include "rune/generator.h"

#include <cstdint>

namespace rune::detail {

void normal_fill(float *data, std::int64_t count, double mean, double std, Generator &generator);
void normal_fill(double *data, std::int64_t count, double mean, double std, Generator &generator);

} // namespace rune::detail

#endif // RUNE_SRC_NORMALFILL_H
