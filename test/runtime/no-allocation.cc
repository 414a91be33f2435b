// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -I %S/Inputs %s %S/Inputs/sample_mlp.cc %librune -o %t && %t | FileCheck %s
// RUN: %gxx -I %S/Inputs %s %S/Inputs/sample_mlp.cc %librune -o %t.g && %t.g | FileCheck %s
// forward allocates nothing, whichever way its arguments are given; net(x) does, so the counter counts.
//
// CHECK: forward: 0
// CHECK-NEXT: call: more than 0

#include "sample_mlp.h"

#include <cstdio>
#include <dlfcn.h>
#include <span>

static long allocations = 0;

// Every way to memory in this process, librune's own included.
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

int main() {
  models::SampleMlp net;
  net.reset_parameters(0);
  rune::Tensor x = rune::Tensor::ones({8, 6}), y = rune::Tensor::empty({8, 3});
  const std::vector<float> in(48, 1);
  std::vector<float> out(24);
  models::SampleMlp::Workspace ws({.batch = 8});
  long before = allocations;
  for (int i = 0; i < 100; ++i) {
    net.forward(x, y, ws);
    net.forward(in.data(), out.data(), 8, ws);
  }
  std::printf("forward: %ld\n", allocations - before);
  before = allocations;
  net(x);
  std::printf("call: %s\n", allocations > before ? "more than 0" : "0");
}
