// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Calls that allocate their outputs: model(x), with hooks and without.

#include "rune/call.h"
#include "ModelImpl.h"
#include "SizeExpression.h"
#include "Text.h"

#include <cstring>
#include <exception>

namespace rune {
namespace {

using detail::Argument;
using detail::HookRegistry;
using detail::ModelImpl;

struct HookContext : rune_context {
  HookContext(ModelImpl &model, const rune_entry &entry)
      : rune_context{nullptr, model.seed, model.draws.fetch_add(1)}, model(model), entry(entry) {}

  ModelImpl &model;
  const rune_entry &entry;
  std::exception_ptr failure;
};

void runHooks(ModelImpl &model, std::int32_t module, int phase, Tensors &inputs, Tensors &outputs) {
  Module handle(model.shared_from_this(), module);
  if (const auto global = detail::global_hooks())
    global->run(HookRegistry::EveryModule, phase, handle, inputs, outputs);
  model.hooks->run(module, phase, handle, inputs, outputs);
}

bool anyGlobalHook() {
  const auto global = detail::global_hooks();
  return global && !global->empty();
}

const rune_entry &findEntry(const ModelImpl &model, std::int32_t entry) {
  if (entry < 0 || entry >= model.table.entry_count)
    throw Error(detail::join("the model has no entry ", entry));
  return model.table.entries[entry];
}

Argument argumentOf(const Tensor &tensor) {
  Argument argument;
  argument.data = tensor.raw_data();
  argument.sizes = tensor.shape().data();
  argument.numel = tensor.numel();
  argument.rank = static_cast<std::int32_t>(tensor.dim());
  argument.dtype = tensor.dtype();
  return argument;
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
    arguments.push_back(argumentOf(input));
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

/// Copies what hooks left in `tensors` to where the compiled function reads on.
void writeBack(const ModelImpl &model, const rune_hook_site &site, std::int32_t first, const Tensors &tensors,
               void *const *data, const std::int64_t *symbols) {
  const std::size_t count = static_cast<std::size_t>(site.tensor_count - first);
  const char *what = site.phase == 0 ? "inputs" : "outputs";
  const char *module = model.module(site.module).name;
  if (tensors.size() != count)
    throw Error(detail::join("a hook of '", module, "' left ", static_cast<std::int64_t>(tensors.size()), " ", what,
                             ", expected ", static_cast<std::int64_t>(count)));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i + static_cast<std::size_t>(first);
    const rune_value &value = site.tensors[at];
    const Shape shape = detail::value_shape(value, symbols);
    const Tensor &tensor = tensors[i];
    if (!tensor.defined())
      throw Error(detail::join("a hook of '", module, "' left an undefined tensor among its ", what));
    if (!(tensor.shape() == shape) || tensor.dtype() != static_cast<DType>(value.dtype))
      throw Error(detail::join("a hook of '", module, "' put a tensor of shape ", tensor.shape().str(), " and dtype ",
                               name(tensor.dtype()), " among its ", what, ", expected ", shape.str(), " and ",
                               name(static_cast<DType>(value.dtype))));
    // Unchanged memory is left alone: it may be the caller's own input.
    const auto bytes = static_cast<std::size_t>(tensor.nbytes());
    if (bytes > 0 && std::memcmp(data[at], tensor.raw_data(), bytes) != 0)
      std::memcpy(data[at], tensor.raw_data(), bytes);
  }
}

void runSite(HookContext &context, const rune_hook_site &site, void *const *data, const std::int64_t *symbols) {
  Tensors inputs, outputs;
  const std::int32_t input_count = site.phase == 0 ? site.tensor_count : site.input_count;
  for (std::int32_t i = 0; i < site.tensor_count; ++i)
    (i < input_count ? inputs : outputs).push_back(siteTensor(site.tensors[i], data[i], symbols));
  runHooks(context.model, site.module, site.phase, inputs, outputs);
  if (site.phase == 0)
    writeBack(context.model, site, 0, inputs, data, symbols);
  else
    writeBack(context.model, site, input_count, outputs, data, symbols);
}

} // namespace

Tensors Model::call_fused(std::int32_t entry, const Tensors &inputs) const {
  const rune_entry &found = findEntry(model(), entry);
  HookContext context(model(), found);
  return execute(model(), found, inputs, context, false);
}

Tensors Model::call(std::int32_t index, Tensors inputs) const {
  ModelImpl &impl = model();
  // In training mode forward is another function, which may update buffers.
  const bool trains = index == 0 && impl.training[0] && impl.table.training_forward;
  const rune_entry &entry = trains ? *impl.table.training_forward : findEntry(impl, index);
  HookContext context(impl, entry);
  const bool global = anyGlobalHook();
  if (impl.hooks->empty() && !global)
    return execute(impl, entry, inputs, context, false);
  // As in PyTorch, forward is a call of the model itself; its other functions are not.
  const bool is_forward = index == 0;
  Tensors outputs;
  if (is_forward)
    runHooks(impl, 0, 0, inputs, outputs);
  const bool inside = impl.table.module_count > 1 && (global || impl.hooks->any_besides(0));
  if (inside && !entry.hooked_function)
    throw Error(detail::join(entry.name, " was compiled without the places where hooks of its modules run"));
  outputs = execute(impl, entry, inputs, context, inside);
  if (is_forward)
    runHooks(impl, 0, 1, inputs, outputs);
  if (outputs.size() != static_cast<std::size_t>(entry.output_count))
    throw Error(detail::join("a hook of the model left ", static_cast<std::int64_t>(outputs.size()),
                             " outputs, expected ", entry.output_count));
  return outputs;
}

} // namespace rune

int32_t rune_run_hooks(void *opaque, int64_t site, void *const *tensors, const int64_t *symbols) {
  auto &context = *static_cast<rune::HookContext *>(static_cast<rune_context *>(opaque));
  const rune_hook_site &place = context.entry.hook_sites[site];
  if (place.module == 0)
    return RUNE_OK; // the call runs the model's own
  try {
    rune::runSite(context, place, tensors, symbols);
    return RUNE_OK;
  } catch (...) {
    context.failure = std::current_exception();
    return RUNE_HOOK_FAILED;
  }
}
