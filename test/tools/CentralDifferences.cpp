// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CentralDifferences.h"

#include "SizeExpression.h"

#include "rune/rune.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>
#include <vector>

using namespace rune;
using namespace rune::test;

namespace {

// Of a function whose derivatives are of the size of its values, both errors of a central difference, step² and
// 2⁻⁵² / step, are then below 1e-10.
constexpr double step = 1e-5, tolerance = 1e-6;
constexpr std::int64_t mostElements = 200; // of one tensor

class Comparison {
public:
  Comparison(const rune_model &table, const Drawing &drawing) : model(table), trainer(model), drawing(drawing) {
    model.reset_parameters(1);
    for (auto &[name, parameter] : model.named_parameters())
      if (drawing.ranges.contains(name)) {
        Tensor values = parameter.tensor();
        draw(values, name);
        parameter.copy_(values);
      }
    const rune_entry &entry = trainer.entry();
    std::vector<std::int64_t> symbols;
    for (std::int32_t i = 0; i < entry.symbol_count; ++i)
      symbols.push_back(drawing.sizes.at(entry.symbols[i]));
    for (std::int32_t i = 0; i < trainer.argument_count(); ++i) {
      const rune_value &value = entry.inputs[i];
      arguments.push_back(Tensor::zeros(detail::value_shape(value, symbols.data()), static_cast<DType>(value.dtype)));
      draw(arguments.back(), value.name);
    }
  }

  std::int64_t run() {
    trainer.manual_seed(5);
    trainer.loss_with(arguments);
    trainer.backward();
    for (auto &[name, parameter] : model.named_parameters())
      if (parameter.requires_grad())
        gradients.emplace_back(name, parameter.grad().clone());
    for (std::int32_t i = 0; i < trainer.input_count(); ++i)
      if (arguments[static_cast<std::size_t>(i)].dtype() == DType::f64)
        gradients.emplace_back("", trainer.input_grad(trainer.entry().inputs[i].name));
    std::int64_t compared = 0;
    std::size_t at = 0;
    for (auto &[name, parameter] : model.named_parameters())
      if (parameter.requires_grad())
        compared += compare(name, parameter.tensor(), gradients[at++].second,
                            [&parameter](const Tensor &values) { parameter.copy_(values); });
    for (std::int32_t i = 0; i < trainer.input_count(); ++i)
      if (Tensor &input = arguments[static_cast<std::size_t>(i)]; input.dtype() == DType::f64)
        compared += compare(trainer.entry().inputs[i].name, input, gradients[at++].second, [](const Tensor &) {});
    return compared;
  }

private:
  void draw(const Tensor &tensor, const std::string &name) { drawing.fill(tensor, name, random); }

  template <typename Apply> double lossAt(Tensor &tensor, std::int64_t i, double shift, Apply apply) {
    double &element = tensor.data<double>()[i];
    const double before = element;
    element += shift;
    apply(tensor);
    trainer.manual_seed(5); // what is random is drawn alike
    const double loss = trainer.loss_with(arguments);
    element = before;
    apply(tensor);
    return loss;
  }

  /// `apply` puts changed values in force.
  template <typename Apply>
  std::int64_t compare(const std::string &name, Tensor tensor, const Tensor &gradient, Apply apply) {
    double scale = 1;
    for (double one : gradient.span<double>())
      scale = std::max(scale, std::fabs(one));
    const std::int64_t stride = std::max<std::int64_t>(1, tensor.numel() / mostElements);
    std::int64_t compared = 0;
    for (std::int64_t i = 0; i < tensor.numel(); i += stride, ++compared) {
      const double high = lossAt(tensor, i, step, apply), low = lossAt(tensor, i, -step, apply);
      const double slope = (high - low) / (2 * step), computed = gradient.data<double>()[i];
      if (!(std::fabs(slope - computed) <= tolerance * scale)) {
        std::ostringstream text;
        text.precision(12);
        text << "element " << i << " of '" << name << "' " << tensor.shape().str() << ", " << tensor.data<double>()[i]
             << ": the gradient is " << computed << ", the difference says " << slope;
        throw Error(text.str());
      }
    }
    return compared;
  }

  Model model;
  Trainer trainer;
  const Drawing &drawing;
  std::mt19937_64 random{7};
  std::vector<Tensor> arguments;
  std::vector<std::pair<std::string, Tensor>> gradients;
};

} // namespace

std::int64_t rune::test::compareGradients(const rune_model &table, const Drawing &drawing) {
  return Comparison(table, drawing).run();
}
