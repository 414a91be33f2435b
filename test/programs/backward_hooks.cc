// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/backward_hooks.yaml -o %t
// RUN: %asan -I %t %s %t/backward_hooks.o -o %t/a && %t/a %S/Inputs | diff %S/Inputs/backward_hooks.txt -
// RUN: %gxx -I %t %s %t/backward_hooks.o %librune -o %t/g && %t/g %S/Inputs | diff %S/Inputs/backward_hooks.txt -
// Hooks in training. Their order and what they see is what PyTorch's print for the same model; everything else is
// checked here.

#include "backward_hooks.h"
#include "Inputs/Expect.h"

#include <cmath>
#include <cstring>
#include <iostream>

using models::Net;
using rune::Module;
using rune::Tensor;
using rune::Tensors;

namespace {

float xs[] = {0.5F, -1, 2, 1.5F, 0.25F, -0.75F};
std::int64_t tokens[] = {1, 3};
float ys[] = {0.5F, -1};
const Tensor x = Tensor::view(xs, {2, 3}), token = Tensor::view(tokens, {2}), y = Tensor::view(ys, {2, 1});

std::string show(const Tensors &tensors) {
  std::string text;
  for (const Tensor &tensor : tensors)
    text += " " + (tensor.defined() ? tensor.shape().str() : "none");
  return text;
}

std::string pathOf(const Module &module) { return module.name().empty() ? "." : std::string(module.name()); }

void checkGradients(Net &net, const rune::StateDict &expected, const std::string &prefix) {
  for (auto &[name, parameter] : net.named_parameters()) {
    const Tensor grad = parameter.grad(), &wanted = expected.at(prefix + name);
    for (std::int64_t i = 0; i < wanted.numel(); ++i)
      if (!grad.defined() || !(std::fabs(grad.data<float>()[i] - wanted.data<float>()[i]) < 1e-6F)) {
        std::cout << "wrong: " << prefix << name << '\n';
        break;
      }
  }
}

void addAll(Tensor &tensor, float number) {
  for (float &element : tensor.span<float>())
    element += number;
}
void scaleAll(Tensor &tensor, float number) {
  for (float &element : tensor.span<float>())
    element *= number;
}

void order(const rune::StateDict &expected) {
  Net net;
  net.reset_parameters(0);
  Net::Trainer trainer(net);
  for (auto &[name, module] : net.named_modules()) {
    module.register_full_backward_pre_hook(
        [](Module &m, Tensors &out) { std::cout << "pre " << pathOf(m) << ":" << show(out) << '\n'; });
    module.register_full_backward_hook([](Module &m, Tensors &in, Tensors &out) {
      std::cout << "after " << pathOf(m) << ":" << show(in) << " |" << show(out) << '\n';
    });
    module.register_forward_pre_hook([](Module &m, Tensors &) { std::cout << "enter " << pathOf(m) << '\n'; });
    module.register_forward_hook([](Module &m, Tensors &, Tensors &) { std::cout << "leave " << pathOf(m) << '\n'; });
  }
  trainer.loss(x, token, y);
  trainer.backward();
  checkGradients(net, expected, "plain.");
}

void replacing(const rune::StateDict &expected) {
  Net net;
  net.reset_parameters(0);
  Net::Trainer trainer(net);
  net.block.act.register_full_backward_pre_hook([](Module &, Tensors &out) { scaleAll(out[0], 2); });
  net.mix.register_full_backward_hook([](Module &, Tensors &in, Tensors &) {
    addAll(in[0], 1);
    scaleAll(in[1], 3);
  });
  auto handle = net.first.register_full_backward_pre_hook([](Module &, Tensors &out) {
    Tensor other = out[0].clone();
    addAll(other, -0.5F);
    return other;
  });
  trainer.loss(x, token, y);
  trainer.backward();
  checkGradients(net, expected, "replaced.");

  handle.remove();
  handle = net.first.register_full_backward_hook([](Module &, Tensors &in, Tensors &) { EXPECT(!in[0].defined()); });
  auto wrong =
      net.last.register_full_backward_hook([](Module &, Tensors &in, Tensors &) { in[0] = Tensor::zeros({2, 5}); });
  trainer.loss(x, token, y);
  expectError("a hook of 'last' put a tensor of shape [2, 5] and dtype f32 among its gradients of inputs, expected "
              "[2, 4] and f32",
              [&] { trainer.backward(); });
  wrong.remove();
  wrong = net.last.register_full_backward_pre_hook([](Module &, Tensors &out) { out.clear(); });
  trainer.loss(x, token, y);
  expectError("a hook of 'last' left 0 gradients of outputs, expected 1", [&] { trainer.backward(); });
}

/// With hooks that change nothing, training goes through other code, to the same bits.
void sameBits() {
  Net plain, hooked;
  plain.reset_parameters(7);
  hooked.reset_parameters(7);
  Net::Trainer a(plain), b(hooked);
  long calls = 0;
  auto handle = rune::register_module_full_backward_hook([&](Module &, Tensors &, Tensors &) { ++calls; });
  for (int i = 0; i < 5; ++i)
    EXPECT(a.step(x, token, y) > 0);
  EXPECT(calls == 5 * 11);
  handle.remove();
  for (int i = 0; i < 5; ++i)
    b.step(x, token, y);
  EXPECT(calls == 5 * 11);
  for (auto &[name, tensor] : plain.state_dict())
    EXPECT(rune::equal(tensor, hooked.state_dict().at(name)));
  const Tensor before = plain.forward(x, token);
  a.step(x, token, y);
  EXPECT(!rune::equal(before, plain.forward(x, token)));
}

} // namespace

int main(int, char **arguments) {
  const rune::StateDict expected = rune::load_safetensors(std::string(arguments[1]) + "/backward_hooks.safetensors");
  order(expected);
  replacing(expected);
  sameBits();
  return 0;
}
