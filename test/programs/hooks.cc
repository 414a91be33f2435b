// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/hooked.yaml -o %t
// RUN: %asan -I %t %s %t/hooked.o -o %t/a && %t/a | diff %S/Inputs/hook_order.txt -
// RUN: %gxx -I %t %s %t/hooked.o %librune -o %t/g && %t/g | diff %S/Inputs/hook_order.txt -
// Hooks of a compiled model. The order of calls, with global hooks everywhere and hooks of some modules, is what
// PyTorch prints for the same model; everything else is checked here.

#include "Inputs/Expect.h"
#include "hooked.h"

#include <cstring>
#include <iostream>

using models::Hooked;
using rune::Module;
using rune::Tensor;
using rune::Tensors;

static bool same(const std::tuple<Tensor, Tensor> &a, const std::tuple<Tensor, Tensor> &b) {
  return rune::equal(std::get<0>(a), std::get<0>(b)) && rune::equal(std::get<1>(a), std::get<1>(b));
}

static void order(Hooked &net, const Tensor &x, const Tensor &y) {
  const auto before = [](const char *what) {
    return [what](Module &m, Tensors &in) { std::cout << what << " '" << m.name() << "' " << in.size() << '\n'; };
  };
  const auto after = [](const char *what) {
    return [what](Module &m, const Tensors &in, Tensors &out) {
      std::cout << what << " '" << m.name() << "' " << in.size() << ' ' << out.size() << '\n';
    };
  };
  std::vector<rune::RemovableHandle> handles = {rune::register_module_forward_pre_hook(before("global pre")),
                                                rune::register_module_forward_hook(after("global post"))};
  for (const char *name : {"h.3", "h.3.mlp.act", "swap", "shared", ""}) {
    handles.push_back(net.get_submodule(name).register_forward_pre_hook(before("pre")));
    handles.push_back(net.get_submodule(name).register_forward_hook(after("post")));
  }
  handles.push_back(net.shared.register_forward_pre_hook(before("pre first"), true));
  // Without inexact rules to leave out, both variants give the same bits.
  EXPECT(same(net(x, y), net.forward(x, y)));
  for (rune::RemovableHandle &handle : handles)
    handle.remove();
}

static void removal(Hooked &net, const Tensor &x, const Tensor &y) {
  std::string calls;
  const auto add = [&](char c) { return [&calls, c](Module &, Tensors &) { calls += c; }; };
  auto a = net.shared.register_forward_pre_hook(add('a'));
  auto b = net.shared.register_forward_pre_hook(add('b'));
  auto c = net.h[3].mlp.act.register_forward_pre_hook(add('c'));
  net(x, y);
  EXPECT(calls == "ababc"); // shared is called twice
  a.remove();
  calls.clear();
  net(x, y);
  EXPECT(calls == "bbc");
  auto d = net.shared.register_forward_pre_hook(add('d'), true);
  calls.clear();
  net(x, y);
  EXPECT(calls == "dbdbc");
  a.remove(), b.remove();
  calls.clear();
  net(x, y);
  EXPECT(calls == "ddc");
  // One that removes another in passing: that one still runs in this call of the module, as in PyTorch.
  auto e = net.shared.register_forward_pre_hook([&](Module &, Tensors &) { calls += 'e', d.remove(); }, true);
  calls.clear();
  net(x, y);
  EXPECT(calls == "edec");
  e.remove(), c.remove();
  calls.clear();
  net(x, y);
  EXPECT(calls.empty());
  auto unused = net.unused.register_forward_pre_hook(add('u')); // never called by the model
  net(x, y);
  EXPECT(calls.empty());
  unused.remove();
}

static void replacing(Hooked &net, const Tensor &x, const Tensor &y) {
  const auto plain = net.forward(x, y);
  const Tensor zeros = Tensor::zeros({2, 6});
  // Inputs of the model, by assignment and by return.
  auto swapped = net.register_forward_pre_hook([](Module &, Tensors &in) { std::swap(in[0], in[1]); });
  EXPECT(same(net(x, y), net.forward(y, x)));
  swapped.remove();
  auto both = net.register_forward_pre_hook([&](Module &, const Tensors &in) { return Tensors{zeros, in[1]}; });
  EXPECT(same(net(x, y), net.forward(zeros, y)));
  both.remove();
  // Of an inner module with several inputs: the same by one of its own.
  auto inner = net.swap.register_forward_pre_hook([](Module &, Tensors &in) { in = Tensors{in[1], in[0]}; });
  EXPECT(same(net(x, y), net.forward(y, x)));
  inner.remove();
  // Outputs of an inner module with several: swap(x, y) is (scale(y), x); its second goes to the model's second.
  auto second = net.swap.register_forward_hook([&](Module &, Tensors, Tensors &out) { out[1] = zeros; });
  EXPECT(rune::equal(std::get<1>(net(x, y)), zeros));
  EXPECT(rune::equal(std::get<1>(plain), x));
  second.remove();
  // A module that is called twice gets its hook twice, each with its own input.
  std::vector<Tensor> seen;
  auto chain = net.shared.register_forward_hook([&](Module &, Tensors in, Tensor &out) {
    seen.push_back(in[0]);
    seen.push_back(out);
    out = out.clone().fill_(static_cast<double>(seen.size()));
  });
  net(x, y);
  EXPECT(seen.size() == 4 && rune::equal(seen[2], Tensor::full({2, 6}, 2)));
  chain.remove();
  // List members: what h.3 gives is the model's first output, less its second.
  auto last = net.get_submodule("h.3").register_forward_hook([&](Module &, Tensors, Tensor &) { return zeros; });
  EXPECT(rune::equal(std::get<0>(net(x, y)), std::get<1>(plain)));
  // A later hook sees what an earlier one left.
  bool saw = false;
  auto later = net.h[3].register_forward_hook([&](Module &, Tensors, Tensor &out) { saw = rune::equal(out, zeros); });
  net(x, y);
  EXPECT(saw);
  last.remove(), later.remove();
  // Outputs of the model.
  auto root = net.register_forward_hook([&](Module &, Tensors, Tensors &out) { return Tensors{out[1], out[0]}; });
  const auto [p, q] = net(x, y);
  EXPECT(rune::equal(p, std::get<1>(plain)) && rune::equal(q, std::get<0>(plain)));
  root.remove();
  // The caller's tensors are the caller's, whatever an inner hook does in place.
  const Tensor kept = x.clone();
  auto in_place = net.swap.register_forward_pre_hook([](Module &, Tensors &in) { in[0].fill_(9), in[1].fill_(9); });
  EXPECT(rune::equal(std::get<1>(net(x, y)), Tensor::full({2, 6}, 9)));
  EXPECT(rune::equal(x, kept));
  in_place.remove();
  EXPECT(same(net(x, y), plain));
}

struct Custom : std::exception {
  int code = 0;
  explicit Custom(int code) : code(code) {}
};

static void throwing(Hooked &net, const Tensor &x, const Tensor &y) {
  std::string calls;
  const auto add = [&](char c) { return [&calls, c](Module &, Tensors &) { calls += c; }; };
  std::vector<rune::RemovableHandle> handles = {
      net.swap.register_forward_pre_hook(add('a')),
      net.h[0].register_forward_pre_hook([](Module &, Tensors &) { throw Custom(42); }),
      net.h[0].register_forward_pre_hook(add('b')),
      net.h[1].register_forward_pre_hook(add('c')),
      net.register_forward_hook([&](Module &, Tensors, Tensors &) { calls += 'd'; }),
  };
  // The exception comes out as it is, and nothing runs after it.
  int code = 0;
  try {
    net(x, y);
  } catch (const Custom &custom) {
    code = custom.code;
  }
  EXPECT(code == 42);
  EXPECT(calls == "a");
  for (rune::RemovableHandle &handle : handles)
    handle.remove();
  // What is no exception object travels too.
  auto number = net.h[2].mlp.down.register_forward_hook([](Module &, Tensors, Tensor &) { throw 7; });
  try {
    net(x, y);
    EXPECT(false);
  } catch (int value) {
    EXPECT(value == 7);
  }
  number.remove();
  const auto replace = [](Tensor with) { return [with](Module &, Tensors, Tensor &out) { out = with; }; };
  auto shape = net.h[1].register_forward_hook(replace(Tensor::zeros({3, 6})));
  expectError("a hook of 'h.1' put a tensor of shape [3, 6] and dtype f32 among its outputs, expected [2, 6] and f32",
              [&] { net(x, y); });
  shape.remove();
  auto dtype = net.h[1].register_forward_hook(replace(Tensor::zeros({2, 6}, rune::DType::f64)));
  expectError("a hook of 'h.1' put a tensor of shape [2, 6] and dtype f64 among its outputs, expected [2, 6] and f32",
              [&] { net(x, y); });
  dtype.remove();
  auto undefined = net.h[1].register_forward_hook(replace(Tensor()));
  expectError("a hook of 'h.1' left an undefined tensor among its outputs", [&] { net(x, y); });
  undefined.remove();
  auto one = net.swap.register_forward_hook([](Module &, Tensors, Tensor &) {});
  expectError("'swap' has 2 outputs: its forward hooks take rune::Tensors & in the place of rune::Tensor &",
              [&] { net(x, y); });
  one.remove();
  auto root = net.register_forward_hook([](Module &, Tensors, Tensors &out) { out.pop_back(); });
  expectError("a hook of the model left 1 outputs, expected 2", [&] { net(x, y); });
  root.remove();
  auto inputs = net.register_forward_pre_hook([](Module &, Tensors &in) { in.pop_back(); });
  expectError("forward: expected 2 inputs, but got 1", [&] { net(x, y); });
  inputs.remove();
  EXPECT(same(net(x, y), net.forward(x, y)));
}

int main() {
  Hooked net;
  net.reset_parameters(0);
  const Tensor x = Tensor::ones({2, 6}), y = Tensor::zeros({2, 6});
  order(net, x, y);
  removal(net, x, y);
  replacing(net, x, y);
  throwing(net, x, y);
}
