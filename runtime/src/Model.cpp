// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/model.h"

#include "ModelImpl.h"
#include "Text.h"

namespace rune {

namespace {
detail::ModelHandle create(const rune_model &table) {
  if (table.version != RUNE_TABLE_VERSION)
    throw Error(detail::join("the model was compiled for another version of librune: its tables have version ",
                             table.version, ", this library reads ", RUNE_TABLE_VERSION));
  auto model = std::make_shared<detail::ModelImpl>(table);
  detail::run_init_steps(*model, nullptr);
  return model;
}
} // namespace

Model::Model(const rune_model &table) : Module(create(table), 0), state_(model().state.get()) {}

void Model::reset_parameters(std::uint64_t seed) {
  Generator generator(seed);
  reset_parameters(generator);
}

void Model::reset_parameters(Generator &generator) { detail::run_init_steps(model(), &generator); }

void Model::manual_seed(std::uint64_t seed) {
  model().seed = seed;
  model().draws = 0;
}

const rune_model &Model::table() const { return model().table; }

} // namespace rune
