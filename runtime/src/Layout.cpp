// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Between a member's logical, row-major values and the layouts in which the model keeps them.

#include "ModelImpl.h"

#include <cstring>

namespace rune::detail {
namespace {

/// Calls f(place in the storage, place in row-major order), in elements; -1 for padding. `together`: how many k lie
/// beside each other.
template <typename F> void forEachInPanels(const rune_storage &s, std::int64_t together, F &&f) {
  const std::int64_t panels = (s.n + s.lanes - 1) / s.lanes;
  std::int64_t stored = 0;
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t p = 0; p < panels; ++p)
      for (std::int64_t first = 0; first < s.k; first += together)
        for (std::int64_t lane = 0; lane < s.lanes; ++lane)
          for (std::int64_t k = first; k < first + together; ++k, ++stored) {
            const std::int64_t n = p * s.lanes + lane;
            f(stored, n < s.n && k < s.k ? b * s.batch_stride + n * s.n_stride + k * s.k_stride : -1);
          }
}

template <typename T> void pack(const rune_storage &storage, const void *from, void *to) {
  const T *in = static_cast<const T *>(from);
  T *out = static_cast<T *>(to);
  forEachInPanels(storage, 1,
                  [&](std::int64_t stored, std::int64_t logical) { out[stored] = logical < 0 ? T(0) : in[logical]; });
}

/// The upper half of an f32, rounded to nearest even; subnormal numbers become zeros, and a NaN stays one.
std::uint16_t round_to_bf16(std::uint32_t bits) {
  const std::uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  if (magnitude < 0x00800000)
    return static_cast<std::uint16_t>((bits >> 16) & 0x8000);
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

void pack_bf16(const rune_storage &storage, const void *from, void *to) {
  const auto *in = static_cast<const std::uint32_t *>(from);
  auto *out = static_cast<std::uint16_t *>(to);
  forEachInPanels(storage, 2, [&](std::int64_t stored, std::int64_t logical) {
    out[stored] = logical < 0 ? std::uint16_t(0) : round_to_bf16(in[logical]);
  });
}

template <typename T> void unpack(const rune_storage &storage, const void *from, void *to) {
  const T *in = static_cast<const T *>(from);
  T *out = static_cast<T *>(to);
  forEachInPanels(storage, 1, [&](std::int64_t stored, std::int64_t logical) {
    if (logical >= 0)
      out[logical] = in[stored];
  });
}

} // namespace

Tensor read_storage(const rune_storage &storage, const Shape &shape, DType dtype, const void *arena) {
  Tensor result = Tensor::empty(shape, dtype);
  const void *from = static_cast<const char *>(arena) + storage.offset;
  if (result.numel() == 0)
    return result;
  if (storage.layout == RUNE_ROW_MAJOR)
    std::memcpy(result.raw_data(), from, static_cast<std::size_t>(result.nbytes()));
  else if (itemsize(result.dtype()) == 4)
    unpack<std::uint32_t>(storage, from, result.raw_data());
  else if (itemsize(result.dtype()) == 8)
    unpack<std::uint64_t>(storage, from, result.raw_data());
  else
    unpack<std::uint8_t>(storage, from, result.raw_data());
  return result;
}

void write_storages(const rune_storage *storages, std::int32_t count, void *arena, const Tensor &values) {
  if (values.numel() == 0)
    return;
  for (std::int32_t i = 0; i < count; ++i) {
    const rune_storage &storage = storages[i];
    void *to = static_cast<char *>(arena) + storage.offset;
    if (storage.layout == RUNE_ROW_MAJOR)
      std::memcpy(to, values.raw_data(), static_cast<std::size_t>(values.nbytes()));
    else if (storage.layout == RUNE_PANELS_BF16)
      pack_bf16(storage, values.raw_data(), to);
    else if (itemsize(values.dtype()) == 4)
      pack<std::uint32_t>(storage, values.raw_data(), to);
    else if (itemsize(values.dtype()) == 8)
      pack<std::uint64_t>(storage, values.raw_data(), to);
    else
      pack<std::uint8_t>(storage, values.raw_data(), to);
  }
}

Tensor read_member(const ModelImpl &model, std::int32_t index) {
  const rune_member &member = model.member(index);
  return read_storage(member.storages[0], member_shape(member), static_cast<DType>(member.dtype), model.state.get());
}

void write_member(ModelImpl &model, std::int32_t index, const Tensor &values) {
  const rune_member &member = model.member(index);
  write_storages(member.storages, member.storage_count, model.state.get(), values);
}

} // namespace rune::detail
