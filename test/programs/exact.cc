// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/folded.yaml --simplify=exact -o %t 2> /dev/null
// RUN: %gxx -I %t %s %t/folded.o %librune -o %t/g && %t/g | FileCheck %s --check-prefix=EXACT
// EXACT: same bits 1, close 1
// RUN: rm -rf %t && runec build %S/Inputs/folded.yaml -o %t 2> /dev/null
// RUN: %gxx -I %t %s %t/folded.o %librune -o %t/g && %t/g | FileCheck %s --check-prefix=FULL
// FULL: same bits 0, close 1
// Hooks run in code without the rules that change rounding; the fused code has the same bits without them.

#include "folded.h"

#include <cmath>
#include <cstdio>

int main() {
  models::Net net;
  net.reset_parameters(3);
  auto ramp = [](rune::Shape shape, float first, float step) {
    rune::Tensor tensor = rune::Tensor::zeros(shape);
    for (std::int64_t i = 0; i < tensor.numel(); ++i)
      tensor.data<float>()[i] = first + step * static_cast<float>(i % 11);
    return tensor;
  };
  net.norm.running_mean.copy_(ramp({19}, -0.7F, 0.13F));
  net.norm.running_var.copy_(ramp({19}, 0.3F, 0.21F));
  net.norm.weight.copy_(ramp({19}, 0.9F, 0.07F));
  const rune::Tensor x = ramp({5, 7}, -1.1F, 0.37F);
  net.eval();
  const rune::Tensor fused = net.forward(x);
  net.norm.register_forward_hook([](rune::Module &, rune::Tensors &, rune::Tensors &) {});
  const rune::Tensor hooked = net(x);
  bool close = true;
  for (std::int64_t i = 0; i < fused.numel(); ++i)
    close &= std::fabs(fused.data<float>()[i] - hooked.data<float>()[i]) < 1e-6F;
  std::printf("same bits %d, close %d\n", rune::equal(fused, hooked), close);
}
