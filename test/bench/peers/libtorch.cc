// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same rows by LibTorch.

#include "timing.h"

#include <cstdlib>

#include <torch/torch.h>

namespace nn = torch::nn;

namespace {

nn::Sequential mlp() { return nn::Sequential(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 10)); }

template <typename Optimizer, typename Loss>
void train(const char *row, nn::Sequential net, Optimizer optimizer, Loss loss, torch::Tensor x, torch::Tensor y) {
  report(row, [&] {
    optimizer.zero_grad();
    loss(net->forward(x), y).backward();
    optimizer.step();
  });
}

} // namespace

int main() {
  torch::set_num_threads(std::atoi(std::getenv("OMP_NUM_THREADS")));
  torch::manual_seed(0);
  const torch::Tensor one = torch::ones({1, 1});
  {
    torch::NoGradGuard guard;
    nn::Linear linear(1, 1);
    report("linear_forward", [&] { linear(one); });
    nn::Sequential net = mlp();
    for (const auto &[row, batch] : {std::pair("mlp_forward_1", 1), std::pair("mlp_forward_64", 64)}) {
      const torch::Tensor x = torch::rand({batch, 784});
      report(row, [&] { net->forward(x); });
    }
  }
  nn::Sequential tiny(nn::Linear(1, 1), nn::Linear(1, 1));
  train("tiny_sgd", tiny, torch::optim::SGD(tiny->parameters(), 0.01), nn::MSELoss(), one, torch::zeros({1, 1}));
  const torch::Tensor x = torch::rand({64, 784}), y = torch::arange(64) % 10;
  nn::Sequential a = mlp(), b = mlp();
  train("mlp_sgd_64", a, torch::optim::SGD(a->parameters(), 0.01), nn::CrossEntropyLoss(), x, y);
  train("mlp_adam_64", b, torch::optim::Adam(b->parameters(), 1e-3), nn::CrossEntropyLoss(), x, y);
}
