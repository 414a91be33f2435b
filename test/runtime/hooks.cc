// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -fsanitize=address,undefined -I %S/Inputs %s %S/Inputs/sample_mlp.cc %librune -o %t && %t | FileCheck %s
// Hooks run in PyTorch's order, replace inputs and outputs, and go when they are removed.

#include "sample_mlp.h"

#include <iostream>

using rune::Module;
using rune::Tensor;
using rune::Tensors;

template <typename F> static void attempt(F &&f) {
  try {
    f();
    std::cout << "no error\n";
  } catch (const std::exception &error) {
    std::cout << error.what() << '\n';
  }
}

static void order(models::SampleMlp &net, const Tensor &x) {
  const auto say = [](const char *what) {
    return [what](Module &m, Tensors &) { std::cout << what << " '" << m.name() << "'\n"; };
  };
  const auto tell = [](const char *what) {
    return [what](Module &m, Tensors in, Tensor &out) {
      std::cout << what << " '" << m.name() << "' " << in[0].shape() << " -> " << out.shape() << '\n';
    };
  };
  std::vector<rune::RemovableHandle> handles = {
      net.fc1.register_forward_pre_hook(say("pre 1")),
      net.get_submodule("fc1").register_forward_pre_hook(say("pre 2")),
      net.fc1.register_forward_pre_hook(say("pre 0"), true),
      net.register_forward_pre_hook(say("model pre")),
      net.register_forward_hook(tell("model post")),
      net.fc1.register_forward_hook(tell("post 1")),
      net.fc1.register_forward_hook(tell("post 0"), true),
      rune::register_module_forward_pre_hook(say("global pre")),
      rune::register_module_forward_hook(tell("global post")),
  };
  // CHECK: global pre ''
  // CHECK-NEXT: model pre ''
  // CHECK-NEXT: global pre 'fc1'
  // CHECK-NEXT: pre 0 'fc1'
  // CHECK-NEXT: pre 1 'fc1'
  // CHECK-NEXT: pre 2 'fc1'
  // CHECK-NEXT: global post 'fc1' [2, 6] -> [2, 5]
  // CHECK-NEXT: post 0 'fc1' [2, 6] -> [2, 5]
  // CHECK-NEXT: post 1 'fc1' [2, 6] -> [2, 5]
  // CHECK-NEXT: global pre 'act'
  // CHECK-NEXT: global post 'act' [2, 5] -> [2, 5]
  // CHECK-NEXT: global pre 'fc2'
  // CHECK-NEXT: global post 'fc2' [2, 5] -> [2, 3]
  // CHECK-NEXT: global post '' [2, 6] -> [2, 3]
  // CHECK-NEXT: model post '' [2, 6] -> [2, 3]
  // CHECK-NEXT: forward runs none
  const Tensor y = net(x);
  std::cout << "forward runs none\n";
  net.forward(x);
  for (rune::RemovableHandle &handle : handles)
    handle.remove();
  handles[0].remove();
  // CHECK-NEXT: removed 1
  std::cout << "removed " << rune::equal(net(x), y) << '\n';
}

static void replacing(models::SampleMlp &net, const Tensor &x) {
  const Tensor plain = net(x);
  Tensors kept;
  auto keep = net.act.register_forward_hook([&](Module &, Tensors in, Tensor &out) { kept = {in[0], out}; });
  net(x);
  keep.remove();
  // What a hook keeps is its own: it stays what it was after the next call.
  // CHECK-NEXT: kept 1 1
  const Tensor before = kept[1].clone();
  net(Tensor::zeros({2, 6}));
  std::cout << "kept " << rune::equal(kept[1], before) << ' ' << (kept[0].shape() == rune::Shape{2, 5}) << '\n';

  auto zero = net.act.register_forward_hook([](Module &, Tensors, Tensor &out) { out = Tensor::zeros(out.shape()); });
  // CHECK-NEXT: replaced 1
  const Tensor bias = Tensor::empty({2, 3}).copy_(net.fc2.bias.tensor());
  std::cout << "replaced " << rune::equal(net(x), bias) << '\n';
  zero.remove();
  auto in_place = net.fc2.register_forward_pre_hook([](Module &, Tensors &in) { in[0].zero_(); });
  // CHECK-NEXT: in place 1
  std::cout << "in place " << rune::equal(net(x), bias) << '\n';
  in_place.remove();
  auto returned =
      net.fc2.register_forward_hook([](Module &, const Tensors &, Tensor &out) { return out.clone().fill_(7); });
  // CHECK-NEXT: returned 1
  std::cout << "returned " << rune::equal(net(x), Tensor::full({2, 3}, 7)) << '\n';
  returned.remove();
  // The model's own pre-hook may change even the batch; the caller's tensor stays as it was.
  auto wider = net.register_forward_pre_hook([](Module &, Tensors &in) { in[0] = Tensor::zeros({5, 6}); });
  // CHECK-NEXT: [5, 3] [2, 6] 1
  std::cout << net(x).shape() << ' ' << x.shape();
  wider.remove();
  std::cout << ' ' << rune::equal(net(x), plain) << '\n';
}

static void failing(models::SampleMlp &net, const Tensor &x) {
  auto wrong = net.fc1.register_forward_hook([](Module &, Tensors, Tensor &out) { out = Tensor::zeros({2, 4}); });
  // CHECK-NEXT: a hook of 'fc1' put a tensor of shape [2, 4] and dtype f32 among its outputs, expected [2, 5] and f32
  attempt([&] { net(x); });
  wrong.remove();
  auto thrown = net.act.register_forward_pre_hook([](Module &, Tensors &) { throw std::logic_error("from a hook"); });
  // CHECK-NEXT: from a hook
  attempt([&] { net(x); });
  thrown.remove();
  auto fewer = net.fc2.register_forward_pre_hook([](Module &, Tensors &in) { in.clear(); });
  // CHECK-NEXT: a hook of 'fc2' left 0 inputs, expected 1
  attempt([&] { net(x); });
  fewer.remove();
  // A hook may remove itself.
  int calls = 0;
  rune::RemovableHandle self;
  self = net.fc1.register_forward_pre_hook([&](Module &, Tensors &) { ++calls, self.remove(); });
  net(x);
  net(x);
  // CHECK-NEXT: calls 1
  std::cout << "calls " << calls << '\n';
}

int main() {
  rune::RemovableHandle late;
  {
    models::SampleMlp net;
    net.reset_parameters(1);
    Tensor x = Tensor::ones({2, 6});
    order(net, x);
    replacing(net, x);
    failing(net, x);
    late = net.register_forward_hook([](Module &, Tensors, Tensor &) {});
  }
  late.remove(); // the model is gone
  // CHECK-NEXT: done
  std::cout << "done\n";
}
