# Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What timing.h does."""

import time


def report(row, call):
    """Nanoseconds of one call: the least of some measurements of 20 ms or more each."""

    def measure(count):
        start = time.perf_counter_ns()
        for _ in range(count):
            call()
        return time.perf_counter_ns() - start

    measure(1)  # what only the first call does: compiling, above all
    measure(1)
    count = 1
    while measure(count) < 20e6:
        count *= 2
    times = []
    while len(times) < 9 and (len(times) < 3 or sum(times) < 1.5e9):
        times.append(measure(count))
    print(row, min(times) / count, flush=True)
