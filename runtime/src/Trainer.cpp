// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TrainerImpl.h"

#include "HookContext.h"
#include "SizeExpression.h"
#include "Text.h"

#include <cstring>

namespace rune {

using detail::Argument;
using detail::join;

namespace {

const rune_training &trainingOf(const rune_model &table) {
  if (!table.training)
    throw Error(join("the specification of ", table.name, " has no `training` with an optimizer"));
  return *table.training;
}

std::int64_t bytesOf(const rune_value &value, const std::int64_t *symbols) {
  std::int64_t bytes = itemsize(static_cast<DType>(value.dtype));
  for (std::int32_t d = 0; d < value.rank; ++d)
    bytes *= detail::evaluate(value.dims[d], symbols);
  return (bytes + 63) / 64 * 64;
}

} // namespace

Trainer::Impl::Impl(Model &owner)
    : model(owner.handle()), training(trainingOf(model->table)), arena(detail::allocate_zeroed(training.bytes)),
      has_gradient(static_cast<std::size_t>(model->table.member_count)) {
  std::size_t most = 8, symbol_count = 1;
  saved.resize(static_cast<std::size_t>(training.phase_count));
  for (std::int32_t p = 0; p < training.phase_count; ++p) {
    const rune_phase &one = training.phases[p];
    for (const rune_entry *entry :
         {one.loss, one.backward, one.update, one.step, one.input_gradients, one.hooked_loss, one.hooked_backward})
      if (entry) {
        most = std::max(most, static_cast<std::size_t>(entry->input_count + entry->output_count));
        symbol_count = std::max(symbol_count, static_cast<std::size_t>(entry->symbol_count + 1));
      }
    taking_part.resize(std::max(taking_part.size(), static_cast<std::size_t>(one.parameter_count)));
    saved[static_cast<std::size_t>(p)].pointers.resize(static_cast<std::size_t>(one.loss->output_count - 1));
  }
  arguments.resize(most);
  symbols.resize(symbol_count);
  const auto count = static_cast<std::size_t>(training.phases[0].loss->input_count);
  inputs.resize(count);
  integers.resize(count);
  held.resize(count);
  given.resize(count);
  context.training = arena.get();
  model->gradients = this;
  initialise();
}

Trainer::Impl::~Impl() {
  if (model->gradients == this)
    model->gradients = nullptr;
}

template <typename T> static void fill(void *to, std::int64_t count, double value) {
  for (std::int64_t i = 0; i < count; ++i)
    static_cast<T *>(to)[i] = static_cast<T>(value);
}

/// Every slot at its first value; an average at its parameter's.
void Trainer::Impl::initialise() {
  for (std::int32_t i = 0; i < training.slot_count; ++i) {
    const rune_slot &slot = training.slots[i];
    const Shape shape(slot.shape, static_cast<std::size_t>(slot.rank));
    const auto dtype = static_cast<DType>(slot.dtype);
    if (slot.kind == RUNE_AVERAGE)
      detail::write_storages(slot.storages, slot.storage_count, arena.get(), detail::read_member(*model, slot.member));
    else if (slot.initial != 0)
      detail::write_storages(slot.storages, slot.storage_count, arena.get(), Tensor::full(shape, slot.initial, dtype));
  }
}

const rune_phase &Trainer::Impl::phase(std::int32_t index) const {
  if (index < 0 || index >= training.phase_count)
    throw Error(join("the specification has no phase ", std::int64_t{index}));
  return training.phases[index];
}

Tensor Trainer::Impl::gradient(std::int32_t member) const {
  if (!has_gradient[static_cast<std::size_t>(member)])
    return {};
  for (std::int32_t i = 0; i < training.slot_count; ++i) {
    const rune_slot &slot = training.slots[i];
    if (slot.kind == RUNE_GRADIENT && slot.member == member)
      return detail::read_storage(slot.storages[0], Shape(slot.shape, static_cast<std::size_t>(slot.rank)),
                                  static_cast<DType>(slot.dtype), arena.get());
  }
  return {};
}

std::int64_t &Trainer::Impl::counter(const char *name, std::int32_t index) const {
  static std::int64_t none = 0;
  for (std::int32_t i = 0; i < training.slot_count; ++i) {
    const rune_slot &slot = training.slots[i];
    if (slot.kind == RUNE_COUNTER && slot.phase == index && std::strcmp(slot.name, name) == 0)
      return *static_cast<std::int64_t *>(at(slot.storages[0].offset));
  }
  none = 0;
  return none;
}

void Trainer::Impl::bind(const Argument *list) {
  const rune_entry &entry = *training.phases[0].loss;
  detail::bind_inputs(entry, list, symbols.data());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = list[i].data;
    if (entry.inputs[i].rank >= 0)
      continue;
    std::memcpy(&integers[i], list[i].data, sizeof(std::int64_t));
    inputs[i] = &integers[i];
  }
}

void Trainer::Impl::call(const rune_entry &entry, rune_context &call_context) {
  const std::int64_t needed = detail::workspace_bytes(entry, symbols.data(), false);
  if (needed > workspace.size())
    workspace = Workspace(needed);
  if (entry.hook_site_count > 0) {
    detail::HookContext hooks(*model, entry, call_context, /*runs_root=*/true);
    const std::int32_t status = entry.function(arguments.data(), symbols.data(), model->state.get(), workspace.data(),
                                               static_cast<rune_context *>(&hooks));
    if (hooks.failure)
      std::rethrow_exception(hooks.failure);
    if (status != RUNE_OK)
      detail::fail_status(entry, status, symbols.data());
    return;
  }
  const std::int32_t status =
      entry.function(arguments.data(), symbols.data(), model->state.get(), workspace.data(), &call_context);
  if (status != RUNE_OK)
    detail::fail_status(entry, status, symbols.data());
}

/// Calls a function of the inputs and targets whose first outputs are a loss, and, of a step, the learning rate.
double Trainer::Impl::lossOf(const rune_entry &entry) {
  double wide = 0;
  float narrow = 0;
  const bool is_double = entry.outputs[0].dtype == RUNE_F64;
  std::copy(inputs.begin(), inputs.end(), arguments.begin());
  arguments[inputs.size()] = is_double ? static_cast<const void *>(&wide) : &narrow;
  if (entry.output_count > 1)
    arguments[inputs.size() + 1] = &lr;
  ++context.draw;
  call(entry, context);
  return is_double ? wide : static_cast<double>(narrow);
}

/// Memory for what the loss leaves to its backward.
void Trainer::Impl::place(SavedValues &values, const rune_entry &entry) {
  std::int64_t total = 0;
  for (std::int32_t i = 1; i < entry.output_count; ++i)
    total += bytesOf(entry.outputs[i], symbols.data());
  if (total > values.capacity) {
    values.memory.reset(detail::allocate(total));
    values.capacity = total;
  }
  char *next = static_cast<char *>(values.memory.get());
  for (std::int32_t i = 1; i < entry.output_count; ++i) {
    values.pointers[static_cast<std::size_t>(i - 1)] = next;
    next += bytesOf(entry.outputs[i], symbols.data());
  }
}

bool Trainer::Impl::isHooked() const { return !model->hooks->empty() || detail::any_global_hook(); }

double Trainer::Impl::loss(std::int32_t index) {
  const rune_phase &one = phase(index);
  SavedValues &values = saved[static_cast<std::size_t>(index)];
  values.present = false;
  values.hooked = isHooked();
  if (values.hooked && !one.hooked_loss)
    throw Error("the model was compiled without the places where hooks of its modules run");
  const rune_entry &entry = values.hooked ? *one.hooked_loss : *one.loss;
  values.pointers.resize(static_cast<std::size_t>(entry.output_count - 1));
  place(values, entry);
  double wide = 0;
  float narrow = 0;
  const bool is_double = entry.outputs[0].dtype == RUNE_F64;
  std::copy(inputs.begin(), inputs.end(), arguments.begin());
  arguments[inputs.size()] = is_double ? static_cast<const void *>(&wide) : &narrow;
  std::copy(values.pointers.begin(), values.pointers.end(),
            arguments.begin() + static_cast<std::ptrdiff_t>(inputs.size()) + 1);
  ++context.draw;
  values.context = context;
  call(entry, context);
  values.present = values.current = true;
  return is_double ? wide : static_cast<double>(narrow);
}

void Trainer::Impl::backward(std::int32_t index) {
  const rune_phase &one = phase(index);
  SavedValues &values = saved[static_cast<std::size_t>(index)];
  if (!values.present)
    throw Error("Trying to backward through the graph a second time, or without a loss before");
  values.present = false;
  std::copy(inputs.begin(), inputs.end(), arguments.begin());
  std::copy(values.pointers.begin(), values.pointers.end(),
            arguments.begin() + static_cast<std::ptrdiff_t>(inputs.size()));
  call(values.hooked ? *one.hooked_backward : *one.backward, values.context);
  for (std::int32_t i = 0; i < one.parameter_count; ++i)
    has_gradient[static_cast<std::size_t>(one.parameters[i])] |=
        model->requires_grad[static_cast<std::size_t>(one.parameters[i])];
  // A parameter that was frozen at run time has no gradient.
  for (std::int32_t i = 0; i < training.slot_count; ++i) {
    const rune_slot &slot = training.slots[i];
    if (slot.kind == RUNE_GRADIENT && slot.phase == index &&
        !model->requires_grad[static_cast<std::size_t>(slot.member)])
      detail::write_storages(
          slot.storages, slot.storage_count, arena.get(),
          Tensor::zeros(Shape(slot.shape, static_cast<std::size_t>(slot.rank)), static_cast<DType>(slot.dtype)));
  }
}

void Trainer::Impl::forgetLosses() {
  for (SavedValues &values : saved)
    values.present = values.current = false;
}

Tensor Trainer::Impl::inputGradient(const std::string &input, std::int32_t index) {
  const rune_entry *entry = phase(index).input_gradients;
  std::int32_t wanted = 0;
  while (entry && wanted < entry->output_count && input != entry->outputs[wanted].name)
    ++wanted;
  if (!entry || wanted == entry->output_count)
    throw Error(join("the model has no floating input '", input, "'"));
  SavedValues &values = saved[static_cast<std::size_t>(index)];
  if (!values.current)
    throw Error("an input's gradient is that of a loss before the next update: call loss() first");
  Tensors gradients;
  std::copy(inputs.begin(), inputs.end(), arguments.begin());
  for (std::int32_t i = 0; i < entry->output_count; ++i) {
    std::vector<std::int64_t> sizes;
    for (std::int32_t d = 0; d < entry->outputs[i].rank; ++d)
      sizes.push_back(detail::evaluate(entry->outputs[i].dims[d], symbols.data()));
    gradients.push_back(Tensor::empty(Shape(std::move(sizes)), static_cast<DType>(entry->outputs[i].dtype)));
    arguments[inputs.size() + static_cast<std::size_t>(i)] = gradients.back().raw_data();
  }
  call(*entry, values.context);
  return gradients[static_cast<std::size_t>(wanted)];
}

void Trainer::Impl::update(std::int32_t index) {
  const rune_phase &one = phase(index);
  for (std::int32_t i = 0; i < one.parameter_count; ++i) {
    const auto member = static_cast<std::size_t>(one.parameters[i]);
    taking_part[static_cast<std::size_t>(i)] = has_gradient[member] && model->requires_grad[member];
  }
  forgetLosses();
  arguments[0] = taking_part.data();
  arguments[1] = &lr;
  call(*one.update, context);
}

bool Trainer::Impl::isFused() const {
  if (isHooked())
    return false;
  for (std::int32_t p = 0; p < training.phase_count; ++p) {
    const rune_phase &one = training.phases[p];
    if (!one.step)
      return false;
    for (std::int32_t i = 0; i < one.parameter_count; ++i)
      if (!model->requires_grad[static_cast<std::size_t>(one.parameters[i])])
        return false;
  }
  return true;
}

void Trainer::Impl::clearGradients() {
  for (std::int32_t i = 0; i < training.slot_count; ++i) {
    const rune_slot &slot = training.slots[i];
    if (slot.kind != RUNE_GRADIENT || !has_gradient[static_cast<std::size_t>(slot.member)])
      continue;
    std::int64_t bytes = itemsize(static_cast<DType>(slot.dtype));
    for (std::int32_t d = 0; d < slot.rank; ++d)
      bytes *= slot.shape[d];
    std::memset(at(slot.storages[0].offset), 0, static_cast<std::size_t>(bytes));
  }
  std::fill(has_gradient.begin(), has_gradient.end(), 0);
}

//===----------------------------------------------------------------------===//
// Trainer
//===----------------------------------------------------------------------===//

Trainer::Trainer(Model &model) : impl_(std::make_unique<Impl>(model)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer &&) noexcept = default;
Trainer &Trainer::operator=(Trainer &&) noexcept = default;

std::int32_t Trainer::accumulate() const { return impl_->training.phases[0].accumulate; }
std::int32_t Trainer::input_count() const { return impl_->training.input_count; }
std::int32_t Trainer::argument_count() const { return static_cast<std::int32_t>(impl_->inputs.size()); }
const rune_entry &Trainer::entry() const { return *impl_->training.phases[0].loss; }

static void checkCount(const rune_entry &entry, std::size_t count) {
  if (count != static_cast<std::size_t>(entry.input_count))
    throw Error(join("training takes ", std::int64_t{entry.input_count}, " inputs and targets, but got ",
                     static_cast<std::int64_t>(count)));
}

double Trainer::step_with(std::span<const Tensor> arguments) {
  checkCount(entry(), arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    impl_->given[i] = detail::argument_of(arguments[i]);
  return step_with(impl_->given.data());
}

double Trainer::step_with(const Argument *arguments) {
  Impl &impl = *impl_;
  impl.bind(arguments);
  double total = 0;
  if (impl.isFused()) {
    impl.clearGradients();
    impl.forgetLosses();
    for (std::int32_t p = 0; p < impl.training.phase_count; ++p)
      total += impl.lossOf(*impl.training.phases[p].step);
    return total;
  }
  for (std::int32_t p = 0; p < impl.training.phase_count; ++p) {
    if (impl.accumulated == 0)
      impl.clearGradients();
    total += impl.loss(p);
    impl.backward(p);
    if (impl.accumulated + 1 >= impl.training.phases[p].accumulate)
      impl.update(p);
  }
  impl.accumulated = (impl.accumulated + 1) % impl.training.phases[0].accumulate;
  return total;
}

double Trainer::loss_with(std::span<const Tensor> arguments, std::int32_t phase) {
  checkCount(entry(), arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    impl_->held[i] = arguments[i];
    impl_->given[i] = detail::argument_of(impl_->held[i]);
  }
  return loss_with(impl_->given.data(), phase);
}

double Trainer::loss_with(const Argument *arguments, std::int32_t phase) {
  impl_->bind(arguments);
  return impl_->loss(phase);
}

void Trainer::backward(std::int32_t phase) { impl_->backward(phase); }
void Trainer::optimizer_step(std::int32_t phase) { impl_->update(phase); }
void Trainer::zero_grad() { impl_->clearGradients(); }

Tensor Trainer::input_grad(const std::string &input, std::int32_t phase) { return impl_->inputGradient(input, phase); }

Evaluation Trainer::evaluate(std::span<const Tensor> arguments) {
  checkCount(entry(), arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    impl_->given[i] = detail::argument_of(arguments[i]);
  return evaluate(impl_->given.data());
}

Evaluation Trainer::evaluate(const Argument *arguments) {
  Impl &impl = *impl_;
  impl.forgetLosses();
  impl.bind(arguments);
  const rune_entry &function = *impl.training.evaluate;
  Evaluation result;
  double wide = 0;
  float narrow = 0;
  const bool is_double = function.outputs[0].dtype == RUNE_F64;
  std::copy(impl.inputs.begin(), impl.inputs.end(), impl.arguments.begin());
  impl.arguments[impl.inputs.size()] = is_double ? static_cast<const void *>(&wide) : &narrow;
  if (function.output_count > 1)
    impl.arguments[impl.inputs.size() + 1] = &result.correct;
  impl.call(function, impl.context);
  result.loss = is_double ? wide : static_cast<double>(narrow);
  return result;
}

std::int64_t Trainer::steps(std::int32_t phase) const { return impl_->counter("step", phase); }
double Trainer::lr() const { return impl_->lr; }

void Trainer::set_epoch(std::int64_t epoch) {
  for (std::int32_t p = 0; p < impl_->training.phase_count; ++p)
    impl_->counter("epoch", p) = epoch;
}

void Trainer::metric(double value) {
  for (std::int32_t p = 0; p < impl_->training.phase_count; ++p)
    if (const rune_entry *entry = impl_->training.phases[p].metric) {
      impl_->arguments[0] = &value;
      impl_->call(*entry, impl_->context);
    }
}

void Trainer::manual_seed(std::uint64_t seed) {
  impl_->context.seed = seed;
  impl_->context.draw = 0;
}

} // namespace rune
