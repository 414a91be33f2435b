// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The smallest program around a compiled model. Two models, in fact, both from specs/my_linear.yaml:
//
//   runec build specs/my_linear.yaml -o .
//   runec build specs/my_linear.yaml -o . -D bias=false --class=models::MyLinearNoBias --stem=my_linear_no_bias

#include "my_linear.h"
#include "my_linear_no_bias.h"

#include <iostream>

template <typename Model> static void show() {
  Model net;
  net.reset_parameters(0); // as after torch.manual_seed(0) in PyTorch, bit for bit

  std::cout << net << '\n'; // what print(net) shows in PyTorch
  for (const auto &[name, parameter] : net.named_parameters())
    std::cout << name << " = " << parameter.tensor() << ", requires_grad=" << std::boolalpha
              << parameter.requires_grad() << '\n';

  rune::Tensor x = rune::Tensor::full({1, 1}, 2.0);
  rune::Tensor y = net(x);
  std::cout << "net(2.0)    = " << y << '\n';

  // The same by hand. Members are typed: what has no bias has no `net.bias` either.
  float expected = 2.0f * net.weight.template item<float>();
  constexpr bool hasBias = requires { net.bias; };
  if constexpr (hasBias)
    expected += net.bias.template item<float>();
  std::cout << (hasBias ? "2.0 * w + b = " : "2.0 * w     = ") << rune::Tensor::full({1, 1}, expected)
            << (y.item<float>() == expected ? ", equal\n" : ", NOT equal\n");
}

int main() {
  show<models::MyLinear>();
  std::cout << '\n';
  show<models::MyLinearNoBias>();
}
