// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Drawing.h"

#include "rune/rune.h"

#include <sstream>

using namespace rune;
using namespace rune::test;

void Drawing::fill(Tensor tensor, const std::string &name, std::mt19937_64 &random) const {
  auto range = ranges.find(name);
  auto bound = below.find(name);
  const double low = range == ranges.end() ? -1.5 : range->second.first;
  const double high = range == ranges.end() ? 1.5 : range->second.second;
  std::uniform_real_distribution<double> real(low, high);
  std::uniform_int_distribution<std::int64_t> integer(0, bound == below.end() ? 1 : bound->second - 1);
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    if (tensor.dtype() == DType::f64)
      tensor.data<double>()[i] = real(random);
    else if (tensor.dtype() == DType::f32)
      tensor.data<float>()[i] = static_cast<float>(real(random));
    else if (tensor.dtype() == DType::i64)
      tensor.data<std::int64_t>()[i] = integer(random);
    else
      static_cast<bool *>(tensor.raw_data())[i] = integer(random) % 2 == 1;
}

static std::pair<std::string, std::string> split(const std::string &text, char at) {
  const std::size_t place = text.find(at);
  return {text.substr(0, place), place == std::string::npos ? "" : text.substr(place + 1)};
}

void Drawing::setSizes(const std::string &text) {
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');)
    sizes[split(part, '=').first] = std::stoll(split(part, '=').second);
}

Drawing rune::test::readDrawing(const std::vector<std::string> &ranges, const std::vector<std::string> &below) {
  Drawing drawing;
  for (const std::string &range : ranges) {
    auto [name, ends] = split(range, '=');
    auto [low, high] = split(ends, ':');
    drawing.ranges[name] = {std::stod(low), std::stod(high)};
  }
  for (const std::string &bound : below)
    drawing.below[split(bound, '=').first] = std::stoll(split(bound, '=').second);
  return drawing;
}
