// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How compiled models use several threads. Results are the same bits for any number of them.

#ifndef RUNE_THREADS_H
#define RUNE_THREADS_H

#include <cstdint>

namespace rune {

/// Threads that one call of a model may use: OpenMP's (OMP_NUM_THREADS, or one for each processor) unless set.
int get_num_threads();
/// Throws std::invalid_argument unless it is positive. Counts for all models of the program.
void set_num_threads(int count);

/// Calls `body(data, begin, end)` for ranges that together are [0, count), in any order, from any threads, and returns
/// when all have returned.
using ParallelFor = void (*)(void (*body)(void *data, std::int64_t begin, std::int64_t end), void *data,
                             std::int64_t count);
/// The application's own threads in place of OpenMP's, which null brings back.
void set_parallel_for(ParallelFor function);

} // namespace rune

#endif // RUNE_THREADS_H
