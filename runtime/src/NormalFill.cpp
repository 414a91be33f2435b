// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "NormalFill.h"

#include <bit>
#include <cmath>
#include <initializer_list>
#include <numbers>

// The same code for processors with a fused multiply-add and for those where it is a library call: equal bits, but
// fifteen times slower.
#define RUNE_INLINE inline __attribute__((always_inline))

namespace rune::detail {
namespace {

// Cephes' single-precision polynomials, each a * b + c fused, as PyTorch's vectorised normal_ evaluates them.
RUNE_INLINE float cephesLog(float x) {
  constexpr float coefficients[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                                    -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                                    2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const auto bits = std::bit_cast<std::uint32_t>(x);
  float exponent = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127) + 1.0f;
  x = std::bit_cast<float>((bits & 0x807fffffu) | 0x3f000000u);
  float extra = 0;
  if (x < 0.707106781186547524f) {
    exponent -= 1.0f;
    extra = x;
  }
  x = (x - 1.0f) + extra;
  const float z = x * x;
  float y = coefficients[0];
  for (int i = 1; i < 9; ++i)
    y = std::fma(y, x, coefficients[i]);
  y = std::fma(y * x, z, exponent * -2.12194440e-4f);
  y = y - z * 0.5f;
  return (x + y) + exponent * 0.693359375f;
}

struct SinCos {
  float sin, cos;
};

/// For x >= 0.
RUNE_INLINE SinCos cephesSinCos(float x) {
  const std::int32_t j = (static_cast<std::int32_t>(x * 1.27323954473516f) + 1) & ~1;
  const auto y = static_cast<float>(j);
  for (float part : {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f})
    x = std::fma(y, part, x);
  const float z = x * x;
  float c = std::fma(std::fma(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f);
  c = std::fma(c * z, z, -(z * 0.5f)) + 1.0f;
  float s = std::fma(std::fma(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z;
  s = std::fma(s, x, x);
  const bool swap = j & 2;
  const float sin = swap ? c : s, cos = swap ? s : c;
  return {(j & 4) ? -sin : sin, ((j - 2) & 4) ? cos : -cos};
}

RUNE_INLINE void block(float *d, float mean, float std) {
  for (int j = 0; j < 8; ++j) {
    const float u1 = 1.0f - d[j];
    const float radius = std::sqrt(-2.0f * cephesLog(u1));
    const SinCos angle = cephesSinCos(static_cast<float>(2.0 * std::numbers::pi) * d[j + 8]);
    d[j] = std::fma(radius * angle.cos, std, mean);
    d[j + 8] = std::fma(radius * angle.sin, std, mean);
  }
}

void blocksPlain(float *d, std::int64_t count, float mean, float std) {
  for (std::int64_t i = 0; i < count; ++i)
    block(d + 16 * i, mean, std);
}

#if defined(__x86_64__) && !defined(RUNE_NO_DISPATCH)
__attribute__((target("avx2,fma"))) void blocksFma(float *d, std::int64_t count, float mean, float std) {
  for (std::int64_t i = 0; i < count; ++i)
    block(d + 16 * i, mean, std);
}

void blocks(float *d, std::int64_t count, float mean, float std) {
  const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return fused ? blocksFma(d, count, mean, std) : blocksPlain(d, count, mean, std);
}
#else
void blocks(float *d, std::int64_t count, float mean, float std) { blocksPlain(d, count, mean, std); }
#endif

void block(double *d, double mean, double std) {
  for (int j = 0; j < 8; ++j) {
    const double u1 = 1.0 - d[j];
    const double radius = std::sqrt(-2.0 * std::log(u1));
    const double theta = 2.0 * std::numbers::pi * d[j + 8];
    d[j] = std::fma(radius * std::cos(theta), std, mean);
    d[j + 8] = std::fma(radius * std::sin(theta), std, mean);
  }
}

void blocks(double *d, std::int64_t count, double mean, double std) {
  for (std::int64_t i = 0; i < count; ++i)
    block(d + 16 * i, mean, std);
}

float uniform(Generator &generator, float) { return generator.uniform_f32(); }
double uniform(Generator &generator, double) { return generator.uniform_f64(); }

template <typename T> void fill(T *data, std::int64_t count, double mean, double std, Generator &generator) {
  constexpr std::int64_t step = 16;
  if (count < step) {
    for (std::int64_t i = 0; i < count; ++i)
      data[i] = static_cast<T>(generator.normal_f64() * std + mean);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i)
    data[i] = uniform(generator, T());
  const T m = static_cast<T>(mean), s = static_cast<T>(std);
  blocks(data, count / step, m, s);
  if (count % step == 0)
    return;
  for (std::int64_t i = count - step; i < count; ++i)
    data[i] = uniform(generator, T());
  blocks(data + count - step, 1, m, s);
}

} // namespace

void normal_fill(float *data, std::int64_t count, double mean, double std, Generator &generator) {
  fill(data, count, mean, std, generator);
}

void normal_fill(double *data, std::int64_t count, double mean, double std, Generator &generator) {
  fill(data, count, mean, std, generator);
}

} // namespace rune::detail
