// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// torch.nn.init: each function fills a tensor (f32 or f64) with the bits that PyTorch's would, given a generator in
// the same state. orthogonal_ agrees to about 1e-5 only, as it goes through a QR factorisation.

#ifndef RUNE_INIT_H
#define RUNE_INIT_H

#include "rune/generator.h"
#include "rune/tensor.h"

#include <optional>
#include <string_view>
#include <vector>

namespace rune::init {

enum class FanMode { fan_in, fan_out };

double calculate_gain(std::string_view nonlinearity, std::optional<double> param = std::nullopt);

void uniform_(Tensor tensor, Generator &generator, double a = 0, double b = 1);
void normal_(Tensor tensor, Generator &generator, double mean = 0, double std = 1);
void trunc_normal_(Tensor tensor, Generator &generator, double mean = 0, double std = 1, double a = -2, double b = 2);
void constant_(Tensor tensor, double value);
void ones_(Tensor tensor);
void zeros_(Tensor tensor);
void eye_(Tensor tensor);
void dirac_(Tensor tensor, std::int64_t groups = 1);
void xavier_uniform_(Tensor tensor, Generator &generator, double gain = 1);
void xavier_normal_(Tensor tensor, Generator &generator, double gain = 1);
void kaiming_uniform_(Tensor tensor, Generator &generator, double a = 0, FanMode mode = FanMode::fan_in,
                      std::string_view nonlinearity = "leaky_relu");
void kaiming_normal_(Tensor tensor, Generator &generator, double a = 0, FanMode mode = FanMode::fan_in,
                     std::string_view nonlinearity = "leaky_relu");
void orthogonal_(Tensor tensor, Generator &generator, double gain = 1);
void sparse_(Tensor tensor, Generator &generator, double sparsity, double std = 0.01);

/// torch.randperm.
std::vector<std::int64_t> randperm(std::int64_t n, Generator &generator);

} // namespace rune::init

#endif // RUNE_INIT_H
