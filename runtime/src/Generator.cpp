// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/generator.h"

#include <cmath>
#include <numbers>

namespace rune {

namespace {
constexpr std::uint32_t N = 624;
constexpr std::uint32_t M = 397;
} // namespace

void Generator::manual_seed(std::uint64_t seed) {
  state_[0] = static_cast<std::uint32_t>(seed);
  for (std::uint32_t j = 1; j < N; ++j)
    state_[j] = 1812433253u * (state_[j - 1] ^ (state_[j - 1] >> 30)) + j;
  next_ = N;
  has_kept_ = false;
  kept_ = 0;
}

void Generator::refill() {
  for (std::uint32_t k = 0; k < N; ++k) {
    const std::uint32_t y = (state_[k] & 0x80000000u) | (state_[(k + 1) % N] & 0x7fffffffu);
    state_[k] = state_[(k + M) % N] ^ (y >> 1) ^ ((y & 1) ? 0x9908b0dfu : 0u);
  }
  next_ = 0;
}

std::uint32_t Generator::random() {
  if (next_ == N)
    refill();
  std::uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

std::uint64_t Generator::random64() {
  const std::uint64_t high = random();
  return (high << 32) | random();
}

double Generator::normal_f64() {
  if (has_kept_) {
    has_kept_ = false;
    return kept_;
  }
  const double u1 = uniform_f64();
  const double u2 = uniform_f64();
  const double r = std::sqrt(-2.0 * std::log1p(-u2));
  const double theta = 2.0 * std::numbers::pi * u1;
  kept_ = r * std::sin(theta);
  has_kept_ = true;
  return r * std::cos(theta);
}

} // namespace rune
