// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Three builds of one spec in one program: two of one stem in two folders, and one whose class has another's name.
#include "a/mlp.h"
#include "b/mlp.h"
#include "mlp.h"

#include <iostream>

rune::Shape widths();
extern "C" int from_c(void);

int main() {
  a::Mlp a;
  b::Mlp b;
  models::Mlp plain;
  a.reset_parameters(0), b.reset_parameters(0), plain.reset_parameters(0);
  const rune::Tensor x = rune::Tensor::ones({3, 5});
  std::cout << a.fc1.bias.numel() << ' ' << b.fc1.bias.numel() << ' ' << plain.fc1.bias.numel() << ' '
            << rune::equal(a(x), plain(x)) << ' ' << rune::equal(b(x), plain(x)) << ' ' << widths() << '\n';
  return from_c();
}
