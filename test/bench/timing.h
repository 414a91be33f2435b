// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nanoseconds of one call: the least of some measurements of 20 ms or more each, for a second and a half at most.

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
  nanoseconds(1); // what only the first call does
  long count = 1;
  while (nanoseconds(count) < 20e6)
    count *= 2;
  double least = 1e30, all = 0;
  for (int i = 0; i < 9 && (i < 3 || all < 1.5e9); ++i) {
    const double time = nanoseconds(count);
    least = std::min(least, time / static_cast<double>(count));
    all += time;
  }
  return least;
}

template <typename F> void report(const char *row, F &&call) { std::printf("%s %.4f\n", row, timeOf(call)); }

#endif // RUNE_BENCH_TIMING_H
