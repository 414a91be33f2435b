// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx %s %librune -o %t && %t %golden/tensor_print.safetensors > %t.txt && diff %golden/tensor_print.txt %t.txt
// The text of a tensor is PyTorch's (test/golden/make_tensor_print.py).

#include <rune/safetensors.h>

#include <algorithm>
#include <clocale>
#include <iostream>

int main(int, char **argv) {
  std::setlocale(LC_ALL, ""); // changes nothing
  rune::StateDict tensors = rune::load_safetensors(argv[1]);
  std::vector<std::string> names;
  for (const auto &[name, tensor] : tensors)
    names.push_back(name);
  std::ranges::sort(names);
  for (const std::string &name : names) {
    const rune::Tensor &tensor = tensors.at(name);
    std::cout << name << ' ' << tensor << '\n';
    if (tensor.dtype() == rune::DType::f32 || tensor.dtype() == rune::DType::f64)
      std::cout << "Parameter containing:\n" << rune::detail::tensor_text(tensor, true) << '\n';
  }
}
