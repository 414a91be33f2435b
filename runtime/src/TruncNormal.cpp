// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// torch.nn.init.trunc_normal_: whole draws, of which each element keeps the first value that lies within [a, b].

#include "NormalFill.h"
#include "Text.h"
#include "rune/init.h"

#include <cmath>
#include <cstring>

namespace rune::init {
namespace {

double normalCdf(double x) { return (1.0 + std::erf(x / std::sqrt(2.0))) / 2.0; }

template <typename T>
void byRejection(T *data, std::int64_t count, Generator &generator, double mean, double std, double a, double b) {
  const T low = static_cast<T>(a), high = static_cast<T>(b);
  const auto outside = [&](T x) { return x < low || x > high; };
  const auto any_outside = [&] {
    bool any = false;
    for (std::int64_t i = 0; i < count; ++i)
      any |= outside(data[i]);
    return any;
  };
  detail::normal_fill(data, count, mean, std, generator);
  std::vector<T> again(static_cast<std::size_t>(count));
  while (any_outside()) {
    detail::normal_fill(again.data(), count, mean, std, generator);
    for (std::int64_t i = 0; i < count; ++i)
      if (outside(data[i]))
        data[i] = again[static_cast<std::size_t>(i)];
  }
}

/// Proposals from the whole of [a, b], accepted by their density: for an interval where few normal values lie.
template <typename T>
void byUniformProposals(T *data, std::int64_t count, Generator &generator, double mean, double std, double a,
                        double b) {
  const double mode = std::max(a, std::min(mean, b));
  const T log_peak = static_cast<T>(-0.5 * std::pow((mode - mean) / std, 2.0));
  const T m = static_cast<T>(mean), s = static_cast<T>(std);
  const auto n = static_cast<std::size_t>(count);
  std::vector<char> pending(n, 1);
  Tensor proposals = Tensor::empty({count}, dtype_of<T>), accept = Tensor::empty({count}, dtype_of<T>);
  for (bool any = true; any;) {
    uniform_(proposals, generator, a, b);
    uniform_(accept, generator);
    const T *p = proposals.data<T>(), *u = accept.data<T>();
    any = false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!pending[i])
        continue;
      data[i] = p[i];
      const T z = (p[i] - m) / s;
      const T log_density = z * z * static_cast<T>(-0.5) - log_peak;
      // In double, then rounded: PyTorch's vectorised log is within an ulp of that.
      pending[i] = static_cast<T>(std::log(static_cast<double>(u[i]))) > log_density;
      any |= pending[i] != 0;
    }
  }
}

} // namespace

void trunc_normal_(Tensor tensor, Generator &generator, double mean, double std, double a, double b) {
  if (!(std >= 0))
    throw Error("normal expects std >= 0.0, but found std " + detail::text(std));
  if (!(a <= b))
    throw Error("trunc_normal_ needs a <= b");
  const double p = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
  const auto fill = [&](auto *data) {
    if (p > 0.3)
      byRejection(data, tensor.numel(), generator, mean, std, a, b);
    else
      byUniformProposals(data, tensor.numel(), generator, mean, std, a, b);
  };
  if (tensor.dtype() == DType::f32)
    fill(tensor.data<float>());
  else
    fill(tensor.data<double>());
}

} // namespace rune::init
