// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Runs what a model's constructor does in PyTorch, from the compiler's table.

#include "ModelImpl.h"
#include "Text.h"
#include "rune/init.h"

namespace rune::detail {
namespace {

bool draws(std::int32_t scheme) {
  switch (scheme) {
  case RUNE_EMPTY:
  case RUNE_CONSTANT_VALUE:
  case RUNE_EYE:
  case RUNE_DIRAC:
  case RUNE_COMPUTED:
    return false;
  default:
    return true;
  }
}

void compute(const ModelImpl &model, const rune_init_step &step, Tensor &result) {
  Tensors reads;
  std::vector<const void *> arguments;
  for (std::int32_t i = 0; i < step.read_count; ++i)
    reads.push_back(read_member(model, step.reads[i]));
  for (const Tensor &read : reads)
    arguments.push_back(read.raw_data());
  arguments.push_back(result.raw_data());
  const Memory workspace(allocate(step.workspace_bytes));
  const std::int32_t status = step.function(arguments.data(), nullptr, model.state.get(), workspace.get(), nullptr);
  if (status == RUNE_INDEX_OUT_OF_RANGE)
    throw Error("index out of range in self");
  if (status != RUNE_OK)
    throw Error(join("computing ", model.member(step.member).name, " failed with status ", status));
}

void fill(const ModelImpl &model, const rune_init_step &step, Generator *generator, Tensor &t) {
  const double *args = step.args;
  const init::FanMode mode = step.fan_out ? init::FanMode::fan_out : init::FanMode::fan_in;
  const char *nonlinearity = step.nonlinearity ? step.nonlinearity : "leaky_relu";
  switch (step.scheme) {
  case RUNE_CONSTANT_VALUE:
    return init::constant_(t, args[0]);
  case RUNE_UNIFORM:
    return init::uniform_(t, *generator, args[0], args[1]);
  case RUNE_NORMAL:
    return init::normal_(t, *generator, args[0], args[1]);
  case RUNE_XAVIER_UNIFORM:
    return init::xavier_uniform_(t, *generator, args[0]);
  case RUNE_XAVIER_NORMAL:
    return init::xavier_normal_(t, *generator, args[0]);
  case RUNE_KAIMING_UNIFORM:
    return init::kaiming_uniform_(t, *generator, args[0], mode, nonlinearity);
  case RUNE_KAIMING_NORMAL:
    return init::kaiming_normal_(t, *generator, args[0], mode, nonlinearity);
  case RUNE_TRUNC_NORMAL:
    return init::trunc_normal_(t, *generator, args[0], args[1], args[2], args[3]);
  case RUNE_ORTHOGONAL:
    return init::orthogonal_(t, *generator, args[0]);
  case RUNE_SPARSE:
    return init::sparse_(t, *generator, args[0], args[1]);
  case RUNE_EYE:
    return init::eye_(t);
  case RUNE_DIRAC:
    return init::dirac_(t, static_cast<std::int64_t>(args[0]));
  case RUNE_COMPUTED:
    return compute(model, step, t);
  default:
    throw Error(join("unknown init scheme ", step.scheme));
  }
}

} // namespace

void run_init_steps(ModelImpl &model, Generator *generator) {
  for (std::int32_t i = 0; i < model.table.init_step_count; ++i) {
    const rune_init_step &step = model.table.init_steps[i];
    if (step.scheme == RUNE_EMPTY || (draws(step.scheme) ? !generator : step.discarded != 0))
      continue;
    const rune_member &member = model.member(step.member);
    Tensor values = Tensor::zeros(member_shape(member), static_cast<DType>(member.dtype));
    fill(model, step, generator, values);
    if (!step.discarded)
      write_member(model, step.member, values);
  }
}

} // namespace rune::detail
