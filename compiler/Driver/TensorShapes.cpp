// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/TensorShapes.h"

#include <nlohmann/json.hpp>

#include <fstream>

rune::TensorShapes rune::tensorShapes(const std::string &path) {
  TensorShapes shapes;
  std::ifstream file(path, std::ios::binary);
  unsigned char length[8] = {};
  file.read(reinterpret_cast<char *>(length), sizeof length);
  std::uint64_t size = 0;
  for (int i = 7; i >= 0; --i)
    size = size << 8 | length[i];
  if (!file || size > 100'000'000)
    return shapes;
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  const nlohmann::json header = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!file || !header.is_object())
    return shapes;
  for (const auto &[name, tensor] : header.items()) {
    if (!tensor.is_object() || !tensor.contains("shape") || !tensor["shape"].is_array())
      continue;
    std::vector<int64_t> shape;
    for (const auto &extent : tensor["shape"])
      shape.push_back(extent.is_number_integer() ? extent.get<int64_t>() : 0);
    shapes[name] = std::move(shape);
  }
  return shapes;
}
