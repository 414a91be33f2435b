// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/../Driver/train/Inputs/everything.yaml -o %t
// RUN: %tsan -I %t %s %t/everything.o -o %t/a && %t/a | FileCheck %s
// Models of one table train on different threads at once, with dropout, running statistics and averages; the bits are
// those of one thread alone.

#include "everything.h"

#include <cstdio>
#include <thread>
#include <vector>

static rune::StateDict train(std::uint64_t seed) {
  models::Sequential net;
  net.reset_parameters(seed);
  models::Sequential::Trainer trainer(net);
  trainer.manual_seed(seed);
  rune::Tensor x = rune::Tensor::zeros({8, 64});
  std::vector<std::int64_t> labels(8);
  for (int step = 0; step < 20; ++step) {
    for (std::int64_t i = 0; i < x.numel(); ++i)
      x.data<float>()[i] = static_cast<float>((i * 7 + step) % 13) / 13;
    for (int i = 0; i < 8; ++i)
      labels[static_cast<std::size_t>(i)] = (i + step) % 10;
    trainer.step(x, labels);
  }
  return trainer.state_dict();
}

static bool same(const rune::StateDict &a, const rune::StateDict &b) {
  for (const auto &[name, tensor] : a)
    if (!rune::equal(tensor, b.at(name)))
      return false;
  return true;
}

int main() {
  rune::StateDict states[4];
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] { states[i] = train(static_cast<std::uint64_t>(i % 2)); });
  for (std::thread &thread : threads)
    thread.join();
  // CHECK: 1 1 0 1
  std::printf("%d %d %d %d\n", same(states[0], states[2]), same(states[1], states[3]), same(states[0], states[1]),
              same(states[0], train(0)));
}
