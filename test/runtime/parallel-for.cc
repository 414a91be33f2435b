// RUN: %cxx %s %librune -o %t && %t

// Ranges make up the whole whatever the number of threads, inside of another parallel region too; a hook takes over.

#include "rune/rune.h"

#include <cassert>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

struct Counts {
  std::vector<int> seen;
  int calls = 0;
};

void count(void *data, std::int64_t begin, std::int64_t end) {
  auto &counts = *static_cast<Counts *>(data);
  __atomic_add_fetch(&counts.calls, 1, __ATOMIC_RELAXED);
  for (std::int64_t i = begin; i < end; ++i)
    ++counts.seen[i];
}

int callsFor(std::int64_t units) {
  Counts counts{std::vector<int>(units), 0};
  rune_parallel_for(count, &counts, units);
  for (int seen : counts.seen)
    if (seen != 1)
      std::abort();
  return counts.calls;
}

void expect(bool good) {
  if (!good)
    std::abort();
}

int hooked = 0;
void inTwo(void (*body)(void *, std::int64_t, std::int64_t), void *data, std::int64_t units) {
  ++hooked;
  body(data, 0, units / 2);
  body(data, units / 2, units);
}

void nested(void *data, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i)
    static_cast<int *>(data)[i] = callsFor(5);
}

} // namespace

int main() {
  for (int threads : {1, 2, 3, 7}) {
    rune::set_num_threads(threads);
    expect(rune::get_num_threads() == threads);
    for (int units : {1, 2, 3, 7, 8, 100})
      expect(callsFor(units) == std::min(threads, units));
  }
  int inside[7] = {};
  rune_parallel_for(nested, inside, 7);
  for (int calls : inside)
    expect(calls == 1);

  // Two threads of the application: at most one of them gets helpers, and both are right.
  std::thread other([] { callsFor(1000); });
  callsFor(1000);
  other.join();

  rune::set_parallel_for(inTwo);
  expect(callsFor(9) == 2 && hooked == 1);
  rune::set_parallel_for(nullptr);
  expect(callsFor(9) == 7 && hooked == 1);

  try {
    rune::set_num_threads(0);
    return 1;
  } catch (const std::invalid_argument &error) {
    expect(std::string(error.what()) == "set_num_threads expects a positive integer, got 0");
  }
}
