// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "File.h"
#include "SafetensorsHeader.h"
#include "Text.h"

#include <bit>
#include <cstring>

namespace rune {
namespace {

using detail::File;
using detail::FileTensor;
using detail::join;

constexpr std::int64_t LargestHeader = 100'000'000;

float fromHalf(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 31u, fraction = bits & 0x3ffu;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  const float magnitude = exponent == 0 ? static_cast<float>(fraction) * 0x1p-24f
                                        : std::bit_cast<float>(((exponent + 112) << 23) | (fraction << 13));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
}

float fromBFloat(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

template <typename From, typename To, typename F> void widen(const std::vector<char> &bytes, Tensor &to, F &&convert) {
  To *out = to.data<To>();
  for (std::int64_t i = 0, n = to.numel(); i < n; ++i) {
    From value;
    std::memcpy(&value, bytes.data() + static_cast<std::size_t>(i) * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
}

void convert(std::string_view dtype, const std::vector<char> &bytes, Tensor &to) {
  const auto same = [](auto value) { return static_cast<std::int64_t>(value); };
  if (dtype == "F16")
    widen<std::uint16_t, float>(bytes, to, fromHalf);
  else if (dtype == "BF16")
    widen<std::uint16_t, float>(bytes, to, fromBFloat);
  else if (dtype == "U8")
    widen<std::uint8_t, std::int64_t>(bytes, to, same);
  else if (dtype == "I8")
    widen<std::int8_t, std::int64_t>(bytes, to, same);
  else if (dtype == "I16")
    widen<std::int16_t, std::int64_t>(bytes, to, same);
  else if (dtype == "U16")
    widen<std::uint16_t, std::int64_t>(bytes, to, same);
  else if (dtype == "I32")
    widen<std::int32_t, std::int64_t>(bytes, to, same);
  else
    widen<std::uint32_t, std::int64_t>(bytes, to, same);
}

Tensor readTensor(const File &file, const FileTensor &tensor, std::int64_t data_start) {
  const std::int64_t bytes = tensor.end - tensor.begin, offset = data_start + tensor.begin;
  Tensor result = Tensor::empty(tensor.shape, tensor.dtype->loaded);
  if (tensor.dtype->bytes != itemsize(result.dtype())) {
    std::vector<char> raw(static_cast<std::size_t>(bytes));
    file.read(raw.data(), bytes, offset);
    convert(tensor.dtype->name, raw, result);
    return result;
  }
  file.read(result.raw_data(), bytes, offset);
  if (result.dtype() == DType::boolean) {
    const auto *values = static_cast<const unsigned char *>(result.raw_data());
    for (std::int64_t i = 0; i < bytes; ++i)
      if (values[i] > 1)
        detail::fail_at(file.path(), offset + i,
                        join("tensor \"", tensor.name, "\" of dtype BOOL holds the byte ", std::int64_t{values[i]}));
  }
  return result;
}

} // namespace

StateDict load_safetensors(const std::string &path, Metadata *metadata) {
  const File file = File::open_for_reading(path);
  if (file.size() < 8)
    detail::fail_at(path, 0, join("the file has ", file.size(), " bytes, too few for a safetensors header"));
  unsigned char length[8];
  file.read(length, 8, 0);
  std::uint64_t header_bytes = 0;
  for (int i = 8; i-- > 0;)
    header_bytes = header_bytes << 8 | length[i];
  if (header_bytes > static_cast<std::uint64_t>(LargestHeader))
    detail::fail_at(path, 0, join("the header is said to be larger than ", LargestHeader, " bytes"));
  const auto json_bytes = static_cast<std::int64_t>(header_bytes);
  if (json_bytes > file.size() - 8)
    detail::fail_at(path, 0, join("the header is said to have ", json_bytes, " bytes, past the end of the file"));
  std::string json(static_cast<std::size_t>(json_bytes), '\0');
  file.read(json.data(), json_bytes, 8);
  const std::int64_t data_start = 8 + json_bytes;
  detail::FileHeader header = detail::parse_header(path, json, file.size() - data_start);
  StateDict result;
  for (const FileTensor &tensor : header.tensors)
    result.insert(tensor.name, readTensor(file, tensor, data_start));
  if (metadata)
    *metadata = std::move(header.metadata);
  return result;
}

} // namespace rune
