// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/names.yaml -o %t
// RUN: %asan -I %t %s %t/names.o -o %t/a && %t/a | FileCheck %s
// RUN: %gxx -Wpedantic -I %t %s %t/names.o %librune -o %t/g && %t/g | FileCheck %s
// Typed members by the spec's own names; names that C++ or the class itself has get an underscore.

#include "names.h"

#include <iostream>

int main() {
  models::Names net;
  net.reset_parameters(0);
  const rune::Tensor x = rune::Tensor::ones({2, 8}), y = net(x);

  // CHECK: namespace.weight operator.bias data.weight Names.bias Workspace weight state
  std::cout << net.namespace_.weight.name() << ' ' << net.operator_.bias.name() << ' ' << net.data.weight.name() << ' '
            << net.Names_.bias.name() << ' ' << net.Workspace_.name() << ' ' << net.weight.name() << ' '
            << net.state_2.name() << '\n';
  // CHECK-NEXT: h.3.template h.3.size h.3.mlp.down.weight two.1.norm.bias seq.1.mlp.up.bias seq.2
  std::cout << net.h[3].template_.name() << ' ' << net.h[3].size_.name() << ' ' << net.h[3].mlp.down.weight.name()
            << ' ' << net.two._1.norm.bias.name() << ' ' << net.seq._1.mlp.up.bias.name() << ' ' << net.seq._2.name()
            << '\n';
  // CHECK-NEXT: h.0 h.1 h.2 h.3 4
  for (auto &block : net.h)
    std::cout << block.name() << ' ';
  std::cout << net.h.size() << '\n';
  // CHECK-NEXT: two.1 seq.2 h.1.mlp.1 h.1.mlp.act 3 seq.0.weight index 3 is out of range
  std::cout << net.two[1].name() << ' ' << net.seq[-1].name() << ' ' << "h.1.mlp.1 " << net.h[1].mlp[1].name() << ' '
            << net.seq.size() << ' ' << net.seq[0].get_parameter("weight").name() << ' ';
  try {
    net.seq[3];
  } catch (const rune::Error &error) {
    std::cout << error.what() << '\n';
  }

  // Each handle is the parameter that its name says.
  bool same = net.named_parameters().size() == net.parameters().size();
  for (auto &[name, p] : net.named_parameters())
    same &= p.is(net.get_parameter(name)) && p.name() == name;
  same &= net.h[2].mlp.up.weight.is(net.get_parameter("h.2.mlp.up.weight"));
  same &= !net.h[2].mlp.up.weight.is(net.h[1].mlp.up.weight);
  // CHECK-NEXT: 1
  std::cout << same << '\n';

  // Writing through a handle changes what the model computes, and comes back.
  const rune::Tensor before = net.h[2].mlp.up.weight.tensor();
  net.h[2].mlp.up.weight.fill_(0);
  const rune::Tensor changed = net(x);
  net.get_parameter("h.2.mlp.up.weight").copy_(before);
  // CHECK-NEXT: 0 1
  std::cout << rune::equal(changed, y) << ' ' << rune::equal(net(x), y) << '\n';

  // Handles live on with the model's state, wherever the model moves, and after it.
  rune::Parameter bias = net.seq._0.bias;
  {
    models::Names moved = std::move(net);
    bias.fill_(2);
    net = models::Names(); // a moved-from model may be assigned to
    moved.seq._0.weight.fill_(0);
    // CHECK-NEXT: 1 1 0
    std::cout << rune::equal(moved.seq._0.bias.tensor(), rune::Tensor::full({8}, 2)) << ' '
              << bias.is(moved.seq._0.bias) << ' ' << bias.is(net.seq._0.bias) << '\n';
    std::swap(net, moved);
    // CHECK-NEXT: 1 0
    std::cout << bias.is(net.seq._0.bias) << ' ' << bias.is(moved.seq._0.bias) << '\n';
  }
  // CHECK-NEXT: seq.0.bias [8] 8 f32 2
  std::cout << bias.name() << ' ' << bias.shape() << ' ' << bias.numel() << ' ' << bias.dtype() << ' '
            << bias.tensor()[7].item<float>() << '\n';

  // Modes and requires_grad_ reach what is below, and only that.
  net.h.eval();
  net.h[1].mlp.train().requires_grad_(false);
  std::string modes, frozen;
  for (auto &[name, m] : net.named_modules())
    if (!m.training())
      modes += name + " ";
  for (auto &[name, p] : net.named_parameters())
    if (!p.requires_grad())
      frozen += name + " ";
  // CHECK-NEXT: h h.0 h.0.norm h.0.mlp h.0.mlp.up h.0.mlp.act h.0.mlp.down h.1 h.1.norm h.2
  // CHECK-NEXT: h.1.mlp.up.weight h.1.mlp.up.bias h.1.mlp.down.weight h.1.mlp.down.bias
  std::cout << modes << '\n' << frozen << '\n';
  // CHECK-NEXT: Block(
  // CHECK-NEXT:   (norm): LayerNorm((8,), eps=1e-05, elementwise_affine=True, bias=True)
  // CHECK-NEXT:   (mlp): Sequential(
  // CHECK-NEXT:     (up): Linear(in_features=8, out_features=16, bias=True)
  std::cout << net.h[0] << '\n';
  static_assert(!std::is_copy_constructible_v<models::Names> && !std::is_copy_assignable_v<models::Names>);
  static_assert(std::is_nothrow_move_constructible_v<models::Names>);
}
