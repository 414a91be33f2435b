// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/shared.yaml -o %t
// RUN: %tsan -I %t %s %t/shared.o -o %t/tsan && %t/tsan | FileCheck %s
// RUN: %gxx -O2 -I %t %s %t/shared.o %librune -pthread -o %t/g && %t/g | FileCheck %s
// Eight threads on one const model: forward with a workspace each, and calls, with and without a hook, give the bits
// that one thread gives.
//
// CHECK: forward 0, calls 0, hooked calls 0, hooks 640, functions 0

#include "shared.h"

#include <atomic>
#include <cstring>
#include <iostream>
#include <thread>

using models::Shared;
using rune::Tensor;

constexpr int Threads = 8, Rounds = 10;

struct Case {
  Tensor tokens, keep, logits, best, any;
};

static std::vector<Case> makeCases(const Shared &net) {
  std::vector<Case> cases;
  for (std::int64_t i = 0; i < Threads; ++i) {
    const std::int64_t batch = 1 + i % 3, seq = 1 + 5 * i;
    Tensor tokens = Tensor::zeros({batch, seq}, rune::DType::i64),
           keep = Tensor::ones({batch, seq}, rune::DType::boolean);
    for (std::int64_t k = 0; k < batch * seq; ++k) {
      tokens.data<std::int64_t>()[k] = (k * 7 + i) % 19;
      keep.data<bool>()[k] = k % 5 != i % 5;
    }
    auto [logits, best, any] = net.forward(tokens, keep);
    cases.push_back({tokens, keep, logits, best, any});
  }
  return cases;
}

static bool same(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && !std::memcmp(a.raw_data(), b.raw_data(), static_cast<std::size_t>(a.nbytes()));
}

/// How many of all rounds differ from what one thread computed.
template <typename F> static int run(const std::vector<Case> &cases, F &&body) {
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < Threads; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < Rounds; ++round)
        if (!body(cases[static_cast<std::size_t>((t + round) % Threads)]))
          ++wrong;
    });
  for (std::thread &thread : threads)
    thread.join();
  return wrong;
}

int main() {
  Shared built;
  built.reset_parameters(0);
  const Shared &net = built;
  const std::vector<Case> cases = makeCases(net);
  const auto call = [&](const Case &c) {
    const auto [logits, best, any] = net(c.tokens, c.keep);
    return same(logits, c.logits) && same(best, c.best) && same(any, c.any);
  };
  std::cout << "forward " << run(cases, [&](const Case &c) {
    thread_local Shared::Workspace ws({.batch = 3, .seq = 36});
    Tensor logits = Tensor::empty(c.logits.shape()), best = Tensor::empty(c.best.shape(), rune::DType::i64),
           any = Tensor::empty(c.any.shape(), rune::DType::boolean);
    net.forward(c.tokens, c.keep, logits, best, any, ws);
    bool fine = same(logits, c.logits) && same(best, c.best) && same(any, c.any);
    logits.fill_(0);
    net.forward(c.tokens.data<std::int64_t>(), c.keep.data<bool>(), logits.data<float>(), best.data<std::int64_t>(),
                any.data<bool>(), {.batch = c.tokens.size(0), .seq = c.tokens.size(1)}, ws);
    return fine && same(logits, c.logits);
  });
  std::cout << ", calls " << run(cases, call);
  std::atomic<int> hooks = 0;
  auto up = built.up.register_forward_hook([&](rune::Module &, rune::Tensors, Tensor &) { ++hooks; });
  // A hook comes and goes while the others call.
  std::cout << ", hooked calls " << run(cases, [&](const Case &c) {
    auto passing = built.down.register_forward_pre_hook([](rune::Module &, rune::Tensors &) {});
    const bool fine = call(c);
    passing.remove();
    return fine && call(c) && call(c) && call(c) && call(c) && call(c) && call(c) && call(c);
  });
  up.remove();
  std::cout << ", hooks " << hooks << ", functions "
            << run(cases, [&](const Case &c) { return same(net.pooled(c.tokens), net.pooled(c.tokens)); }) << '\n';
}
