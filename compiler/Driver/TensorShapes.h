// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_TENSORSHAPES_H
#define RUNE_DRIVER_TENSORSHAPES_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rune {

/// Shapes of tensors, by name.
using TensorShapes = std::map<std::string, std::vector<int64_t>>;

/// Those in a safetensors file, of which only the header is read. Empty where it cannot be: that is told when the
/// tensors are read.
TensorShapes tensorShapes(const std::string &path);

} // namespace rune

#endif // RUNE_DRIVER_TENSORSHAPES_H
