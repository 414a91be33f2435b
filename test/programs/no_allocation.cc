// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/shared.yaml -o %t
// RUN: %cxx -I %t %s %t/shared.o %librune -o %t/a && %t/a | FileCheck %s
// RUN: %gxx -O2 -I %t %s %t/shared.o %librune -o %t/g && %t/g | FileCheck %s
// forward into memory of the caller's takes no memory and no lock, however its arguments are given; calls do, so the
// counters count.
//
// CHECK: forward: 0 allocations, 0 locks
// CHECK-NEXT: call: some allocations, some locks

#include "shared.h"

#include <cstdio>
#include <dlfcn.h>
#include <pthread.h>

static long allocations = 0, locks = 0;

// Every way to memory and to a lock in this process, librune's own included.
template <typename F> static F next(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }
extern "C" void *malloc(std::size_t size) {
  static const auto real = next<void *(*)(std::size_t)>("malloc");
  ++allocations;
  return real(size);
}
extern "C" void *aligned_alloc(std::size_t alignment, std::size_t size) {
  static const auto real = next<void *(*)(std::size_t, std::size_t)>("aligned_alloc");
  ++allocations;
  return real(alignment, size);
}
extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept {
  static const auto real = next<int (*)(pthread_mutex_t *)>("pthread_mutex_lock");
  ++locks;
  return real(mutex);
}

int main() {
  models::Shared net;
  net.reset_parameters(0);
  const std::vector<std::int64_t> tokens(12, 3);
  bool keep[12] = {true, false, true, true};
  std::vector<float> logits(12 * 19);
  std::int64_t best[12];
  bool any[2];
  rune::Tensor t = rune::Tensor::from(tokens, {2, 6}), k = rune::Tensor::view(keep, {2, 6}),
               l = rune::Tensor::view(logits.data(), {2, 6, 19}), b = rune::Tensor::view(best, {2, 6}),
               a = rune::Tensor::view(any, {2}), pooled = rune::Tensor::empty({2, 24});
  models::Shared::Workspace ws({.batch = 2, .seq = 6});
  auto hook = net.up.register_forward_hook([](rune::Module &, rune::Tensors, rune::Tensor &) {});
  long memory = allocations, waits = locks;
  for (int i = 0; i < 10; ++i) {
    net.forward(t, k, l, b, a, ws);
    net.forward(t, std::span(keep), logits, std::span(best), std::span(any), ws);
    net.forward(tokens.data(), keep, logits.data(), best, any, {.batch = 2, .seq = 6}, ws);
    net.pooled(t, pooled, ws);
  }
  std::printf("forward: %ld allocations, %ld locks\n", allocations - memory, locks - waits);
  memory = allocations, waits = locks;
  net(t, k);
  std::printf("call: %s allocations, %s locks\n", allocations > memory ? "some" : "no", locks > waits ? "some" : "no");
}
