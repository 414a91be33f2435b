// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %specs/digits_mlp.yaml -o %t
// RUN: %gxx -O2 -I %t %s %t/digits_mlp.o %librune -o %t/g && %t/g %specs/data %t | FileCheck %s
// RUN: %asan -I %t %s %t/digits_mlp.o -o %t/a && %t/a %specs/data %t | FileCheck %s
// A training as a library call, whole and in pieces; losses and accuracy are PyTorch's.

#include "digits_mlp.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <new>

using models::DigitsMlp;
using rune::Tensor;

static long allocations = 0;

void *operator new(std::size_t size) {
  ++allocations;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

constexpr std::int64_t batch = 64;
Tensor images, labels;
std::int64_t batches = 0;

Tensor x(std::int64_t i) { return Tensor::view(images.data<float>() + i % batches * batch * 64, {batch, 64}); }
Tensor y(std::int64_t i) { return Tensor::view(labels.data<std::int64_t>() + i % batches * batch, {batch}); }

bool near(double a, double b, double tolerance) { return std::fabs(a - b) <= tolerance * std::fabs(b); }

bool same(const rune::StateDict &a, const rune::StateDict &b) {
  for (const auto &[name, tensor] : a)
    if (!rune::equal(tensor, b.at(name)))
      return false;
  return a.size() == b.size();
}

template <typename F> void refused(F &&body) {
  try {
    body();
    std::puts("accepted");
  } catch (const rune::Error &error) {
    std::puts(error.what());
  }
}

void whole(const rune::StateDict &test, const std::string &folder) {
  DigitsMlp net, pieces, restored;
  net.reset_parameters(0);
  pieces.reset_parameters(0);
  DigitsMlp::Trainer trainer(net), other(pieces);
  const double expected[] = {2.307162, 2.296945};
  bool right = true, alike = true;
  long before = 0;
  for (std::int64_t i = 0; i < 440; ++i) {
    const Tensor bx = x(i), by = y(i);
    if (i == 1)
      before = allocations;
    const float loss = trainer.step(bx, by);
    if (i == 1)
      before -= allocations;
    if (i < 2)
      right &= near(loss, expected[i], 1e-4);
    if (i == 21)
      right &= near(loss, 2.068799, 1e-4);
    if (i == 439)
      right &= near(loss, 0.149806, 1e-3);
    other.zero_grad();
    alike &= other.loss(bx, by) == loss;
    other.backward();
    other.optimizer_step();
    if (i == 30)
      trainer.save_checkpoint(folder + "/checkpoint.safetensors");
  }
  // CHECK: losses 1, pieces 1 1, 0 allocations, 440 steps, lr 0.001
  std::printf("losses %d, pieces %d %d, %ld allocations, %ld steps, lr %g\n", right, alike,
              same(net.state_dict(), pieces.state_dict()), before, static_cast<long>(trainer.steps()), trainer.lr());
  const rune::Evaluation result = trainer.evaluate(test.at("x"), test.at("label"));
  const Tensor logits = net(test.at("x"));
  // CHECK-NEXT: 337 right, loss 0.193
  std::printf("%ld right, loss %.3f\n", static_cast<long>(result.correct), std::floor(result.loss * 1000) / 1000);

  // From the checkpoint the same bits follow.
  DigitsMlp::Trainer again(restored);
  again.load_checkpoint(folder + "/checkpoint.safetensors");
  for (std::int64_t i = 31; i < 440; ++i)
    again.step(x(i), y(i));
  // CHECK-NEXT: resumed 1
  std::printf("resumed %d\n", same(net.state_dict(), restored.state_dict()));
}

void gradients() {
  DigitsMlp net;
  net.reset_parameters(1);
  DigitsMlp::Trainer trainer(net);
  // CHECK-NEXT: none at first 1
  std::printf("none at first %d\n", !net.fc1.weight.grad().defined());
  trainer.loss(x(0), y(0));
  trainer.backward();
  const Tensor once = net.fc1.weight.grad().clone();
  trainer.loss(x(0), y(0));
  trainer.backward();
  const Tensor twice = net.fc1.weight.grad();
  bool added = true;
  for (std::int64_t i = 0; i < once.numel(); ++i)
    added &= twice.data<float>()[i] == 2 * once.data<float>()[i];
  trainer.zero_grad();
  // CHECK-NEXT: added 1, none after zero_grad 1
  std::printf("added %d, none after zero_grad %d\n", added, !net.fc1.weight.grad().defined());

  // By an input: as the difference of losses says.
  Tensor moved = x(0).clone();
  const double low = trainer.loss(moved, y(0));
  const Tensor grad = trainer.input_grad("x");
  double slope = 0;
  for (std::int64_t i = 0; i < moved.numel(); ++i) {
    slope += grad.data<float>()[i] * grad.data<float>()[i];
    moved.data<float>()[i] += 0.5F * grad.data<float>()[i];
  }
  const double high = trainer.loss(moved, y(0));
  // CHECK-NEXT: input's gradient [64, 64] 1
  std::printf("input's gradient %s %d\n", grad.shape().str().c_str(), near(high - low, 0.5 * slope, 0.05));
  // CHECK-NEXT: the model has no floating input 'label'
  refused([&] { trainer.input_grad("label"); });
  trainer.step(x(0), y(0));
  // CHECK-NEXT: an input's gradient is that of a loss before the next update: call loss() first
  refused([&] { trainer.input_grad("x"); });
  // CHECK-NEXT: Trying to backward through the graph a second time, or without a loss before
  refused([&] { trainer.backward(); });
}

void frozen() {
  DigitsMlp net;
  net.reset_parameters(2);
  DigitsMlp::Trainer trainer(net);
  net.fc1.requires_grad_(false);
  const Tensor weight = net.fc1.weight.tensor().clone(), head = net.fc2.weight.tensor().clone();
  trainer.step(x(0), y(0));
  const bool kept = rune::equal(weight, net.fc1.weight.tensor()), changed = !rune::equal(head, net.fc2.weight.tensor());
  // CHECK-NEXT: frozen 1, its gradient 0, the rest moves 1
  std::printf("frozen %d, its gradient %d, the rest moves %d\n", kept, net.fc1.weight.grad().defined(), changed);
  net.fc1.requires_grad_(true);
  trainer.step(x(1), y(1));
  // CHECK-NEXT: thawed 1
  std::printf("thawed %d\n", !rune::equal(weight, net.fc1.weight.tensor()));
}

void sizes(const rune::StateDict &test) {
  DigitsMlp net;
  net.reset_parameters(3);
  DigitsMlp::Trainer trainer(net);
  // Batches of any size, ranges as well as tensors; inference in between sees the same parameters.
  const Tensor all = test.at("x");
  std::vector<float> few(all.data<float>(), all.data<float>() + 5 * 64);
  const std::vector<std::int64_t> digits(test.at("label").data<std::int64_t>(),
                                         test.at("label").data<std::int64_t>() + 5);
  const float first = trainer.step(few, digits);
  trainer.step(x(0), y(0));
  float last = 0;
  for (int i = 0; i < 50; ++i)
    last = trainer.step(few, digits);
  const Tensor logits = net(Tensor::view(few.data(), {5, 64}));
  // CHECK-NEXT: learns 1 [5, 10]
  std::printf("learns %d %s\n", last < 0.5F * first, logits.shape().str().c_str());
  // CHECK-NEXT: {{.*}}label{{.*}}
  refused([&] { trainer.step(few, std::vector<std::int64_t>(4)); });
  std::vector<std::int64_t> wild(digits);
  wild[2] = 10;
  // CHECK-NEXT: {{.*}}out of {{range|bounds}}
  refused([&] { trainer.step(few, wild); });
}

void c(const rune::StateDict &test) {
  digits_mlp *model = nullptr;
  digits_mlp_trainer *trainer = nullptr;
  double loss = 0, evaluated = 0;
  std::int64_t correct = 0;
  bool fine = digits_mlp_create(&model) == 0 && digits_mlp_reset_parameters(model, 0) == 0 &&
              digits_mlp_trainer_create(model, &trainer) == 0;
  for (std::int64_t i = 0; i < 2; ++i)
    fine &= digits_mlp_trainer_step(trainer, x(i).data<float>(), y(i).data<std::int64_t>(), batch, &loss) == 0;
  fine &= digits_mlp_trainer_evaluate(trainer, test.at("x").data<float>(), test.at("label").data<std::int64_t>(),
                                      test.at("x").shape()[0], &evaluated, &correct) == 0;
  // CHECK-NEXT: C 1 1 1
  std::printf("C %d %d %d\n", fine, near(loss, 2.296945, 1e-4), correct > 0);
  const std::int32_t status = digits_mlp_trainer_step(trainer, nullptr, y(0).data<std::int64_t>(), batch, &loss);
  // CHECK-NEXT: 1 {{.*}}'x'{{.*}}
  std::printf("%d %s\n", status == RUNE_C_ERROR, digits_mlp_last_error());
  digits_mlp_trainer_destroy(trainer);
  digits_mlp_destroy(model);
}

} // namespace

int main(int, char **argv) {
  const std::string data = argv[1];
  const rune::StateDict train = rune::load_safetensors(data + "/digits-train.safetensors"),
                        test = rune::load_safetensors(data + "/digits-test.safetensors");
  images = train.at("x");
  labels = train.at("label");
  batches = images.shape()[0] / batch;
  whole(test, argv[2]);
  gradients();
  frozen();
  sizes(test);
  c(test);
}
