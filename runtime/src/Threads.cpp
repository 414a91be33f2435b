// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/threads.h"

#include "rune/table.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>

// OpenMP's runtime as libgomp has it, and LLVM's libomp too: what a compiler makes of `#pragma omp parallel`. Said by
// hand, the library builds with any compiler.
extern "C" {
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_max_threads();
int omp_get_num_threads();
int omp_get_thread_num();
int omp_in_parallel();
}

namespace {

std::atomic<int> wantedThreads{0};
std::atomic<rune::ParallelFor> ownParallelFor{nullptr};
std::atomic<int> busy{0}; // a word: not every processor exchanges bytes

struct Work {
  void (*body)(void *data, int64_t begin, int64_t end);
  void *data;
  int64_t count;
};

/// One contiguous range for each thread, as even as can be.
void runRange(void *opaque) {
  const Work &work = *static_cast<const Work *>(opaque);
  const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
  const int64_t each = work.count / threads, more = work.count % threads;
  const int64_t begin = thread * each + std::min(thread, more);
  const int64_t end = begin + each + (thread < more ? 1 : 0);
  if (begin < end)
    work.body(work.data, begin, end);
}

} // namespace

int rune::get_num_threads() {
  const int wanted = wantedThreads.load(std::memory_order_relaxed);
  return wanted > 0 ? wanted : omp_get_max_threads();
}

void rune::set_num_threads(int count) {
  if (count < 1)
    throw std::invalid_argument("set_num_threads expects a positive integer, got " + std::to_string(count));
  wantedThreads = count;
}

void rune::set_parallel_for(ParallelFor function) { ownParallelFor = function; }

void rune_parallel_for(void (*body)(void *data, int64_t begin, int64_t end), void *data, int64_t count) {
  if (rune::ParallelFor own = ownParallelFor.load(std::memory_order_relaxed))
    return own(body, data, count);
  const auto threads = static_cast<unsigned>(std::min<int64_t>(rune::get_num_threads(), count));
  // A caller that is parallel itself keeps its processors busy already, by OpenMP or by threads of its own: of several
  // calls at a time, one gets helpers.
  if (threads < 2 || omp_in_parallel() || busy.exchange(1, std::memory_order_acquire))
    return body(data, 0, count);
  Work work{body, data, count};
  GOMP_parallel(runRange, &work, threads, 0);
  busy.store(0, std::memory_order_release);
}
