// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What Runestone's code needs for the rows that keep a processor busy, in nanoseconds.

#include "encoder.h"
#include "gpt.h"
#include "matmul_1024.h"
#include "matmul_2048.h"
#include "matmul_512.h"
#include "timing.h"
#include "wide_adam.h"
#include "wide_bf16.h"

using rune::Tensor;

namespace {

Tensor numbers(std::vector<std::int64_t> shape) {
  Tensor x = Tensor::zeros(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data<float>()[i] = static_cast<float>(i * 7919 % 255) / 255;
  return x;
}

Tensor tokens(std::int64_t step) {
  Tensor x = Tensor::zeros({8, 256}, rune::DType::i64);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data<std::int64_t>()[i] = (i + step) * 7919 % 65;
  return x;
}

template <typename Net> void forward(const char *row, std::int64_t batch, std::int64_t in, std::int64_t out) {
  Net net;
  net.reset_parameters(0);
  typename Net::Workspace workspace({.batch = batch});
  const Tensor x = numbers({batch, in});
  Tensor y = Tensor::zeros({batch, out});
  report(row, [&] { net.forward(x.data<float>(), y.data<float>(), batch, workspace); });
}

template <typename Net> void train(const char *row, const Tensor &x, const Tensor &y) {
  Net net;
  net.reset_parameters(0);
  typename Net::Trainer trainer(net);
  report(row, [&] { trainer.step(x, y); });
}

void encode() {
  models::Encoder net;
  net.reset_parameters(0);
  models::Encoder::Workspace workspace({.b = 1, .n = 128});
  const Tensor x = numbers({1, 128, 768});
  Tensor y = Tensor::zeros({1, 128, 768});
  report("encoder", [&] { net.forward(x.data<float>(), y.data<float>(), {.b = 1, .n = 128}, workspace); });
}

} // namespace

int main() {
  forward<models::Matmul512>("matmul_512", 512, 512, 512);
  forward<models::Matmul1024>("matmul_1024", 1024, 1024, 1024);
  forward<models::Matmul2048>("matmul_2048", 2048, 2048, 2048);
  forward<models::WideAdam>("wide_forward_1", 1, 1024, 1024);
  forward<models::WideAdam>("wide_forward_64", 64, 1024, 1024);
  forward<models::WideBf16>("wide_bf16_1", 1, 1024, 1024);
  forward<models::WideBf16>("wide_bf16_64", 64, 1024, 1024);
  train<models::WideAdam>("wide_adam_64", numbers({64, 1024}), Tensor::zeros({64, 1024}));
  encode();
  train<models::Gpt>("gpt_adamw", tokens(0), tokens(1));
}
