// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: rm -rf %t && runec build %S/Inputs/entries.yaml -o %t
// RUN: runec build %S/Inputs/entries.yaml -o %t --dtype=f64 --stem=entries64 --class=wide::Entries
// RUN: %asan -I %t %s %t/entries.o %t/entries64.o -o %t/a && %t/a | FileCheck %s
// RUN: %gxx -O2 -I %t %s %t/entries.o %t/entries64.o %librune -o %t/g && %t/g | FileCheck %s
// Every way to call an entry: several dynamic sizes, run-time integers, tuples, functions, all dtypes; and what is
// refused.

#include "entries.h"
#include "entries64.h"

#include <iostream>

using models::Entries;
using rune::DType;
using rune::Tensor;

template <typename F> static void attempt(F &&f) {
  try {
    f();
    std::cout << "no error\n";
  } catch (const rune::Error &error) {
    std::cout << error.what() << '\n';
  }
}

static Tensor ramp(rune::Shape shape, DType dtype = DType::f32) {
  Tensor result = Tensor::empty(std::move(shape), DType::i64);
  for (std::int64_t i = 0; i < result.numel(); ++i)
    result.data<std::int64_t>()[i] = i % 11 - 5;
  return result.to(dtype);
}

/// x @ weight.T + bias for rows of four.
static Tensor reference(const Tensor &x, const Tensor &weight, const Tensor &bias) {
  Tensor y = Tensor::empty({x.numel() / 4, 3}, DType::f64);
  const Tensor in = x.to(DType::f64), w = weight.to(DType::f64), b = bias.to(DType::f64);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    double sum = b.data<double>()[i % 3];
    for (std::int64_t k = 0; k < 4; ++k)
      sum += in.data<double>()[i / 3 * 4 + k] * w.data<double>()[i % 3 * 4 + k];
    y.data<double>()[i] = sum;
  }
  return y;
}

template <typename Net, typename Real> static void compute(DType dtype, double tolerance) {
  Net net;
  net.reset_parameters(1);
  const Tensor x = ramp({2, 5, 4}, dtype);
  const auto [all, mean, product] = net(x, 5);
  const Tensor expected = reference(x, net.fc.weight.tensor(), net.fc.bias.tensor()).reshape({2, 5, 3});
  std::cout << all.shape() << ' ' << rune::allclose(all, expected, tolerance, tolerance) << ' ' << mean << ' '
            << product << ' ' << all.dtype() << '\n';
  // Fewer of the same rows, and the same rows by a function that is an entry of its own.
  const auto [few, mean2, product2] = net.forward(x, 2);
  std::cout << few.shape() << ' ' << rune::equal(few[1][1], all[1][1]) << rune::equal(mean, mean2) << ' ' << product2
            << ' ' << rune::equal(net.head(x.reshape({10, 4})), all.reshape({10, 3})) << '\n';
  // Into the caller's memory: tensors, ranges, pointers with the sizes by name.
  typename Net::Workspace ws({.batch = 2, .seq = 5, .rows = 10});
  Tensor a = Tensor::empty({2, 5, 3}, dtype), m = Tensor::empty({2, 4}, dtype), p = Tensor::empty({}, DType::i64);
  net.forward(x, 5, a, m, p, ws);
  std::cout << rune::equal(a, all) << rune::equal(m, mean) << rune::equal(p, product);
  a.fill_(0), m.fill_(0), p.fill_(0);
  net.forward(x.template data<Real>(), 5, a.template data<Real>(), m.template data<Real>(), p.data<std::int64_t>(),
              {.batch = 2, .seq = 5}, ws);
  std::cout << rune::equal(a, all) << rune::equal(m, mean) << rune::equal(p, product);
  std::vector<Real> in(x.template data<Real>(), x.template data<Real>() + 40), out(30);
  net.head(in, out, ws);
  std::cout << rune::equal(Tensor::from(out, {2, 5, 3}), all);
  net.head(std::span<const Real>(in).subspan(4, 4), std::span(out).first(3), ws);
  std::cout << rune::equal(Tensor::from(out, {10, 3})[0], all.reshape({10, 3})[1]) << '\n';
}

static void refuse() {
  Entries net;
  Entries::Workspace ws({.batch = 2, .seq = 5, .rows = 4, .m = 3});
  const Tensor x = ramp({2, 5, 4});
  const auto out = [](rune::Shape shape, DType dtype = DType::f32) { return Tensor::empty(std::move(shape), dtype); };
  // CHECK: the bound 6 of a slice is beyond a dimension of size 5
  attempt([&] { net(x, 6); });
  // CHECK-NEXT: forward: n is -1, but a size must not be negative
  attempt([&] { net(x, -1); });
  // CHECK-NEXT: tail: output 'output' would have shape [-1, 4]
  attempt([&] { net.tail(ramp({4, 4}), 5); });
  float buffer[100] = {};
  std::int64_t integer = 0;
  // CHECK-NEXT: the bound 5 of a slice is beyond a dimension of size 4
  attempt([&] { net.tail(buffer, 5, buffer + 50, 4, ws); });
  // CHECK-NEXT: forward: the workspace has 1024 bytes, but these sizes need 1152
  attempt([&] { net.forward(buffer, 3, buffer, buffer, &integer, {.batch = 2, .seq = 6}, ws); });
  // CHECK-NEXT: forward: the workspace has 1024 bytes, but these sizes need 9223372036854775807
  attempt([&] { net.forward(buffer, 3, buffer, buffer, &integer, {.batch = INT64_MAX, .seq = 6}, ws); });
  // CHECK-NEXT: forward: seq is -3, but a size must not be negative
  attempt([&] { net.forward(buffer, 3, buffer, buffer, &integer, {.batch = 2, .seq = -3}, ws); });
  // CHECK-NEXT: forward: output 'output.2' has dtype f32, expected i64
  attempt([&] { net.forward(x, 3, out({2, 3, 3}), out({2, 4}), out({}), ws); });
  // CHECK-NEXT: forward: output 'output.0' has shape [2, 4, 3], expected [batch, n, 3] with batch = 2, seq = 5, n = 3
  attempt([&] { net.forward(x, 3, out({2, 4, 3}), out({2, 4}), out({}, DType::i64), ws); });
  // CHECK-NEXT: forward: input 'x' has shape [5, 4], expected [batch, seq, 4]
  attempt([&] { net(ramp({5, 4}), 3); });
  // CHECK-NEXT: forward: input 'x' has shape [2, 5, 3], expected [batch, seq, 4] with batch = 2, seq = 5, n = 3
  attempt([&] { net.forward(ramp({2, 5, 3}), 3); });
  // CHECK-NEXT: forward: input 'x' has dtype i64, expected f32
  attempt([&] { net(ramp({2, 5, 4}, DType::i64), 3); });
  // CHECK-NEXT: forward: input 'x' has dtype f64, expected f32
  attempt([&] { net.forward(x.to(DType::f64), 3, out({2, 3, 3}), out({2, 4}), out({}, DType::i64), ws); });
  // CHECK-NEXT: pair: input 'ids' has shape [4], expected [m] with m = 3
  attempt([&] { net.pair(ramp({3}, DType::boolean), ramp({4}, DType::i64)); });
  // CHECK-NEXT: pair: input 'flags' is undefined
  attempt([&] { net.pair(Tensor(), ramp({4}, DType::i64)); });
  // CHECK-NEXT: forward: input 'x' has several open sizes in [batch, seq, 4]: give a rune::Tensor, which knows its
  // shape
  attempt([&] { net.forward(std::span(buffer), 3, std::span(buffer), std::span(buffer), std::span(&integer, 1), ws); });
  // CHECK-NEXT: head: input 'z' has 15 elements, expected [rows, 4]
  attempt([&] { net.head(std::span(buffer, 15), std::span(buffer + 50, 12), ws); });
  // CHECK-NEXT: head: output 'output' has 11 elements, expected [rows, 3] with rows = 4
  attempt([&] { net.head(std::span(buffer, 16), std::span(buffer + 50, 11), ws); });
  // CHECK-NEXT: cannot allocate 9223372036854775807 bytes
  attempt([&] { Entries::Workspace({.batch = INT64_MAX / 2, .seq = 7}); });
}

int main() {
  refuse();
  // CHECK-NEXT: [2, 5, 3] 1 tensor({{\[\[}}-1.4000, -0.4000,  0.6000, -0.6000],
  // CHECK-NEXT:         [ 1.0000, -0.2000, -1.4000, -0.4000]]) tensor(25) f32
  // CHECK-NEXT: [2, 2, 3] 11 tensor(10) 1
  // CHECK-NEXT: 11111111
  compute<Entries, float>(DType::f32, 1e-5);
  // CHECK-NEXT: [2, 5, 3] 1 tensor({{\[\[}}-1.4000, -0.4000,  0.6000, -0.6000],
  // CHECK-NEXT:         [ 1.0000, -0.2000, -1.4000, -0.4000]], dtype=torch.float64) tensor(25) f64
  // CHECK-NEXT: [2, 2, 3] 11 tensor(10) 1
  // CHECK-NEXT: 11111111
  compute<wide::Entries, double>(DType::f64, 1e-14);

  Entries net;
  // Nothing in, nothing out.
  const auto [a, b, c] = net(Tensor::ones({0, 5, 4}), 3);
  // CHECK-NEXT: tensor([], size=(0, 3, 3)) tensor([], size=(0, 4)) tensor(15)
  std::cout << a << ' ' << b << ' ' << c << '\n';
  const auto [d, e, f] = net(Tensor::ones({1, 0, 4}), 0);
  // CHECK-NEXT: tensor([], size=(1, 0, 3)) tensor({{\[\[}}nan, nan, nan, nan]]) tensor(0)
  std::cout << d << ' ' << e << ' ' << f << '\n';
  const auto [flags, ids, halves, any] =
      net.pair(Tensor::from<bool>({true, false, true}), Tensor::from<std::int64_t>({1, 2, -9}));
  // CHECK-NEXT: tensor([False,  True, False]) tensor([ 2,  3, -8]) tensor([ 0.5000,  1.0000, -4.5000]) tensor(True)
  std::cout << flags << ' ' << ids << ' ' << halves << ' ' << any << '\n';
  // CHECK-NEXT: [3, 4] [0, 4]
  std::cout << net.tail(Tensor::ones({4, 4}), 1).shape() << ' ' << net.tail(Tensor::ones({4, 4}), 4).shape() << '\n';

  // Bytes are a constant of the program, and grow with the sizes.
  constexpr std::int64_t bytes = Entries::Workspace::bytes({.batch = 2, .seq = 5});
  static_assert(bytes > 0 && Entries::Workspace::bytes({.batch = 3, .seq = 5}) > bytes);
  static_assert(Entries::Workspace::bytes({.batch = INT64_MAX, .seq = INT64_MAX}) == INT64_MAX);
  // CHECK-NEXT: 1
  std::cout << (Entries::Workspace({.batch = 2, .seq = 5}).size() == bytes) << '\n';
}
