// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -O1 -fsanitize=thread -I %S/Inputs -I %root/runtime/src %s %S/Inputs/sample_mlp.cc \
// RUN:   %S/Inputs/instrumented.cc %librune -o %t
// RUN: env TSAN_OPTIONS=halt_on_error=1 %t | FileCheck %s
// One const model, eight threads, every kind of call.
//
// CHECK: 8 threads agree: 1

#include "sample_mlp.h"

#include <atomic>
#include <iostream>
#include <thread>

int main() {
  models::SampleMlp owner;
  owner.reset_parameters(0);
  std::atomic<int> hooked = 0;
  owner.act.register_forward_hook([&](rune::Module &, rune::Tensors, rune::Tensor &) { ++hooked; });
  const models::SampleMlp &net = owner;
  const rune::Tensor x = rune::Tensor::ones({16, 6});
  const rune::Tensor expected = net.forward(x);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      models::SampleMlp::Workspace ws(16);
      rune::Tensor y = rune::Tensor::empty({16, 3});
      int same = 0;
      for (int i = 0; i < 50; ++i) {
        net.forward(x, y, ws);
        same += rune::equal(y, expected);
        y.zero_();
        net.forward(x.data<float>(), y.data<float>(), 16, ws);
        same += rune::equal(y, expected) + rune::equal(net(x), expected);
        same += rune::equal(net.fc1.weight.tensor(), net.get_parameter("fc1.weight").tensor());
        same += net.state_dict().size() == 4;
      }
      good += same == 250;
    });
  for (std::thread &thread : threads)
    thread.join();
  std::cout << "8 threads agree: " << (good == 8 && hooked == 400) << '\n';
}
