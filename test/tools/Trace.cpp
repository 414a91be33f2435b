// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Trace.h"

#include "SizeExpression.h"

#include "rune/rune.h"

#include <random>

using namespace rune;
using namespace rune::test;

namespace {

class Tracer {
public:
  Tracer(const rune_model &table, const Drawing &drawing) : table(table), drawing(drawing), model(table) {
    model.reset_parameters(1);
    for (auto &[name, parameter] : model.named_parameters())
      if (drawing.ranges.contains(name)) {
        Tensor values = parameter.tensor();
        draw(values, name);
        parameter.copy_(values);
      }
  }

  Trace run(int steps) {
    callEntries("");
    {
      std::vector<RemovableHandle> handles;
      for (auto &[name, module] : model.named_modules())
        handles.push_back(module.register_forward_hook([](Module &, const Tensors &, Tensors &) {}));
      callEntries("hooked ");
      if (table.training)
        gradients("hooked ");
      for (RemovableHandle &handle : handles)
        handle.remove();
    }
    if (table.training)
      train(steps);
    return std::move(trace);
  }

private:
  void record(const std::string &name, const Tensor &tensor) {
    Tensor whole = tensor.clone();
    trace.emplace_back(name, std::string(static_cast<const char *>(whole.raw_data()),
                                         static_cast<std::size_t>(whole.numel()) * item_size(whole.dtype())));
  }
  static std::size_t item_size(DType dtype) { return dtype == DType::f32 ? 4 : dtype == DType::boolean ? 1 : 8; }
  void record(const std::string &name, double value) {
    trace.emplace_back(name, std::string(reinterpret_cast<const char *>(&value), sizeof value));
  }

  void draw(const Tensor &tensor, const std::string &name) { drawing.fill(tensor, name, random); }

  std::vector<Tensor> drawArguments(const rune_entry &entry) {
    random.seed(7);
    std::vector<std::int64_t> symbols;
    for (std::int32_t i = 0; i < entry.symbol_count; ++i)
      symbols.push_back(drawing.sizes.at(entry.symbols[i]));
    std::vector<Tensor> arguments;
    for (std::int32_t i = 0; i < entry.input_count; ++i) {
      const rune_value &value = entry.inputs[i];
      arguments.push_back(Tensor::zeros(detail::value_shape(value, symbols.data()), static_cast<DType>(value.dtype)));
      draw(arguments.back(), value.name);
    }
    return arguments;
  }

  void callEntries(const std::string &how) {
    for (std::int32_t i = 0; i < table.entry_count; ++i) {
      model.manual_seed(3);
      Tensors inputs;
      for (Tensor &argument : drawArguments(table.entries[i]))
        inputs.push_back(argument);
      Tensors outputs = model.call(i, inputs);
      for (std::size_t k = 0; k < outputs.size(); ++k)
        record(how + table.entries[i].name + "." + std::to_string(k), outputs[k]);
    }
  }

  void gradients(const std::string &how) {
    Trainer trainer(model);
    const std::vector<Tensor> arguments = drawArguments(trainer.entry());
    for (std::int32_t phase = 0; phase < table.training->phase_count; ++phase) {
      trainer.manual_seed(5);
      record(how + "loss", trainer.loss_with(arguments, phase));
      trainer.backward(phase);
      for (auto &[name, tensor] : trainer.state_dict())
        record(how + "after backward: " + name, tensor);
      if (!how.empty())
        continue;
      for (std::int32_t i = 0; i < trainer.input_count(); ++i)
        if (const Tensor &input = arguments[static_cast<std::size_t>(i)];
            input.dtype() == DType::f64 || input.dtype() == DType::f32)
          record("gradient of input " + std::to_string(i), trainer.input_grad(trainer.entry().inputs[i].name, phase));
    }
  }

  void train(int steps) {
    gradients("");
    Trainer trainer(model);
    const std::vector<Tensor> arguments = drawArguments(trainer.entry());
    trainer.manual_seed(5);
    for (int step = 0; step < steps; ++step) {
      record("loss of step " + std::to_string(step), trainer.step_with(arguments));
      for (auto &[name, tensor] : trainer.state_dict())
        record("after step " + std::to_string(step) + " " + name, tensor);
    }
    // In pieces, too.
    for (std::int32_t phase = 0; phase < table.training->phase_count; ++phase) {
      trainer.zero_grad();
      record("loss in pieces", trainer.loss_with(arguments, phase));
      trainer.backward(phase);
      trainer.optimizer_step(phase);
    }
    trainer.metric(0.5);
    for (auto &[name, tensor] : trainer.state_dict())
      record("in pieces: " + name, tensor);
    const Evaluation evaluation = trainer.evaluate(arguments);
    record("evaluation", evaluation.loss);
    record("correct", static_cast<double>(evaluation.correct));
  }

  const rune_model &table;
  const Drawing &drawing;
  Model model;
  std::mt19937_64 random{7};
  Trace trace;
};

} // namespace

Trace rune::test::traceOf(const rune_model &table, const Drawing &drawing, int steps) {
  return Tracer(table, drawing).run(steps);
}
