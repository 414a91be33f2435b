// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/stateful.yaml -o %t
// RUN: %asan -I %t %s %t/stateful.o -o %t/a && %t/a %t | FileCheck %s
// RUN: %python %S/Inputs/list_safetensors.py %t/w.safetensors | FileCheck --check-prefix=FILE %s
// RUN: runec init %S/Inputs/stateful.yaml --seed 5 -o %t/init.safetensors && cmp %t/w.safetensors %t/init.safetensors
// RUN: rm %t/*.safetensors && %gxx -I %t %s %t/stateful.o %librune -o %t/g && %t/g %t | FileCheck %s
// What a model's state_dict holds, what load_state_dict refuses, and files of it; names, order and words are PyTorch's.

#include "stateful.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

using models::Stateful;
using rune::StateDict;
using rune::Tensor;

static void load(Stateful &net, const StateDict &state, bool strict = true) {
  try {
    const rune::IncompatibleKeys keys = net.load_state_dict(state, strict);
    std::cout << "missing:";
    for (const std::string &key : keys.missing_keys)
      std::cout << ' ' << key;
    std::cout << "; unexpected:";
    for (const std::string &key : keys.unexpected_keys)
      std::cout << ' ' << key;
    std::cout << '\n';
  } catch (const rune::Error &error) {
    std::cout << error.what() << '\n';
  }
}

static void keys(Stateful &net) {
  // CHECK: scale steps mask embed.weight norm.weight norm.bias norm.running_mean norm.running_var
  // CHECK-SAME: norm.num_batches_tracked head.weight head.bias dropped.weight dropped.bias
  for (auto &[name, tensor] : net.state_dict())
    std::cout << name << ' ';
  // CHECK-NEXT: scale embed.weight norm.weight norm.bias head.bias dropped.weight dropped.bias
  std::cout << '\n';
  for (auto &[name, p] : net.named_parameters())
    std::cout << name << ' ';
  // CHECK-NEXT: steps mask hidden norm.running_mean norm.running_var norm.num_batches_tracked
  std::cout << '\n';
  for (auto &[name, b] : net.named_buffers())
    std::cout << name << ' ';
  // CHECK-NEXT: frozen: dropped.weight dropped.bias
  std::cout << "\nfrozen:";
  for (auto &[name, p] : net.named_parameters())
    if (!p.requires_grad())
      std::cout << ' ' << name;
  // CHECK-NEXT: weight bias running_mean running_var num_batches_tracked
  std::cout << '\n';
  for (auto &[name, tensor] : net.norm.state_dict())
    std::cout << name << ' ';
  std::cout << '\n';
}

static void wrong(Stateful &net) {
  const StateDict good = net.state_dict();
  StateDict state = good;
  state.erase("norm.running_mean");
  state["extra.x"] = Tensor::zeros({1});
  state["hidden"] = Tensor::zeros({4});
  state["embed.weight"] = Tensor::zeros({6, 4});
  // CHECK-NEXT: Error(s) in loading state_dict for Stateful:
  // CHECK-NEXT: {{^}}	Missing key(s) in state_dict: "norm.running_mean". {{$}}
  // CHECK-NEXT: {{^}}	Unexpected key(s) in state_dict: "extra.x", "hidden". {{$}}
  // CHECK-NEXT: {{^}}	size mismatch for embed.weight: copying a param with shape torch.Size([6, 4]) from checkpoint,
  // CHECK-SAME: the shape in current model is torch.Size([4, 6]).{{$}}
  load(net, state);
  // CHECK-NEXT: Error(s) in loading state_dict for Stateful:
  // CHECK-NEXT: {{^}}	size mismatch for embed.weight:
  load(net, state, false);
  state = good;
  state.erase("head.weight");
  // CHECK-NEXT: Error(s) in loading state_dict for Stateful:
  // CHECK-NEXT: {{^}}	Missing key(s) in state_dict: "head.weight". {{$}}
  load(net, state);
  // CHECK-NEXT: missing: head.weight; unexpected:
  load(net, state, false);
  // Other dtypes are converted, one element fits a scalar; of the two names of a tied parameter the last one counts.
  state = good;
  state["steps"] = Tensor::full({}, 7.9, rune::DType::f64);
  state["mask"] = Tensor::from<float>({0, 2, 0, 1});
  state["scale"] = Tensor::from<std::int64_t>({5});
  state["embed.weight"] = Tensor::zeros({4, 6});
  state["head.weight"] = Tensor::ones({4, 6});
  // CHECK-NEXT: missing:; unexpected:
  // CHECK-NEXT: tensor(7) tensor([False,  True, False,  True]) tensor(5.) 1
  load(net, state);
  std::cout << net.steps << ' ' << net.mask << ' ' << net.scale.tensor() << ' '
            << net.embed.weight.tensor()[0][0].item<float>() << '\n';
  // A part of the model loads a part of the state.
  StateDict norm = net.norm.state_dict();
  norm["weight"] = Tensor::full({4}, 3);
  net.norm.load_state_dict(norm);
  // CHECK-NEXT: Parameter containing:
  // CHECK-NEXT: tensor([3., 3., 3., 3.], requires_grad=True)
  std::cout << net.norm.weight << '\n';
  net.load_state_dict(good);
}

static void lookups(Stateful &net) {
  const auto attempt = [](auto &&f) {
    try {
      f();
      std::cout << "no error\n";
    } catch (const rune::Error &error) {
      std::cout << error.what() << '\n';
    }
  };
  // CHECK-NEXT: Stateful has no attribute `nope`
  attempt([&] { net.get_submodule("nope"); });
  // CHECK-NEXT: Linear has no attribute `nope`
  attempt([&] { net.get_submodule("embed.nope"); });
  // CHECK-NEXT: `scale` is not an nn.Module
  attempt([&] { net.get_submodule("scale"); });
  // CHECK-NEXT: `steps` is not an nn.Parameter
  attempt([&] { net.get_parameter("steps"); });
  // CHECK-NEXT: Linear has no attribute `nope`
  attempt([&] { net.get_parameter("embed.nope"); });
  // CHECK-NEXT: `scale` is not a buffer
  attempt([&] { net.get_buffer("scale"); });
  // CHECK-NEXT: Stateful has no attribute `nope`
  attempt([&] { net.get_parameter("nope.x"); });
  // CHECK-NEXT: no tensor named "nope"
  attempt([&] { net.state_dict().at("nope"); });
}

static std::string read(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

static void files(Stateful &net, const std::filesystem::path &folder) {
  const std::filesystem::path path = folder / "w.safetensors";
  net.reset_parameters(5);
  net.eval();
  const Tensor x = Tensor::from<float>({1, -2, 3, -4, 5, -6}, {1, 6}), y = net(x);
  rune::save_safetensors(path, net.state_dict());
  Stateful other;
  other.eval();
  other.load_state_dict(rune::load_safetensors(path));
  // CHECK-NEXT: same 1 1, copies 0
  std::cout << "same " << rune::equal(other(x), y) << ' '
            << rune::equal(other.hidden.tensor(), net.hidden.tensor()) // not saved, yet not lost
            << ", copies " << other.head.weight.is(net.head.weight) << '\n';
  // Cut short anywhere, it is refused, and the model stays as it was.
  const std::string whole = read(path);
  int refused = 0, cuts = 0;
  for (std::size_t length = 0; length < whole.size(); length += 7, ++cuts) {
    std::ofstream(folder / "cut.safetensors", std::ios::binary) << whole.substr(0, length);
    try {
      other.load_state_dict(rune::load_safetensors(folder / "cut.safetensors"));
    } catch (const rune::Error &error) {
      refused += std::string(error.what()).starts_with((folder / "cut.safetensors").string() + ": byte ");
    }
  }
  // CHECK-NEXT: refused all 1, same 1
  std::cout << "refused all " << (refused == cuts && cuts > 100) << ", same " << rune::equal(other(x), y) << '\n';
  // One byte of the header changed at a time: refused, or other names or shapes, never a crash.
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  int fine = 0;
  for (std::size_t at = 0; at < 8 + header; at += 3) {
    std::string edited = whole;
    edited[at] = static_cast<char>(edited[at] ^ 0x15);
    std::ofstream(folder / "edited.safetensors", std::ios::binary) << edited;
    try {
      other.load_state_dict(rune::load_safetensors(folder / "edited.safetensors"));
    } catch (const rune::Error &) {
      ++fine;
    }
  }
  // CHECK-NEXT: edited 1, same 1
  std::cout << "edited " << (fine > 100) << ", same " << rune::equal(other(x), y) << '\n';
}

// FILE: norm.num_batches_tracked I64 [] 0
// FILE-NEXT: steps I64 [] 3
// FILE-NEXT: dropped.bias F32 [4]
// FILE-NEXT: dropped.weight F32 [4, 6]
// FILE-NEXT: embed.weight F32 [4, 6] [[FIRST:.*]]
// FILE-NEXT: head.bias F32 [4]
// FILE-NEXT: head.weight F32 [4, 6] [[FIRST]]
// FILE-NEXT: norm.bias F32 [4] 0.0
// FILE-NEXT: norm.running_mean F32 [4] 0.0
// FILE-NEXT: norm.running_var F32 [4] 1.0
// FILE-NEXT: norm.weight F32 [4] 1.0
// FILE-NEXT: scale F32 [] 2.0
// FILE-NEXT: mask BOOL [4] True
// FILE-NOT: {{.}}
int main(int, char **argv) {
  Stateful net;
  net.reset_parameters(1);
  keys(net);
  wrong(net);
  lookups(net);
  files(net, argv[1]);
}
