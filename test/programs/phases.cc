// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %specs/gan.yaml -o %t
// RUN: %asan -I %t %s %t/gan.o -o %t/a && %t/a | FileCheck %s
// Two networks trained in turn, each by its own optimizer: whole steps, pieces, and pieces with hooks, to the same
// bits.

#include "gan.h"

#include <cstdio>

using models::Gan;
using rune::Tensor;

static void train(Gan &net, const Tensor &z, const Tensor &real, bool whole) {
  Gan::Trainer trainer(net);
  for (int i = 0; i < 5; ++i) {
    if (whole) {
      trainer.step(z, real);
      continue;
    }
    for (auto phase : {Gan::Trainer::discriminator, Gan::Trainer::generator}) {
      trainer.zero_grad();
      trainer.loss(z, real, phase);
      trainer.backward(phase);
      trainer.optimizer_step(phase);
    }
  }
  if (!whole)
    return;
  try {
    trainer.loss(z, real, 2);
  } catch (const rune::Error &error) {
    std::puts(error.what());
  }
}

static bool same(const Gan &a, const Gan &b) {
  for (const auto &[name, tensor] : a.state_dict())
    if (!rune::equal(tensor, b.state_dict().at(name)))
      return false;
  return true;
}

int main() {
  Tensor z = Tensor::ones({4, 8}), real = Tensor::ones({4, 2});
  for (float &x : z.span<float>())
    x += 0.25F * static_cast<float>(&x - z.data<float>());
  Gan whole, pieces, hooked, untrained;
  for (Gan *net : {&whole, &pieces, &hooked, &untrained})
    net->reset_parameters(0);
  long calls = 0;
  hooked.get_submodule("d.0").register_full_backward_hook(
      [&](rune::Module &, rune::Tensors &, rune::Tensors &) { ++calls; });
  // CHECK: the specification has no phase 2
  train(whole, z, real, true);
  train(pieces, z, real, false);
  train(hooked, z, real, false);
  // CHECK-NEXT: same 1 1, trained 1, 15 calls
  std::printf("same %d %d, trained %d, %ld calls\n", same(whole, pieces), same(whole, hooked), !same(whole, untrained),
              calls);
}
