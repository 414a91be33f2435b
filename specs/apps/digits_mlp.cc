// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classifies hand-written digits with weights that were trained in PyTorch:
//
//   digits_mlp specs/data/digits_mlp.safetensors specs/data/digits-test.safetensors

#include "digits_mlp.h"

#include <algorithm>
#include <iostream>

int main(int argc, char **argv) {
  if (argc != 3) {
    std::cerr << "usage: digits_mlp WEIGHTS.safetensors DATA.safetensors\n";
    return 2;
  }
  try {
    models::DigitsMlp net;
    net.load_state_dict(rune::load_safetensors(argv[1]));
    std::cout << net << '\n';

    const rune::StateDict data = rune::load_safetensors(argv[2]);
    const rune::Tensor &images = data.at("x"); // [rows, 64]
    const auto *labels = data.at("label").data<std::int64_t>();
    const rune::Tensor logits = net(images); // [rows, 10]

    const std::int64_t rows = images.size(0), classes = logits.size(1);
    std::int64_t right = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const float *scores = logits.data<float>() + row * classes;
      right += std::max_element(scores, scores + classes) - scores == labels[row];
    }
    std::cout << right << " of " << rows
              << " digits right, accuracy: " << static_cast<double>(right) / static_cast<double>(rows) << '\n';
  } catch (const rune::Error &error) {
    std::cerr << "digits_mlp: " << error.what() << '\n';
    return 1;
  }
}
