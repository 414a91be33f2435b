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
  bool train = false;           // training mode; buffers that it updates are written too
};

/// Whether a safetensors file has a cotangent, `grad_output` or `grad_output.N`. False where it cannot be read.
bool hasCotangent(const std::string &path);

} // namespace rune

#endif // RUNE_DRIVER_RUNARGUMENTS_H
