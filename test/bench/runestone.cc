// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What Runestone's code needs for each row, in nanoseconds; `peak` is what this core does at most, in GFLOP/s.

#include "linear.h"
#include "mlp_adam.h"
#include "mlp_sgd.h"
#include "timing.h"
#include "tiny.h"

#include <immintrin.h>

using rune::Tensor;

namespace {

#ifdef __AVX512F__
using Vector = __m512;
Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
Vector splat(float x) { return _mm512_set1_ps(x); }
#else
using Vector = __m256;
Vector multiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
Vector splat(float x) { return _mm256_set1_ps(x); }
#endif

/// Twelve chains of fused multiply-adds in registers: more than a core's units and their latency can hold.
double peak() {
  constexpr long rounds = 4096;
  const Vector a = splat(0.999F), b = splat(0.001F);
  const double time = timeOf([&] {
    Vector s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b;
    for (long i = 0; i < rounds; ++i) {
      s0 = multiplyAdd(s0, a, b), s1 = multiplyAdd(s1, a, b), s2 = multiplyAdd(s2, a, b);
      s3 = multiplyAdd(s3, a, b), s4 = multiplyAdd(s4, a, b), s5 = multiplyAdd(s5, a, b);
      s6 = multiplyAdd(s6, a, b), s7 = multiplyAdd(s7, a, b), s8 = multiplyAdd(s8, a, b);
      s9 = multiplyAdd(s9, a, b), s10 = multiplyAdd(s10, a, b), s11 = multiplyAdd(s11, a, b);
      asm volatile("" : "+v"(s0), "+v"(s1), "+v"(s2), "+v"(s3), "+v"(s4), "+v"(s5));
      asm volatile("" : "+v"(s6), "+v"(s7), "+v"(s8), "+v"(s9), "+v"(s10), "+v"(s11));
    }
  });
  return 2.0 * 12 * rounds * sizeof(Vector) / sizeof(float) / time;
}

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
  std::printf("peak %.4f\n", peak());
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
