// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/c_api.h"

#include "rune/call.h"
#include "rune/safetensors.h"
#include "rune/trainer.h"

#include "SizeExpression.h"

#include <new>

struct rune_handle {
  explicit rune_handle(const rune_model &table) : model(table) {}
  rune::Model model;
};

struct rune_trainer {
  explicit rune_trainer(rune::Model &model) : trainer(model), entry(trainer.entry()) {
    const auto count = static_cast<std::size_t>(trainer.argument_count());
    arguments.resize(count);
    sizes.resize(count);
    for (std::size_t i = 0; i < count; ++i)
      sizes[i].resize(static_cast<std::size_t>(std::max(entry.inputs[i].rank, 0)));
  }
  const rune::detail::Argument *bind(const void *const *pointers, const int64_t *symbols);

  rune::Trainer trainer;
  const rune_entry &entry;
  std::vector<rune::detail::Argument> arguments;
  std::vector<std::vector<std::int64_t>> sizes;
};

struct rune_workspace {
  explicit rune_workspace(std::int64_t bytes) : memory(bytes) {}
  rune::Workspace memory;
};

namespace {

thread_local std::string last_error;

int32_t note(int32_t status, const char *message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();
  }
  return status;
}

template <typename F> int32_t guarded(F &&body) noexcept {
  try {
    body();
    return RUNE_C_OK;
  } catch (const rune::Error &error) {
    return note(RUNE_C_ERROR, error.what());
  } catch (const std::bad_alloc &) {
    return note(RUNE_C_NO_MEMORY, "out of memory");
  } catch (const std::exception &error) {
    return note(RUNE_C_INTERNAL, error.what());
  } catch (...) {
    return note(RUNE_C_INTERNAL, "unknown failure");
  }
}

template <typename T> T &given(T *pointer, const char *what) {
  if (!pointer)
    throw rune::Error(std::string(what) + " is null");
  return *pointer;
}

void checkSymbols(const rune_entry &entry, const int64_t *symbols) {
  if (entry.symbol_count > 0)
    given(symbols, "symbols");
  for (int32_t s = 0; s < entry.symbol_count; ++s)
    if (symbols[s] < 0)
      rune::detail::fail_size(entry, s, symbols[s]);
}

const rune_entry &checkedEntry(const rune_model &table, int32_t index, const int64_t *symbols) {
  if (index < 0 || index >= table.entry_count)
    throw rune::Error("the model has no entry " + std::to_string(index));
  checkSymbols(table.entries[index], symbols);
  return table.entries[index];
}

void forward(const rune::Model &model, const rune_entry &entry, const void *const *inputs, void *const *outputs,
             const int64_t *symbols, const rune::Workspace &workspace) {
  if (entry.input_count > 0)
    given(inputs, "inputs");
  if (entry.output_count > 0)
    given(outputs, "outputs");
  // On the stack for as many as models have; the rest pays an allocation.
  constexpr int32_t some = 16;
  const void *few[some];
  std::vector<const void *> many;
  const int32_t count = entry.input_count + entry.output_count;
  if (count > some)
    many.resize(static_cast<std::size_t>(count));
  const void **arguments = count > some ? many.data() : few;
  for (int32_t i = 0; i < count; ++i) {
    arguments[i] = i < entry.input_count ? inputs[i] : outputs[i - entry.input_count];
    rune::detail::check_pointer(entry, i, arguments[i], symbols);
  }
  rune::detail::run(entry, arguments, symbols, model.state(), workspace,
                    rune::detail::workspace_bytes(entry, symbols, false));
}

} // namespace

int32_t rune_model_create(const rune_model *model, rune_handle **handle) {
  return guarded([&] {
    given(handle, "handle") = nullptr;
    *handle = new rune_handle(given(model, "model"));
  });
}

void rune_model_destroy(rune_handle *handle) { delete handle; }

int32_t rune_model_reset_parameters(rune_handle *handle, uint64_t seed) {
  return guarded([&] { given(handle, "handle").model.reset_parameters(seed); });
}

int32_t rune_model_load(rune_handle *handle, const char *path) {
  return guarded([&] { given(handle, "handle").model.load_state_dict(rune::load_safetensors(&given(path, "path"))); });
}

int32_t rune_model_save(const rune_handle *handle, const char *path) {
  return guarded([&] { rune::save_safetensors(&given(path, "path"), given(handle, "handle").model.state_dict()); });
}

int32_t rune_model_forward(const rune_handle *handle, int32_t entry, const void *const *inputs, void *const *outputs,
                           const int64_t *symbols) {
  return guarded([&] {
    const rune::Model &model = given(handle, "handle").model;
    const rune_entry &checked = checkedEntry(model.table(), entry, symbols);
    const rune::Workspace workspace(rune::detail::workspace_bytes(checked, symbols, false));
    forward(model, checked, inputs, outputs, symbols, workspace);
  });
}

int32_t rune_workspace_create(const rune_handle *handle, int32_t entry, const int64_t *symbols,
                              rune_workspace **workspace) {
  return guarded([&] {
    given(workspace, "workspace") = nullptr;
    const rune_entry &checked = checkedEntry(given(handle, "handle").model.table(), entry, symbols);
    *workspace = new rune_workspace(rune::detail::workspace_bytes(checked, symbols, false));
  });
}

void rune_workspace_destroy(rune_workspace *workspace) { delete workspace; }

int32_t rune_model_forward_in(const rune_handle *handle, int32_t entry, const void *const *inputs, void *const *outputs,
                              const int64_t *symbols, rune_workspace *workspace) {
  return guarded([&] {
    const rune::Model &model = given(handle, "handle").model;
    const rune_entry &checked = checkedEntry(model.table(), entry, symbols);
    forward(model, checked, inputs, outputs, symbols, given(workspace, "workspace").memory);
  });
}

const rune::detail::Argument *rune_trainer::bind(const void *const *pointers, const int64_t *symbols) {
  given(pointers, "arguments");
  checkSymbols(entry, symbols);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const rune_value &value = entry.inputs[i];
    rune::detail::check_pointer(entry, static_cast<std::int32_t>(i), pointers[i], symbols);
    rune::detail::Argument &argument = arguments[i];
    argument.data = pointers[i];
    argument.rank = std::max(value.rank, 0);
    argument.dtype = static_cast<rune::DType>(value.dtype);
    argument.numel = 1;
    for (std::int32_t d = 0; d < argument.rank; ++d) {
      sizes[i][static_cast<std::size_t>(d)] = rune::detail::evaluate(value.dims[d], symbols);
      argument.numel *= sizes[i][static_cast<std::size_t>(d)];
    }
    argument.sizes = sizes[i].data();
  }
  return arguments.data();
}

int32_t rune_trainer_create(rune_handle *handle, rune_trainer **trainer) {
  return guarded([&] {
    given(trainer, "trainer") = nullptr;
    *trainer = new rune_trainer(given(handle, "handle").model);
  });
}

void rune_trainer_destroy(rune_trainer *trainer) { delete trainer; }

int32_t rune_trainer_step(rune_trainer *trainer, const void *const *arguments, const int64_t *symbols, double *loss) {
  return guarded([&] {
    rune_trainer &own = given(trainer, "trainer");
    const double value = own.trainer.step_with(own.bind(arguments, symbols));
    if (loss)
      *loss = value;
  });
}

int32_t rune_trainer_loss(rune_trainer *trainer, int32_t phase, const void *const *arguments, const int64_t *symbols,
                          double *loss) {
  return guarded([&] {
    rune_trainer &own = given(trainer, "trainer");
    const double value = own.trainer.loss_with(own.bind(arguments, symbols), phase);
    if (loss)
      *loss = value;
  });
}

int32_t rune_trainer_backward(rune_trainer *trainer, int32_t phase) {
  return guarded([&] { given(trainer, "trainer").trainer.backward(phase); });
}

int32_t rune_trainer_optimizer_step(rune_trainer *trainer, int32_t phase) {
  return guarded([&] { given(trainer, "trainer").trainer.optimizer_step(phase); });
}

int32_t rune_trainer_zero_grad(rune_trainer *trainer) {
  return guarded([&] { given(trainer, "trainer").trainer.zero_grad(); });
}

int32_t rune_trainer_evaluate(rune_trainer *trainer, const void *const *arguments, const int64_t *symbols, double *loss,
                              int64_t *correct) {
  return guarded([&] {
    rune_trainer &own = given(trainer, "trainer");
    const rune::Evaluation result = own.trainer.evaluate(own.bind(arguments, symbols));
    if (loss)
      *loss = result.loss;
    if (correct)
      *correct = result.correct;
  });
}

int32_t rune_trainer_manual_seed(rune_trainer *trainer, uint64_t seed) {
  return guarded([&] { given(trainer, "trainer").trainer.manual_seed(seed); });
}

int32_t rune_trainer_save(const rune_trainer *trainer, const char *path) {
  return guarded([&] { given(trainer, "trainer").trainer.save_checkpoint(&given(path, "path")); });
}

int32_t rune_trainer_load(rune_trainer *trainer, const char *path) {
  return guarded([&] { given(trainer, "trainer").trainer.load_checkpoint(&given(path, "path")); });
}

const char *rune_last_error(void) { return last_error.c_str(); }
