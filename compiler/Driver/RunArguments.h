// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_RUNARGUMENTS_H
#define RUNE_DRIVER_RUNARGUMENTS_H

#include <cstdint>
#include <optional>
#include <string>

namespace rune {

/// The files of `runec run`.
struct RunArguments {
  std::string weights, inputs, outputs, entry = "forward";
  std::optional<uint64_t> seed; // of a fresh state, where there are no weights
};

} // namespace rune

#endif // RUNE_DRIVER_RUNARGUMENTS_H
