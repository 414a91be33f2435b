// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Calls that allocate their outputs: model(x), with hooks and without.

#include "rune/call.h"
#include "HookContext.h"
#include "SizeExpression.h"
#include "Text.h"

#include <cstring>
#include <exception>

namespace rune {

void detail::run_hooks(ModelImpl &model, std::int32_t module, int phase, Tensors &inputs, Tensors &outputs) {
  Module handle(model.shared_from_this(), module);
  if (const auto global = global_hooks())
    global->run(HookRegistry::EveryModule, phase, handle, inputs, outputs);
  model.hooks->run(module, phase, handle, inputs, outputs);
}

bool detail::any_global_hook() {
  const auto global = global_hooks();
  return global && !global->empty();
}

detail::Argument detail::argument_of(const Tensor &tensor) {
  Argument argument;
  argument.data = tensor.raw_data();
  argument.sizes = tensor.shape().data();
  argument.numel = tensor.numel();
  argument.rank = static_cast<std::int32_t>(tensor.dim());
  argument.dtype = tensor.dtype();
  return argument;
}

namespace {

using detail::Argument;
using detail::HookContext;
using detail::ModelImpl;
using detail::run_hooks;

rune_context contextOf(ModelImpl &model) { return {nullptr, model.seed, model.draws.fetch_add(1)}; }

const rune_entry &findEntry(const ModelImpl &model, std::int32_t entry) {
  if (entry < 0 || entry >= model.table.entry_count)
    throw Error(detail::join("the model has no entry ", entry));
  return model.table.entries[entry];
}

/// An output of the entry, uninitialised.
Tensor makeOutput(const rune_entry &entry, const rune_value &value, const std::int64_t *symbols) {
  const Shape shape = detail::value_shape(value, symbols);
  for (std::int64_t size : shape)
    if (size < 0)
      throw Error(detail::join(entry.name, ": output '", value.name, "' would have shape ", shape.str()));
  return Tensor::empty(shape, static_cast<DType>(value.dtype));
}

/// Runs the fused function, or the hooked one.
Tensors execute(const ModelImpl &model, const rune_entry &entry, const Tensors &inputs, HookContext &context,
                bool hooked) {
  if (inputs.size() != static_cast<std::size_t>(entry.input_count))
    throw Error(detail::join(entry.name, ": expected ", entry.input_count, " inputs, but got ",
                             static_cast<std::int64_t>(inputs.size())));
  std::vector<std::int64_t> symbols(static_cast<std::size_t>(entry.symbol_count) + 1);
  std::vector<Argument> arguments;
  for (const Tensor &input : inputs) {
    if (!input.defined())
      throw Error(detail::join(entry.name, ": input '", entry.inputs[arguments.size()].name, "' is undefined"));
    arguments.push_back(detail::argument_of(input));
  }
  detail::bind_inputs(entry, arguments.data(), symbols.data());
  Tensors outputs;
  std::vector<const void *> pointers;
  for (const Tensor &input : inputs)
    pointers.push_back(input.raw_data());
  for (std::int32_t i = 0; i < entry.output_count; ++i) {
    outputs.push_back(makeOutput(entry, entry.outputs[i], symbols.data()));
    pointers.push_back(outputs.back().raw_data());
  }
  const Workspace workspace(detail::workspace_bytes(entry, symbols.data(), hooked));
  const rune_kernel function = hooked ? entry.hooked_function : entry.function;
  const std::int32_t status = function(pointers.data(), symbols.data(), model.state.get(), workspace.data(),
                                       static_cast<rune_context *>(&context));
  if (context.failure)
    std::rethrow_exception(context.failure);
  if (status != RUNE_OK)
    detail::fail_status(entry, status, symbols.data());
  return outputs;
}

Tensor siteTensor(const rune_value &value, const void *data, const std::int64_t *symbols) {
  const Shape shape = detail::value_shape(value, symbols);
  return Tensor::view_bytes(const_cast<void *>(data), shape, static_cast<DType>(value.dtype)).clone();
}

/// Copies what hooks left of one tensor to where the compiled function reads on.
void writeBack(const ModelImpl &model, const rune_hook_site &site, std::int32_t at, const char *what,
               const Tensor &tensor, void *data, const std::int64_t *symbols) {
  const rune_value &value = site.tensors[at];
  const Shape shape = detail::value_shape(value, symbols);
  const char *module = model.module(site.module).name;
  if (!tensor.defined())
    throw Error(detail::join("a hook of '", module, "' left an undefined tensor among its ", what));
  if (!(tensor.shape() == shape) || tensor.dtype() != static_cast<DType>(value.dtype))
    throw Error(detail::join("a hook of '", module, "' put a tensor of shape ", tensor.shape().str(), " and dtype ",
                             name(tensor.dtype()), " among its ", what, ", expected ", shape.str(), " and ",
                             name(static_cast<DType>(value.dtype))));
  // Unchanged memory is left alone: it may be the caller's own input.
  const auto bytes = static_cast<std::size_t>(tensor.nbytes());
  if (bytes > 0 && std::memcmp(data, tensor.raw_data(), bytes) != 0)
    std::memcpy(data, tensor.raw_data(), bytes);
}

void checkCount(const ModelImpl &model, const rune_hook_site &site, const char *what, std::size_t left,
                std::int32_t expected) {
  if (left != static_cast<std::size_t>(expected))
    throw Error(detail::join("a hook of '", model.module(site.module).name, "' left ", static_cast<std::int64_t>(left),
                             " ", what, ", expected ", std::int64_t{expected}));
}

void runForwardSite(HookContext &context, const rune_hook_site &site, void *const *data, const std::int64_t *symbols) {
  Tensors inputs, outputs;
  const std::int32_t input_count = site.phase == 0 ? site.tensor_count : site.input_count;
  for (std::int32_t i = 0; i < site.tensor_count; ++i)
    (i < input_count ? inputs : outputs).push_back(siteTensor(site.tensors[i], data[i], symbols));
  run_hooks(context.model, site.module, site.phase, inputs, outputs);
  const std::int32_t first = site.phase == 0 ? 0 : input_count;
  const Tensors &left = site.phase == 0 ? inputs : outputs;
  const char *what = site.phase == 0 ? "inputs" : "outputs";
  checkCount(context.model, site, what, left.size(), site.tensor_count - first);
  for (std::int32_t i = first; i < site.tensor_count; ++i)
    writeBack(context.model, site, i, what, left[static_cast<std::size_t>(i - first)], data[i], symbols);
}

/// Of grad_output and grad_input those that exist are at `places`; the others are undefined tensors.
void runBackwardSite(HookContext &context, const rune_hook_site &site, void *const *data, const std::int64_t *symbols) {
  Tensors inputs(static_cast<std::size_t>(site.module_inputs)), outputs(static_cast<std::size_t>(site.module_outputs));
  for (std::int32_t i = 0; i < site.tensor_count; ++i)
    (i < site.input_count ? inputs : outputs)[static_cast<std::size_t>(site.places[i])] =
        siteTensor(site.tensors[i], data[i], symbols);
  Tensors none;
  const bool pre = site.phase == 2;
  if (pre)
    run_hooks(context.model, site.module, site.phase, outputs, none);
  else
    run_hooks(context.model, site.module, site.phase, inputs, outputs);
  const Tensors &left = pre ? outputs : inputs;
  const char *what = pre ? "gradients of outputs" : "gradients of inputs";
  checkCount(context.model, site, what, left.size(), pre ? site.module_outputs : site.module_inputs);
  for (std::int32_t i = 0; i < (pre ? site.tensor_count : site.input_count); ++i)
    writeBack(context.model, site, i, what, left[static_cast<std::size_t>(site.places[i])], data[i], symbols);
}

} // namespace

Tensors Model::call_fused(std::int32_t entry, const Tensors &inputs) const {
  const rune_entry &found = findEntry(model(), entry);
  HookContext context(model(), found, contextOf(model()), /*runs_root=*/false);
  return execute(model(), found, inputs, context, false);
}

Tensors Model::call(std::int32_t index, Tensors inputs) const {
  ModelImpl &impl = model();
  // In training mode forward is another function, which may update buffers.
  const bool trains = index == 0 && impl.training[0] && impl.table.training_forward;
  const rune_entry &entry = trains ? *impl.table.training_forward : findEntry(impl, index);
  HookContext context(impl, entry, contextOf(impl), /*runs_root=*/false);
  const bool global = detail::any_global_hook();
  if (impl.hooks->empty() && !global)
    return execute(impl, entry, inputs, context, false);
  // As in PyTorch, forward is a call of the model itself; its other functions are not.
  const bool is_forward = index == 0;
  Tensors outputs;
  if (is_forward)
    run_hooks(impl, 0, 0, inputs, outputs);
  const bool inside = impl.table.module_count > 1 && (global || impl.hooks->any_besides(0));
  if (inside && !entry.hooked_function)
    throw Error(detail::join(entry.name, " was compiled without the places where hooks of its modules run"));
  outputs = execute(impl, entry, inputs, context, inside);
  if (is_forward)
    run_hooks(impl, 0, 1, inputs, outputs);
  if (outputs.size() != static_cast<std::size_t>(entry.output_count))
    throw Error(detail::join("a hook of the model left ", static_cast<std::int64_t>(outputs.size()),
                             " outputs, expected ", entry.output_count));
  return outputs;
}

} // namespace rune

int32_t rune_run_hooks(void *opaque, int64_t site, void *const *tensors, const int64_t *symbols) {
  auto &context = *static_cast<rune::detail::HookContext *>(static_cast<rune_context *>(opaque));
  const rune_hook_site &place = context.entry.hook_sites[site];
  if (place.module == 0 && !context.runs_root)
    return RUNE_OK;
  try {
    (place.phase < 2 ? rune::runForwardSite : rune::runBackwardSite)(context, place, tensors, symbols);
    return RUNE_OK;
  } catch (...) {
    context.failure = std::current_exception();
    return RUNE_HOOK_FAILED;
  }
}
