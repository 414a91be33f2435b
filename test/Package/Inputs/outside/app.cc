// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "doubled.h"
#include "portable.h"
#include "scaled_pair.h"

#include <iostream>

int main() {
  models::Pair scaled;
  outside::Doubled doubled;
  scaled.reset_parameters(0);
  doubled.reset_parameters(0);
  std::cout << scaled << '\n' << doubled << '\n';
  std::cout << scaled(rune::Tensor::ones({1, 3})).dtype() << ' '
            << doubled(rune::Tensor::ones({1, 3}, rune::DType::f64)).dtype() << '\n';
  const float plain = scaled.forward(rune::Tensor::zeros({1, 3})).item<float>();
  outside::Portable portable;
  portable.reset_parameters(0);
  std::cout << "portable: " << portable.forward(rune::Tensor::zeros({1, 3})).item<float>() / plain << '\n';
  std::cout << "at zero: " << plain / scaled.fc.bias.item<float>() << '\n';
}
