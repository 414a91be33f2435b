// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && mkdir %t
// RUN: %cxx -I %root/compiler %s %root/compiler/Emit/Header.cpp %root/compiler/Emit/HeaderEntries.cpp \
// RUN:   %root/compiler/Emit/HeaderModules.cpp %root/compiler/Emit/HeaderTrainer.cpp \
// RUN:   %root/compiler/Emit/Identifiers.cpp -o %t/emit
// RUN: %t/emit sample > %t/sample_mlp.h
// RUN: diff %S/../runtime/Inputs/sample_mlp.h %t/sample_mlp.h
// RUN: %t/emit odd > %t/odd.h
// RUN: FileCheck %s < %t/odd.h
// RUN: %cxx -x c++ -fsyntax-only -include %t/odd.h %S/Inputs/odd_user.cc
// RUN: %gxx -x c++ -fsyntax-only -include %t/odd.h %S/Inputs/odd_user.cc
// RUN: gcc -std=c11 -Wall -Wextra -Werror -I %root/runtime/include -x c -fsyntax-only %t/odd.h -Wno-unused-function
//
// The header of the sample model, and one whose spec says all that must not reach emitted text.

#include "Emit/Header.h"
#include "Emit/Identifiers.h"

#include <cstdio>
#include <cstring>

using namespace rune;

static ExprCode product(int64_t a, int64_t symbol) { return {RUNE_PUSH, a, RUNE_SYMBOL, symbol, RUNE_MUL}; }

static MemberDescription member(const char *name, int32_t module, int32_t index) {
  MemberDescription result;
  result.name = name;
  result.module = module;
  result.alias = index;
  return result;
}

static ModelDescription sample() {
  ModelDescription model;
  model.name = "SampleMlp";
  model.stem = "sample_mlp";
  model.modules = {{"", "", "SampleMlp", "", -1, RUNE_PLAIN},
                   {"fc1", "fc1", "Linear", "", 0, RUNE_PLAIN},
                   {"act", "act", "ReLU", "", 0, RUNE_PLAIN},
                   {"fc2", "fc2", "Linear", "", 0, RUNE_PLAIN}};
  model.members = {member("fc1.weight", 1, 0), member("fc1.bias", 1, 1), member("fc2.weight", 3, 2),
                   member("fc2.bias", 3, 3)};
  EntryDescription entry;
  entry.name = "forward";
  entry.symbols = {"batch"};
  entry.inputs = {{"x", RUNE_F32, false, {symbolExpr(0), constantExpr(6)}}};
  entry.outputs = {{"output", RUNE_F32, false, {symbolExpr(0), constantExpr(3)}}};
  entry.workspaceBytes = product(32, 0);
  model.entries = {entry};
  return model;
}

// clang-format off
// CHECK: extern const rune_model odd_stem_a_b_Odd_model;
// CHECK: /* class_ [while_, count], ws [], count (an integer) -> x_y [count, ...], output [] */
// CHECK: static inline int32_t odd_stem_forward(const odd_stem *model, const float *class_, const bool *ws, int64_t count, double *x_y, int64_t *output, int64_t while_) {
// CHECK: int32_t odd_stem_create_(
// CHECK: namespace a {
// CHECK: namespace b {
// CHECK: struct Block_quote_ : rune::Module {
// CHECK-NEXT: Block_quote_(
// CHECK-NEXT: weight(model, member + 0), train_(model, member + 1), weight_(model, module + 1)
// CHECK: rune::Parameter weight;
// CHECK-NEXT: rune::Buffer train_;
// CHECK-NEXT: rune::Module weight_;
// CHECK: struct Sizes {
// CHECK-NEXT: std::int64_t while_ = 0;
// CHECK-NEXT: std::int64_t n_ = 0;
// CHECK: explicit Workspace(const Sizes &sizes)
// CHECK: std::tuple<rune::Tensor, rune::Tensor> operator()(const rune::Tensor &class_, const rune::Tensor &ws, std::int64_t count) const {
// CHECK: void forward(rune::Span<const float> class_, rune::Span<const bool> ws, std::int64_t count, rune::Span<double> x_y, rune::Span<std::int64_t> output, Workspace &ws_) const {
// CHECK: rune::Tensor create_(const rune::Tensor &x_y) const
// CHECK: rune::Parameter Odd_;
// CHECK-NEXT: rune::ModuleArray<odd_stem_modules::Block_quote_, 3> h;
// CHECK-NOT: evil
// clang-format on
static ModelDescription odd() {
  ModelDescription model;
  model.name = "Odd\"*/ evil";
  model.stem = "odd-stem";
  model.modules = {{"", "", "Odd", "*/ evil", -1, RUNE_PLAIN}, {"h", "h", "ModuleList", "", 0, RUNE_MODULE_LIST}};
  for (int i = 0; i < 3; ++i) {
    const std::string name = "h." + std::to_string(i);
    const auto index = static_cast<int32_t>(model.modules.size());
    model.modules.push_back({name, std::to_string(i), "Block\"quote\n", "", 1, RUNE_PLAIN});
    model.modules.push_back({name + ".weight_", "weight_", "ReLU", "", index, RUNE_PLAIN});
    model.modules.push_back({name + ".none", "none", "None", "", index, RUNE_NONE});
    const auto count = static_cast<int32_t>(model.members.size());
    model.members.push_back(member((name + ".weight").c_str(), index, count));
    model.members.push_back(member((name + ".train").c_str(), index, count + 1));
    model.members.back().kind = RUNE_BUFFER;
  }
  model.members.insert(model.members.begin(), member("Odd", 0, 0));
  EntryDescription entry;
  entry.name = "forward";
  entry.symbols = {"while", "n\n"};
  entry.inputs = {{"class", RUNE_F32, false, {symbolExpr(0), symbolExpr(1)}},
                  {"ws", RUNE_BOOL, false, {}},
                  {"count", RUNE_I64, true, {symbolExpr(1)}}};
  entry.outputs = {{"x//y", RUNE_F64, false, {symbolExpr(1), product(2, 0)}}, {"output", RUNE_I64, false, {}}};
  entry.workspaceBytes = {RUNE_SYMBOL,   0,         RUNE_SYMBOL, 1,       RUNE_ADD, RUNE_PUSH, 3,
                          RUNE_FLOORDIV, RUNE_PUSH, 2,           RUNE_MOD};
  EntryDescription other;
  other.name = "create";
  other.symbols = {"n\n"};
  other.inputs = {{"x/y", RUNE_F32, false, {symbolExpr(0)}}};
  other.outputs = {{"output", RUNE_F32, false, {symbolExpr(0)}}};
  other.workspaceBytes = constantExpr(64);
  model.entries = {entry, other};
  return model;
}

int main(int, char **argv) {
  const bool isSample = !std::strcmp(argv[1], "sample");
  const std::string text = isSample ? emitHeader(sample(), splitClassName("models::SampleMlp"))
                                    : emitHeader(odd(), splitClassName("a::b::Odd"));
  std::fputs(text.c_str(), stdout);
  return !splitClassName("models::class").empty() || !splitClassName("a b").empty() || !splitClassName("").empty();
}
