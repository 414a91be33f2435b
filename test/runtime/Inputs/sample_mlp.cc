// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an object file holds that the compiler made, written by hand: Linear(6, 5), ReLU, Linear(5, 3), with the first
// weight kept in panels of 4.

#include <rune/table.h>

#include <cstdint>
#include <cstring>

namespace {

constexpr std::int64_t In = 6, Hidden = 5, Out = 3, Lanes = 4;
// fc1.weight in panels, then row-major, fc1.bias, fc2.weight, fc2.bias: each at a multiple of 64 bytes.
constexpr std::int64_t W1Panels = 0, W1 = 192, B1 = 320, W2 = 384, B2 = 448, StateBytes = 512;

const float *at(const void *state, std::int64_t offset) {
  return reinterpret_cast<const float *>(static_cast<const char *>(state) + offset);
}

void fc1(const void *state, const float *x, float *h, std::int64_t batch) {
  const float *w = at(state, W1Panels), *b = at(state, B1);
  for (std::int64_t i = 0; i < batch; ++i)
    for (std::int64_t n = 0; n < Hidden; ++n) {
      float sum = b[n];
      for (std::int64_t k = 0; k < In; ++k)
        sum += x[i * In + k] * w[(n / Lanes * In + k) * Lanes + n % Lanes];
      h[i * Hidden + n] = sum;
    }
}

void fc2(const void *state, const float *h, float *y, std::int64_t batch) {
  const float *w = at(state, W2), *b = at(state, B2);
  for (std::int64_t i = 0; i < batch; ++i)
    for (std::int64_t n = 0; n < Out; ++n) {
      float sum = b[n];
      for (std::int64_t k = 0; k < Hidden; ++k)
        sum += h[i * Hidden + k] * w[n * Hidden + k];
      y[i * Out + n] = sum;
    }
}

void relu(const float *x, float *y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    y[i] = x[i] > 0 ? x[i] : 0;
}

std::int32_t fused(const void *const *arguments, const std::int64_t *symbols, const void *state, void *workspace,
                   void *) {
  auto *h = static_cast<float *>(workspace);
  fc1(state, static_cast<const float *>(arguments[0]), h, symbols[0]);
  relu(h, h, symbols[0] * Hidden);
  fc2(state, h, static_cast<float *>(const_cast<void *>(arguments[1])), symbols[0]);
  return RUNE_OK;
}

/// Every module has its own memory for its inputs and outputs.
std::int32_t hooked(const void *const *arguments, const std::int64_t *symbols, const void *state, void *workspace,
                    void *context) {
  const std::int64_t batch = symbols[0];
  auto *x = static_cast<float *>(workspace);
  float *h = x + batch * In, *h2 = h + batch * Hidden, *a = h2 + batch * Hidden, *a2 = a + batch * Hidden;
  float *y = a2 + batch * Hidden;
  std::memcpy(x, arguments[0], static_cast<std::size_t>(batch * In) * sizeof(float));
  const auto site = [&](std::int64_t index, float *first, float *second) {
    void *const tensors[] = {first, second};
    return rune_run_hooks(context, index, tensors, symbols);
  };
  if (const std::int32_t status = site(0, x, nullptr))
    return status;
  fc1(state, x, h, batch);
  if (const std::int32_t status = site(1, x, h))
    return status;
  std::memcpy(h2, h, static_cast<std::size_t>(batch * Hidden) * sizeof(float));
  if (const std::int32_t status = site(2, h2, nullptr))
    return status;
  relu(h2, a, batch * Hidden);
  if (const std::int32_t status = site(3, h2, a))
    return status;
  std::memcpy(a2, a, static_cast<std::size_t>(batch * Hidden) * sizeof(float));
  if (const std::int32_t status = site(4, a2, nullptr))
    return status;
  fc2(state, a2, y, batch);
  if (const std::int32_t status = site(5, a2, y))
    return status;
  std::memcpy(const_cast<void *>(arguments[1]), y, static_cast<std::size_t>(batch * Out) * sizeof(float));
  return RUNE_OK;
}

const rune_module_info modules[] = {
    {"", "", "SampleMlp", "", -1, RUNE_PLAIN},
    {"fc1", "fc1", "Linear", "in_features=6, out_features=5, bias=True", 0, RUNE_PLAIN},
    {"act", "act", "ReLU", "", 0, RUNE_PLAIN},
    {"fc2", "fc2", "Linear", "in_features=5, out_features=3, bias=True", 0, RUNE_PLAIN}};

const std::int64_t w1_shape[] = {Hidden, In}, b1_shape[] = {Hidden}, w2_shape[] = {Out, Hidden}, b2_shape[] = {Out};
const rune_storage w1[] = {{W1Panels, RUNE_PANELS, Lanes, 1, Hidden, In, 0, In, 1},
                           {W1, RUNE_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0}};
const rune_storage b1[] = {{B1, RUNE_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0}};
const rune_storage w2[] = {{W2, RUNE_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0}};
const rune_storage b2[] = {{B2, RUNE_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0}};
const rune_member members[] = {
    {"fc1.weight", RUNE_PARAMETER, RUNE_F32, 2, 1, 0, RUNE_TRAINABLE, w1_shape, w1, 2, 0},
    {"fc1.bias", RUNE_PARAMETER, RUNE_F32, 1, 1, 1, RUNE_TRAINABLE, b1_shape, b1, 1, 0},
    {"fc2.weight", RUNE_PARAMETER, RUNE_F32, 2, 3, 2, RUNE_TRAINABLE, w2_shape, w2, 1, 0},
    {"fc2.bias", RUNE_PARAMETER, RUNE_F32, 1, 3, 3, RUNE_TRAINABLE, b2_shape, b2, 1, 0},
};

constexpr double Sqrt5 = 2.23606797749979;
constexpr double Bound1 = 0.4082482904638631; // 1 / sqrt(6)
constexpr double Bound2 = 0.4472135954999579; // 1 / sqrt(5)
const rune_init_step init_steps[] = {
    {0, RUNE_KAIMING_UNIFORM, {Sqrt5, 0, 0, 0}, "leaky_relu", nullptr, nullptr, 0, 0, 0, 0},
    {1, RUNE_UNIFORM, {-Bound1, Bound1, 0, 0}, nullptr, nullptr, nullptr, 0, 0, 0, 0},
    {2, RUNE_KAIMING_UNIFORM, {Sqrt5, 0, 0, 0}, "leaky_relu", nullptr, nullptr, 0, 0, 0, 0},
    {3, RUNE_UNIFORM, {-Bound2, Bound2, 0, 0}, nullptr, nullptr, nullptr, 0, 0, 0, 0},
};

const std::int64_t batch_code[] = {RUNE_SYMBOL, 0};
const std::int64_t in_code[] = {RUNE_PUSH, In}, hidden_code[] = {RUNE_PUSH, Hidden}, out_code[] = {RUNE_PUSH, Out};
const std::int64_t bytes_code[] = {RUNE_PUSH, 32, RUNE_SYMBOL, 0, RUNE_MUL};
const std::int64_t hooked_code[] = {RUNE_PUSH, 4 * (In + 4 * Hidden + Out), RUNE_SYMBOL, 0, RUNE_MUL};
const rune_expr x_dims[] = {{batch_code, 2}, {in_code, 2}}, h_dims[] = {{batch_code, 2}, {hidden_code, 2}};
const rune_expr y_dims[] = {{batch_code, 2}, {out_code, 2}};
const char *const symbols[] = {"batch"};
const rune_value inputs[] = {{"x", RUNE_F32, 2, x_dims}};
const rune_value outputs[] = {{"output", RUNE_F32, 2, y_dims}};
const rune_value fc1_tensors[] = {{"input", RUNE_F32, 2, x_dims}, {"output", RUNE_F32, 2, h_dims}};
const rune_value act_tensors[] = {{"input", RUNE_F32, 2, h_dims}, {"output", RUNE_F32, 2, h_dims}};
const rune_value fc2_tensors[] = {{"input", RUNE_F32, 2, h_dims}, {"output", RUNE_F32, 2, y_dims}};
const rune_hook_site sites[] = {{1, 0, 1, 1, fc1_tensors, nullptr, 0, 0}, {1, 1, 2, 1, fc1_tensors, nullptr, 0, 0},
                                {2, 0, 1, 1, act_tensors, nullptr, 0, 0}, {2, 1, 2, 1, act_tensors, nullptr, 0, 0},
                                {3, 0, 1, 1, fc2_tensors, nullptr, 0, 0}, {3, 1, 2, 1, fc2_tensors, nullptr, 0, 0}};
const rune_entry entries[] = {{"forward",
                               symbols,
                               inputs,
                               outputs,
                               nullptr,
                               sites,
                               1,
                               1,
                               1,
                               0,
                               6,
                               0,
                               fused,
                               {bytes_code, 5},
                               hooked,
                               {hooked_code, 5}}};

} // namespace

extern "C" const rune_model sample_mlp_model;
const rune_model sample_mlp_model = {RUNE_TABLE_VERSION,
                                     RUNE_F32,
                                     "SampleMlp",
                                     StateBytes,
                                     modules,
                                     members,
                                     init_steps,
                                     entries,
                                     4,
                                     4,
                                     4,
                                     1,
                                     nullptr,
                                     nullptr};
