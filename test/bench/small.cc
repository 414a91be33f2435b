// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What Runestone's code needs for the rows in which a call itself counts, in nanoseconds.

#include "linear.h"
#include "mlp_adam.h"
#include "mlp_sgd.h"
#include "timing.h"
#include "tiny.h"

using rune::Tensor;

namespace {

Tensor pixels(std::int64_t batch) {
  Tensor x = Tensor::zeros({batch, 784});
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data<float>()[i] = static_cast<float>(i * 7919 % 255) / 255;
  return x;
}

Tensor labels(std::int64_t batch) {
  Tensor y = Tensor::zeros({batch}, rune::DType::i64);
  for (std::int64_t i = 0; i < batch; ++i)
    y.data<std::int64_t>()[i] = i % 10;
  return y;
}

void forward(const char *row, std::int64_t batch) {
  models::MlpSgd net;
  net.reset_parameters(0);
  models::MlpSgd::Workspace workspace({.batch = batch});
  const Tensor x = pixels(batch);
  Tensor y = Tensor::zeros({batch, 10});
  const float *in = x.data<float>();
  float *out = y.data<float>();
  report(row, [&] { net.forward(in, out, batch, workspace); });
}

template <typename Net> void train(const char *row) {
  Net net;
  net.reset_parameters(0);
  typename Net::Trainer trainer(net);
  const Tensor x = pixels(64), y = labels(64);
  report(row, [&] { trainer.step(x, y); });
}

} // namespace

int main() {
  models::Linear linear;
  linear.reset_parameters(0);
  models::Linear::Workspace workspace({.batch = 1});
  float in = 2, out = 0;
  report("linear_forward", [&] { linear.forward(&in, &out, 1, workspace); });
  forward("mlp_forward_1", 1);
  forward("mlp_forward_64", 64);

  models::Tiny tiny;
  tiny.reset_parameters(0);
  models::Tiny::Trainer trainer(tiny);
  const Tensor x = Tensor::ones({1, 1}), y = Tensor::zeros({1, 1});
  report("tiny_sgd", [&] { trainer.step(x, y); });
  train<models::MlpSgd>("mlp_sgd_64");
  train<models::MlpAdam>("mlp_adam_64");
}
