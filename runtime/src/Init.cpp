// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/init.h"

#include "NormalFill.h"
#include "Text.h"

#include <cmath>

namespace rune::init {
namespace {

struct Fans {
  std::int64_t in, out;
};

Fans calculateFans(const Tensor &tensor) {
  if (tensor.dim() < 2)
    throw Error("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  std::int64_t receptive_field = 1;
  for (std::size_t d = 2; d < tensor.shape().size(); ++d)
    receptive_field *= tensor.shape()[d];
  return {tensor.shape()[1] * receptive_field, tensor.shape()[0] * receptive_field};
}

template <typename F> void visitFloating(Tensor &tensor, F &&f) {
  if (tensor.dtype() == DType::f32)
    return f(tensor.data<float>());
  if (tensor.dtype() == DType::f64)
    return f(tensor.data<double>());
  throw Error(detail::join("random initialisation needs a floating tensor, but found ", name(tensor.dtype())));
}

double kaimingStd(const Tensor &tensor, double a, FanMode mode, std::string_view nonlinearity) {
  const Fans fans = calculateFans(tensor);
  const std::int64_t fan = mode == FanMode::fan_in ? fans.in : fans.out;
  return calculate_gain(nonlinearity, a) / std::sqrt(static_cast<double>(fan));
}

double xavierStd(const Tensor &tensor, double gain) {
  const Fans fans = calculateFans(tensor);
  return gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out));
}

} // namespace

double calculate_gain(std::string_view nonlinearity, std::optional<double> param) {
  for (std::string_view linear :
       {"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"})
    if (nonlinearity == linear)
      return 1;
  if (nonlinearity == "tanh")
    return 5.0 / 3;
  if (nonlinearity == "relu")
    return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu")
    return std::sqrt(2.0 / (1 + std::pow(param.value_or(0.01), 2.0)));
  if (nonlinearity == "selu")
    return 3.0 / 4;
  throw Error("Unsupported nonlinearity " + std::string(nonlinearity));
}

void uniform_(Tensor tensor, Generator &generator, double a, double b) {
  if (!(a <= b))
    throw Error("uniform_ expects to return a [from, to) range, but found from=" + detail::text(a) +
                " > to=" + detail::text(b));
  visitFloating(tensor, [&]<typename T>(T *data) {
    const T from = static_cast<T>(a), to = static_cast<T>(b);
    for (std::int64_t i = 0, n = tensor.numel(); i < n; ++i) {
      T x;
      if constexpr (std::is_same_v<T, float>)
        x = generator.uniform_f32();
      else
        x = generator.uniform_f64();
      data[i] = std::fma(x, to - from, from);
    }
  });
}

void normal_(Tensor tensor, Generator &generator, double mean, double std) {
  if (!(std >= 0))
    throw Error("normal expects std >= 0.0, but found std " + detail::text(std));
  visitFloating(tensor, [&](auto *data) { detail::normal_fill(data, tensor.numel(), mean, std, generator); });
}

void constant_(Tensor tensor, double value) { tensor.fill_(value); }
void ones_(Tensor tensor) { tensor.fill_(1); }
void zeros_(Tensor tensor) { tensor.fill_(0); }

void eye_(Tensor tensor) {
  if (tensor.dim() != 2)
    throw Error("Only tensors with 2 dimensions are supported");
  tensor.zero_();
  for (std::int64_t i = 0; i < std::min(tensor.size(0), tensor.size(1)); ++i)
    tensor[i][i].fill_(1);
}

void dirac_(Tensor tensor, std::int64_t groups) {
  const std::int64_t rank = tensor.dim();
  if (rank < 3 || rank > 5)
    throw Error("Only tensors with 3, 4, or 5 dimensions are supported");
  if (groups < 1 || tensor.size(0) % groups != 0)
    throw Error("dim 0 must be divisible by groups");
  const std::int64_t per_group = tensor.size(0) / groups;
  tensor.zero_();
  if (tensor.numel() == 0)
    return;
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t d = 0; d < std::min(per_group, tensor.size(1)); ++d) {
      Tensor kernel = tensor[g * per_group + d][d];
      while (kernel.dim() > 0)
        kernel = kernel[kernel.size(0) / 2];
      kernel.fill_(1);
    }
}

void xavier_uniform_(Tensor tensor, Generator &generator, double gain) {
  const double bound = std::sqrt(3.0) * xavierStd(tensor, gain);
  uniform_(tensor, generator, -bound, bound);
}

void xavier_normal_(Tensor tensor, Generator &generator, double gain) {
  normal_(tensor, generator, 0, xavierStd(tensor, gain));
}

void kaiming_uniform_(Tensor tensor, Generator &generator, double a, FanMode mode, std::string_view nonlinearity) {
  if (tensor.numel() == 0)
    return;
  const double bound = std::sqrt(3.0) * kaimingStd(tensor, a, mode, nonlinearity);
  uniform_(tensor, generator, -bound, bound);
}

void kaiming_normal_(Tensor tensor, Generator &generator, double a, FanMode mode, std::string_view nonlinearity) {
  if (tensor.numel() == 0)
    return;
  normal_(tensor, generator, 0, kaimingStd(tensor, a, mode, nonlinearity));
}

std::vector<std::int64_t> randperm(std::int64_t n, Generator &generator) {
  if (n < 0)
    throw Error(detail::join("n must be non-negative, got ", n));
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i)
    order[static_cast<std::size_t>(i)] = i;
  // Past this size one 32-bit draw would favour some positions.
  const bool wide = n >= INT64_C(0xffffffff) / 20;
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    const std::uint64_t draw = wide ? generator.random64() : generator.random();
    const auto z = static_cast<std::size_t>(draw % static_cast<std::uint64_t>(n - i));
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(i) + z]);
  }
  return order;
}

void sparse_(Tensor tensor, Generator &generator, double sparsity, double std) {
  if (tensor.dim() != 2)
    throw Error("Only tensors with 2 dimensions are supported");
  const std::int64_t rows = tensor.size(0), cols = tensor.size(1);
  // Slicing with more than there is takes all, with a negative count all but as many.
  auto zeros = static_cast<std::int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
  zeros = zeros < 0 ? std::max<std::int64_t>(0, rows + zeros) : std::min(zeros, rows);
  normal_(tensor, generator, 0, std);
  visitFloating(tensor, [&](auto *data) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const std::vector<std::int64_t> order = randperm(rows, generator);
      for (std::int64_t i = 0; i < zeros; ++i)
        data[order[static_cast<std::size_t>(i)] * cols + c] = 0;
    }
  });
}

} // namespace rune::init
