// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_TRAINARGUMENTS_H
#define RUNE_DRIVER_TRAINARGUMENTS_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace rune {

/// What `runec train` was asked for.
struct TrainArguments {
  std::string data, valid, out, weights;
  std::optional<int64_t> steps, epochs; // one of them
  int64_t batchSize = 0;
  int64_t saveEvery = 0; // steps; 0: at the ends of epochs only
  uint64_t seed = 0;
  bool noShuffle = false, keepLast = false, resume = false;
  bool bf16 = false; // products of bfloat16
};

/// A hash of the code of each part of a spec, by the part's name in words: what a checkpoint must agree with.
using SpecFingerprint = std::map<std::string, std::string>;

} // namespace rune

#endif // RUNE_DRIVER_TRAINARGUMENTS_H
