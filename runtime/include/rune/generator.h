// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's random numbers on the CPU, bit for bit.

#ifndef RUNE_GENERATOR_H
#define RUNE_GENERATOR_H

#include <cstdint>

namespace rune {

/// The mt19937 engine behind torch.manual_seed(seed).
class Generator {
public:
  explicit Generator(std::uint64_t seed = 0) { manual_seed(seed); }

  void manual_seed(std::uint64_t seed);
  std::uint32_t random();
  /// Two draws; the first gives the high half.
  std::uint64_t random64();
  /// 24 random bits in [0, 1).
  float uniform_f32() { return static_cast<float>(random() & 0xffffffu) * 0x1p-24f; }
  /// 53 random bits in [0, 1).
  double uniform_f64() { return static_cast<double>(random64() & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53; }
  /// One standard normal value; every second call returns what the first one kept.
  double normal_f64();

private:
  void refill();

  std::uint32_t state_[624];
  std::uint32_t next_;
  bool has_kept_;
  double kept_;
};

} // namespace rune

#endif // RUNE_GENERATOR_H
