// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -fsanitize=address,undefined -I %root/compiler %s %root/compiler/Emit/Tables.cpp %librune -o %t
// RUN: %t | FileCheck %s
// A model made in memory runs through the same runtime: an entry with an integer that is a size, two outputs, a check,
// and an index that may be out of range.

#include "Emit/Tables.h"

#include <rune/rune.h>

#include <iostream>

using namespace rune;

/// output[i] = x[i + 1] for n elements; count = n.
static std::int32_t shift(const void *const *arguments, const std::int64_t *symbols, const void *, void *, void *) {
  const std::int64_t batch = symbols[0], n = *static_cast<const std::int64_t *>(arguments[1]);
  if (n != symbols[1])
    return 99;
  if (n == 7)
    return RUNE_CHECK_FAILED;
  if (n >= batch)
    return RUNE_INDEX_OUT_OF_RANGE;
  const auto *x = static_cast<const float *>(arguments[0]);
  auto *output = static_cast<float *>(const_cast<void *>(arguments[3]));
  for (std::int64_t i = 0; i < n; ++i)
    output[i] = x[i + 1];
  *static_cast<std::int64_t *>(const_cast<void *>(arguments[4])) = n;
  return RUNE_OK;
}

static ModelDescription describe() {
  ModelDescription model;
  model.name = "Shift";
  model.modules = {{"", "", "Shift", "", -1, RUNE_PLAIN}};
  EntryDescription entry;
  entry.name = "forward";
  entry.symbols = {"batch", "n"};
  entry.inputs = {{"x", RUNE_F32, false, {{RUNE_SYMBOL, 0, RUNE_PUSH, 2, RUNE_ADD, RUNE_PUSH, 1, RUNE_MUL}}},
                  {"n", RUNE_I64, true, {symbolExpr(1)}},
                  {"size", RUNE_F32, false, {symbolExpr(0)}}};
  entry.outputs = {{"output.0", RUNE_F32, false, {symbolExpr(1)}}, {"output.1", RUNE_I64, false, {}}};
  entry.checks = {{"n is {0}, of {1} ({2} {x})", {symbolExpr(1), symbolExpr(0)}}};
  entry.function = "shift";
  entry.workspaceBytes = {RUNE_SYMBOL,   0,           RUNE_PUSH, -1,        RUNE_ADD, RUNE_PUSH, 3,
                          RUNE_FLOORDIV, RUNE_SYMBOL, 1,         RUNE_PUSH, 4,        RUNE_MOD,  RUNE_ADD};
  model.entries = {entry};
  return model;
}

template <typename F> static void attempt(F &&f) {
  try {
    f();
    std::cout << "no error\n";
  } catch (const Error &error) {
    std::cout << error.what() << '\n';
  }
}

int main() {
  const Tables tables(describe(), [](const std::string &name) { return name == "shift" ? shift : nullptr; });
  const Model model(tables.model());
  const auto call = [&](std::int64_t x, std::int64_t n, std::int64_t size) {
    Tensor values = Tensor::empty({x});
    for (std::int64_t i = 0; i < x; ++i)
      values.data<float>()[i] = static_cast<float>(i);
    return model.call(0, {values, detail::integer(n), Tensor::zeros({size})});
  };
  const Tensors out = call(6, 3, 4);
  // CHECK: tensor([1., 2., 3.]) tensor(3)
  std::cout << out[0] << ' ' << out[1] << '\n';
  // CHECK-NEXT: forward: input 'x' has shape [5], expected [(batch + 2)*1] with batch = 4, n = 3
  attempt([&] { call(5, 3, 4); });
  // CHECK-NEXT: index out of range in self
  attempt([&] { call(6, 5, 4); });
  // CHECK-NEXT: n is 7, of 4 ({2} {x})
  attempt([&] { call(6, 7, 4); });
  // CHECK-NEXT: forward: n is -1, but a size must not be negative
  attempt([&] { call(6, -1, 4); });
  // CHECK-NEXT: forward: expected 3 inputs, but got 1
  attempt([&] { model.call(0, {Tensor::zeros({1})}); });
  // CHECK-NEXT: the model has no entry 1
  attempt([&] { model.call(1, {}); });
  // CHECK-NEXT: forward: input 'x' is undefined
  attempt([&] { model.call(0, {Tensor(), Tensor(), Tensor()}); });
  // floordiv and mod round towards minus infinity: (0 - 1) // 3 + 7 % 4.
  const std::int64_t sizes[] = {0, 7};
  // CHECK-NEXT: bytes 2
  std::cout << "bytes " << detail::workspace_bytes(tables.model().entries[0], sizes, false) << '\n';
  const std::int64_t huge[] = {INT64_MAX, 7};
  // CHECK-NEXT: a size overflows
  attempt([&] { detail::evaluate(tables.model().entries[0].inputs[0].dims[0], huge); });
  rune_model other = tables.model();
  other.version = 99;
  // CHECK-NEXT: the model was compiled for another version of librune: its tables have version 99, this library reads
  // {{[0-9]+}}
  attempt([&] { Model wrong(other); });
}
