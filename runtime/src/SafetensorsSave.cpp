// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "File.h"
#include "Text.h"
#include "rune/safetensors.h"

#include <algorithm>

namespace rune {
namespace {

const char *fileName(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return "F32";
  case DType::f64:
    return "F64";
  case DType::i64:
    return "I64";
  case DType::boolean:
    return "BOOL";
  }
  return "";
}

/// Larger alignment first, as the format's own library does.
int sortKey(DType dtype) {
  switch (dtype) {
  case DType::i64:
    return 0;
  case DType::f64:
    return 1;
  case DType::f32:
    return 2;
  case DType::boolean:
    return 3;
  }
  return 4;
}

void appendQuoted(std::string &out, const std::string &text) {
  constexpr char digits[] = "0123456789abcdef";
  constexpr std::string_view specials = "\b\t\n\f\r\"\\", letters = "btnfr\"\\";
  out += '"';
  for (char c : text) {
    const std::size_t special = specials.find(c);
    if (special != specials.npos) {
      out += '\\';
      out += letters[special];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

using Ordered = std::vector<const StateDict::value_type *>;

std::string headerText(const Ordered &tensors, const Metadata &metadata) {
  std::string out = "{";
  if (!metadata.empty()) {
    out += "\"__metadata__\":{";
    for (bool first = true; const auto &[key, value] : metadata) {
      if (!std::exchange(first, false))
        out += ',';
      appendQuoted(out, key);
      out += ':';
      appendQuoted(out, value);
    }
    out += '}';
  }
  std::int64_t offset = 0;
  for (const StateDict::value_type *entry : tensors) {
    const Tensor &tensor = entry->second;
    if (out.size() > 1)
      out += ',';
    appendQuoted(out, entry->first);
    detail::append(out, ":{\"dtype\":\"", fileName(tensor.dtype()), "\",\"shape\":[");
    for (std::size_t d = 0; d < tensor.shape().size(); ++d)
      detail::append(out, d ? "," : "", tensor.shape()[d]);
    detail::append(out, "],\"data_offsets\":[", offset, ",", offset + tensor.nbytes(), "]}");
    offset += tensor.nbytes();
  }
  out += '}';
  out.resize((out.size() + 7) / 8 * 8, ' ');
  return out;
}

} // namespace

void save_safetensors(const std::string &path, const StateDict &tensors, const Metadata &metadata) {
  Ordered ordered;
  for (const StateDict::value_type &entry : tensors) {
    if (!entry.second.defined())
      throw Error(path + ": tensor \"" + entry.first + "\" is undefined");
    if (entry.first == "__metadata__")
      throw Error(path + ": a tensor must not be named \"__metadata__\"");
    ordered.push_back(&entry);
  }
  std::ranges::sort(ordered, [](const auto *a, const auto *b) {
    const int x = sortKey(a->second.dtype()), y = sortKey(b->second.dtype());
    return x != y ? x < y : a->first < b->first;
  });
  const std::string header = headerText(ordered, metadata);
  unsigned char length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(header.size()) >> (8 * i));
  detail::Replacement file(path);
  file.write(length, sizeof length);
  file.write(header.data(), static_cast<std::int64_t>(header.size()));
  for (const StateDict::value_type *entry : ordered)
    file.write(entry->second.raw_data(), entry->second.nbytes());
  file.commit();
}

} // namespace rune
