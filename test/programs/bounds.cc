// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && mkdir %t
// RUN: sh %S/Inputs/build_all.sh %t %S/Inputs/shared.yaml %S/Inputs/names.yaml %S/Inputs/entries.yaml \
// RUN:   %S/Inputs/hooked.yaml %S/Inputs/mlp.yaml %S/../models/attention.yaml %S/../models/indexing.yaml \
// RUN:   %S/../models/reductions.yaml %S/../models/shaping.yaml
// RUN: %gxx -O1 -Wno-comment -I %t %s %t/*.o %librune -o %t/a && %t/a | FileCheck %s
// Compiled code touches nothing but its arguments, the state and the workspace: all of these end where a page begins
// that must not be touched. What the workspace and the outputs held before, and where the arguments lie, changes no
// bit; wild integers give a status, never a stray access. The model's constants are tables of the compiler's.
//
// CHECK: 9 models

#include <rune/rune.h>

#include <cstdio>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "models.h"

namespace {

/// Memory of which the last byte is the last one before a page without access.
class Guarded {
public:
  Guarded(std::size_t bytes, std::size_t alignment, unsigned char fill) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
    length_ = (size + page - 1) / page * page + page;
    base_ = static_cast<char *>(mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED || mprotect(base_ + length_ - page, page, PROT_NONE) != 0)
      std::abort();
    data_ = base_ + length_ - page - size;
    std::memset(base_, fill, length_ - page);
  }
  Guarded(Guarded &&other) noexcept
      : base_(std::exchange(other.base_, nullptr)), data_(other.data_), length_(other.length_) {}
  ~Guarded() {
    if (base_)
      munmap(base_, length_);
  }
  void *data() const { return data_; }

private:
  char *base_, *data_;
  std::size_t length_;
};

struct Run {
  std::int32_t status;
  std::vector<std::string> outputs;
  bool operator==(const Run &) const = default;
};

std::int64_t count(const rune_value &value, const std::int64_t *symbols) {
  std::int64_t result = 1;
  for (std::int32_t d = 0; d < value.rank; ++d)
    result *= rune::detail::evaluate(value.dims[d], symbols);
  return result;
}

void fill(void *data, std::int64_t count, std::int32_t dtype, bool wild) {
  for (std::int64_t i = 0; i < count; ++i)
    if (dtype == RUNE_F32)
      static_cast<float *>(data)[i] = static_cast<float>(i * 37 % 23 - 11) / 7;
    else if (dtype == RUNE_F64)
      static_cast<double *>(data)[i] = static_cast<double>(i * 37 % 23 - 11) / 7;
    else if (dtype == RUNE_BOOL)
      static_cast<bool *>(data)[i] = i % 3 != 0;
    else
      static_cast<std::int64_t *>(data)[i] = wild ? (i % 2 ? INT64_MIN + i : INT64_MAX - i) : i % 3;
}

/// `skew` and `garbage`: what must not matter.
Run run(const rune_entry &entry, const std::vector<std::int64_t> &symbols, const void *state, std::size_t skew,
        unsigned char garbage, bool wild) {
  std::vector<Guarded> memory;
  std::vector<const void *> arguments;
  Run result;
  for (std::int32_t i = 0; i < entry.input_count + entry.output_count; ++i) {
    const bool isInput = i < entry.input_count;
    const rune_value &value = isInput ? entry.inputs[i] : entry.outputs[i - entry.input_count];
    const std::size_t size = static_cast<std::size_t>(rune::itemsize(static_cast<rune::DType>(value.dtype)));
    const std::int64_t elements = value.rank < 0 ? 1 : count(value, symbols.data());
    memory.emplace_back(static_cast<std::size_t>(elements) * size + skew * size, size, garbage);
    arguments.push_back(memory.back().data());
    if (value.rank < 0)
      *static_cast<std::int64_t *>(memory.back().data()) =
          value.dims ? rune::detail::evaluate(value.dims[0], symbols.data()) : 1;
    else if (isInput)
      fill(memory.back().data(), elements, value.dtype, wild);
  }
  const std::int64_t bytes = rune::detail::workspace_bytes(entry, symbols.data(), false);
  const Guarded workspace(static_cast<std::size_t>(bytes), 64, garbage);
  result.status = entry.function(arguments.data(), symbols.data(), state, workspace.data(), nullptr);
  for (std::int32_t i = 0; i < entry.output_count && result.status == RUNE_OK; ++i) {
    const auto size = static_cast<std::size_t>(count(entry.outputs[i], symbols.data()) *
                                               rune::itemsize(static_cast<rune::DType>(entry.outputs[i].dtype)));
    result.outputs.emplace_back(static_cast<const char *>(arguments[static_cast<std::size_t>(entry.input_count + i)]),
                                size);
  }
  return result;
}

bool hasNegativeSize(const rune_entry &entry, const std::int64_t *symbols) {
  for (std::int32_t i = 0; i < entry.output_count; ++i)
    for (std::int32_t d = 0; d < entry.outputs[i].rank; ++d)
      if (rune::detail::evaluate(entry.outputs[i].dims[d], symbols) < 0)
        return true;
  return false;
}

void check(const rune_model &table) {
  rune::Model model(table);
  model.reset_parameters(0);
  const auto bytes = static_cast<std::size_t>(table.state_bytes);
  const Guarded state(bytes, 64, 0);
  std::memcpy(state.data(), model.state(), bytes);
  for (std::int32_t e = 0; e < table.entry_count; ++e) {
    const rune_entry &entry = table.entries[e];
    for (const std::int64_t size : {0, 1, 2, 3, 5, 7, 8, 13, 17, 33}) {
      std::vector<std::int64_t> symbols(static_cast<std::size_t>(entry.symbol_count) + 1, size);
      if (hasNegativeSize(entry, symbols.data()))
        continue;
      const Run plain = run(entry, symbols, state.data(), 0, 0, false);
      if (!(run(entry, symbols, state.data(), 1, 0xff, false) == plain))
        std::printf("%s %s at %lld: what was in memory, or its place, matters\n", table.name, entry.name,
                    static_cast<long long>(size));
      run(entry, symbols, state.data(), 0, 0xff, true);
    }
  }
  if (std::memcmp(state.data(), model.state(), bytes) != 0)
    std::printf("%s writes to its state\n", table.name);
}

} // namespace

int main() {
  int models = 0;
  for (const rune_model *table : all) {
    check(*table);
    ++models;
  }
  std::printf("%d models\n", models);
}
