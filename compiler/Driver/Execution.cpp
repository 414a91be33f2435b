// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/Execution.h"

#include "Driver/RunArguments.h"
#include "Driver/TrainLoop.h"
#include "Emit/Tables.h"

#include "rune/rune.h"

#include <algorithm>
#include <cstdio>
#include <exception>

using namespace rune;

namespace {

enum Status { Success = 0, InputError = 1, UsageError = 2, Interrupted = 130 };

void reportError(const std::string &message) { std::fprintf(stderr, "runec: error: %s\n", message.c_str()); }

/// Errors of the runtime (files, shapes, indices) become messages.
template <typename Body> int guarded(Body body) {
  try {
    return body();
  } catch (const std::exception &error) {
    reportError(error.what());
    return InputError;
  }
}

/// The entry's inputs from the file, in order; complains of every one that is missing.
bool readInputs(const rune_entry &entry, const std::string &path, Tensors &inputs) {
  StateDict file = load_safetensors(path);
  bool complete = true;
  for (int32_t i = 0; i < entry.input_count; ++i) {
    std::string name = entry.inputs[i].name;
    if (file.contains(name)) {
      inputs.push_back(file.at(name));
      continue;
    }
    std::string names;
    for (const auto &tensor : file)
      names += (names.empty() ? "" : ", ") + tensor.first;
    reportError("'" + path + "' has no tensor for the input '" + name + "'; it has: " + names);
    complete = false;
  }
  return complete;
}

} // namespace

struct Execution::State {
  State(const ModelDescription &description, Lookup lookup) : tables(description, std::move(lookup)) {}

  int run(const RunArguments &arguments);

  Tables tables;
};

Execution::Execution(const ModelDescription &description, Lookup lookup)
    : state(std::make_unique<State>(description, std::move(lookup))) {}

Execution::~Execution() = default;

int Execution::initialise(uint64_t seed, const std::string &output) {
  return guarded([&] {
    Model model(state->tables.model());
    model.reset_parameters(seed);
    save_safetensors(output, model.state_dict());
    return Success;
  });
}

std::optional<std::string> Execution::stateBytes(const std::string &weights) {
  std::optional<std::string> bytes;
  guarded([&] {
    Model model(state->tables.model());
    model.reset_parameters(0);
    if (!weights.empty())
      model.load_state_dict(load_safetensors(weights));
    bytes.emplace(static_cast<const char *>(model.state()), static_cast<size_t>(state->tables.model().state_bytes));
    return Success;
  });
  return bytes;
}

int Execution::run(const RunArguments &arguments) {
  return guarded([&] { return state->run(arguments); });
}

int Execution::train(const TrainArguments &arguments, const SpecFingerprint &fingerprint) {
  return guarded([&] {
    Model model(state->tables.model());
    if (arguments.weights.empty())
      model.reset_parameters(arguments.seed);
    else
      model.load_state_dict(load_safetensors(arguments.weights));
    TrainLoop loop(model, arguments, fingerprint);
    if (loop.run() == TrainLoop::End::Done)
      return Success;
    std::fprintf(stderr, "runec: interrupted; the same command with --resume goes on from here\n");
    return Interrupted;
  });
}

int Execution::State::run(const RunArguments &arguments) {
  const rune_model &table = tables.model();
  int32_t index = 0;
  while (index < table.entry_count && arguments.entry != table.entries[index].name)
    ++index;
  if (index == table.entry_count) {
    std::string names;
    for (int32_t i = 0; i < table.entry_count; ++i)
      names += std::string(i ? ", " : "") + table.entries[i].name;
    reportError("no entry point '" + arguments.entry + "'; the model has: " + names);
    return UsageError;
  }
  Model model(table);
  if (arguments.seed)
    model.reset_parameters(*arguments.seed);
  else
    model.load_state_dict(load_safetensors(arguments.weights));
  const rune_entry &entry = table.entries[index];
  Tensors inputs;
  if (!readInputs(entry, arguments.inputs, inputs))
    return InputError;
  model.manual_seed(arguments.seed.value_or(0));
  Tensors outputs = model.call_fused(index, inputs);
  StateDict file;
  for (int32_t i = 0; i < entry.output_count; ++i)
    file.insert(entry.outputs[i].name, outputs[i]);
  // The table does not say what is written: the description does.
  StateDict state = model.state_dict();
  for (const std::string &name : tables.description().entries[index].writes)
    if (state.contains(name))
      file.insert("buffer." + name, state.at(name));
  save_safetensors(arguments.outputs, file);
  return Success;
}

bool rune::hasCotangent(const std::string &path) {
  try {
    StateDict file = load_safetensors(path);
    return std::any_of(file.begin(), file.end(),
                       [](const auto &tensor) { return tensor.first.rfind("grad_output", 0) == 0; });
  } catch (const std::exception &) {
    return false; // told when the inputs are read
  }
}
