// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nanoseconds of one call: the least of seven measurements of 20 ms or more each.

#ifndef RUNE_BENCH_TIMING_H
#define RUNE_BENCH_TIMING_H

#include <algorithm>
#include <chrono>
#include <cstdio>

template <typename F> double timeOf(F &&call) {
  using Clock = std::chrono::steady_clock;
  const auto nanoseconds = [&](long count) {
    const auto start = Clock::now();
    for (long i = 0; i < count; ++i)
      call();
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  };
  long count = 1;
  while (nanoseconds(count) < 20e6)
    count *= 2;
  double least = 1e30;
  for (int i = 0; i < 7; ++i)
    least = std::min(least, nanoseconds(count) / static_cast<double>(count));
  return least;
}

template <typename F> void report(const char *row, F &&call) { std::printf("%s %.4f\n", row, timeOf(call)); }

#endif // RUNE_BENCH_TIMING_H
