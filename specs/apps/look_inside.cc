// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens inside a model: a hook on every module, then a loop that never allocates.
//
//   look_inside specs/data/digits_mlp.safetensors specs/data/digits-test.safetensors

#include "digits_mlp.h"

#include <algorithm>
#include <array>
#include <iostream>

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: look_inside WEIGHTS.safetensors DATA.safetensors\n";
    return 2;
  }
  try {
    models::DigitsMlp net;
    net.load_state_dict(rune::load_safetensors(argv[1]));
    const rune::StateDict data = rune::load_safetensors(argv[2]);
    const rune::Tensor first = data.at("x")[0].reshape({1, 64});

    std::vector<rune::RemovableHandle> handles;
    for (auto &[name, module] : net.named_children())
      handles.push_back(module.register_forward_hook([](rune::Module &m, rune::Tensors, rune::Tensor &out) {
        std::cout << m.name() << ", " << m << ", gives " << out.shape() << ", the largest "
                  << *std::max_element(out.data<float>(), out.data<float>() + out.numel()) << '\n';
      }));
    net(first);
    for (rune::RemovableHandle &handle : handles)
      handle.remove();

    // One image after another, with memory that is taken once. With no hook left, this is the fused code.
    models::DigitsMlp::Workspace workspace({.batch = 1});
    std::array<float, 10> scores;
    for (std::int64_t row = 0; row < 8; ++row) {
      net.forward(data.at("x")[row].data<float>(), scores.data(), 1, workspace);
      std::cout << (row ? " " : "these are: ") << std::max_element(scores.begin(), scores.end()) - scores.begin();
    }
    std::cout << '\n';
  } catch (const rune::Error &error) {
    std::cerr << "look_inside: " << error.what() << '\n';
    return 1;
  }
}
