// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// torch.nn.init.orthogonal_: Q of the QR factorisation of a normal matrix, with R's diagonal made positive.

#include "rune/init.h"

#include <cmath>

namespace rune::init {
namespace {

using Column = double *;

double dot(const double *a, const double *b, std::int64_t n) {
  double sums[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int lane = 0; lane < 8; ++lane)
      sums[lane] += a[i + lane] * b[i + lane];
  for (; i < n; ++i)
    sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void axpy(double scale, const double *x, double *y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i)
    y[i] += scale * x[i];
}

/// Householder's factorisation of a tall matrix of contiguous columns, which Q replaces. Column k of Q is multiplied
/// by the sign of R's k-th diagonal element.
void factorise(std::vector<double> &matrix, std::int64_t rows, std::int64_t cols) {
  const auto column = [&](std::int64_t k) { return matrix.data() + k * rows; };
  std::vector<double> diagonal(static_cast<std::size_t>(cols)), beta(static_cast<std::size_t>(cols));
  for (std::int64_t k = 0; k < cols; ++k) {
    const auto at = static_cast<std::size_t>(k);
    Column v = column(k) + k;
    const std::int64_t n = rows - k;
    const double tail = n > 1 ? dot(v + 1, v + 1, n - 1) : 0;
    if (tail == 0) { // nothing to reflect
      diagonal[at] = v[0];
      beta[at] = 0;
      v[0] = 1;
      continue;
    }
    const double norm = std::sqrt(v[0] * v[0] + tail);
    diagonal[at] = v[0] > 0 ? -norm : norm;
    v[0] -= diagonal[at];
    beta[at] = 2 / (v[0] * v[0] + tail);
    for (std::int64_t j = k + 1; j < cols; ++j)
      axpy(-beta[at] * dot(v, column(j) + k, n), v, column(j) + k, n);
  }
  for (std::int64_t k = cols; k-- > 0;) {
    const auto at = static_cast<std::size_t>(k);
    Column v = column(k) + k;
    const std::int64_t n = rows - k;
    for (std::int64_t j = k + 1; j < cols; ++j)
      axpy(-beta[at] * dot(v, column(j) + k, n), v, column(j) + k, n);
    // This column: the k-th unit vector, reflected.
    const double scale = -beta[at] * v[0];
    const double head = 1 + scale * v[0];
    for (std::int64_t i = 0; i < k; ++i)
      column(k)[i] = 0;
    for (std::int64_t i = 1; i < n; ++i)
      v[i] *= scale;
    v[0] = head;
  }
  for (std::int64_t k = 0; k < cols; ++k) {
    const double sign = diagonal[static_cast<std::size_t>(k)];
    for (std::int64_t i = 0; i < rows; ++i)
      column(k)[i] *= sign > 0 ? 1.0 : sign < 0 ? -1.0 : 0.0;
  }
}

template <typename T> void fill(T *data, std::int64_t rows, std::int64_t cols, double gain) {
  const bool wide = rows < cols;
  const std::int64_t tall = wide ? cols : rows, narrow = wide ? rows : cols;
  std::vector<double> matrix(static_cast<std::size_t>(rows * cols));
  const auto element = [&](std::int64_t r, std::int64_t c) -> T & { return data[wide ? c * cols + r : r * cols + c]; };
  for (std::int64_t c = 0; c < narrow; ++c)
    for (std::int64_t r = 0; r < tall; ++r)
      matrix[static_cast<std::size_t>(c * tall + r)] = element(r, c);
  factorise(matrix, tall, narrow);
  for (std::int64_t c = 0; c < narrow; ++c)
    for (std::int64_t r = 0; r < tall; ++r)
      element(r, c) = static_cast<T>(matrix[static_cast<std::size_t>(c * tall + r)]) * static_cast<T>(gain);
}

} // namespace

void orthogonal_(Tensor tensor, Generator &generator, double gain) {
  if (tensor.dim() < 2)
    throw Error("Only tensors with 2 or more dimensions are supported");
  if (tensor.numel() == 0)
    return;
  normal_(tensor, generator, 0, 1);
  const std::int64_t rows = tensor.size(0), cols = tensor.numel() / rows;
  if (tensor.dtype() == DType::f32)
    fill(tensor.data<float>(), rows, cols, gain);
  else
    fill(tensor.data<double>(), rows, cols, gain);
}

} // namespace rune::init
