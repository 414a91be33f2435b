// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -I %S/Inputs %s %S/Inputs/sample_mlp.cc %librune -o %t && %t %t.safetensors | FileCheck %s
// RUN: %gxx -I %S/Inputs %s %S/Inputs/sample_mlp.cc %librune -o %t.g && %t.g %t.g.safetensors | FileCheck %s
// The generated class as a user meets it.

#include "sample_mlp.h"

#include <rune/safetensors.h>

#include <iostream>

int main(int, char **argv) {
  models::SampleMlp net;
  net.reset_parameters(0);

  // CHECK: SampleMlp(
  // CHECK-NEXT:   (fc1): Linear(in_features=6, out_features=5, bias=True)
  // CHECK-NEXT:   (act): ReLU()
  // CHECK-NEXT:   (fc2): Linear(in_features=5, out_features=3, bias=True)
  // CHECK-NEXT: )
  std::cout << net << '\n';

  // What PyTorch gives after torch.manual_seed(0).
  // CHECK-NEXT: fc1.weight [5, 6] 1
  // CHECK-NEXT: tensor({{\[\[}}-0.0031,  0.2190, -0.3360, -0.3004, -0.1572,  0.1095],
  // CHECK-NEXT:         [-0.0081,  0.3237, -0.0362,  0.1080, -0.1234, -0.0802],
  // CHECK: fc1.bias [5] 1
  // CHECK-NEXT: tensor([-0.1591,  0.3527, -0.2646, -0.1879, -0.2852])
  // CHECK: fc2.weight [3, 5] 1
  // CHECK: fc2.bias [3] 1
  for (auto &[name, p] : net.named_parameters())
    std::cout << name << ' ' << p.shape() << ' ' << p.requires_grad() << '\n' << p.tensor() << '\n';

  // CHECK: Parameter containing:
  // CHECK-NEXT: tensor([0.2860, 0.4446, 0.1775], requires_grad=True)
  std::cout << net.fc2.bias << '\n';

  rune::Tensor x = rune::Tensor::zeros({4, 6});
  for (int i = 0; i < 24; ++i)
    x.data<float>()[i] = static_cast<float>(i % 7) - 3;
  rune::Tensor y = net(x);
  rune::Tensor z = rune::Tensor::empty({4, 3});
  models::SampleMlp::Workspace ws({.batch = 4});
  net.forward(x, z, ws);
  models::SampleMlp::Workspace wider(64);
  std::vector<float> in(x.data<float>(), x.data<float>() + 24), out(12);
  net.forward(in, out, wider);
  std::vector<float> out2(12);
  net.forward(in.data(), out2.data(), 4, ws);
  static_assert(models::SampleMlp::Workspace::bytes({.batch = 4}) == 128);
  static_assert(models::SampleMlp::Workspace::bytes(5) == 160);
  // CHECK: [4, 3] 1 1 1 1
  std::cout << y.shape() << ' ' << rune::equal(y, z) << ' ' << (out == out2) << ' '
            << rune::equal(y, rune::Tensor::from(out, {4, 3})) << ' ' << rune::equal(y, net.forward(x)) << '\n';

  // The state survives a file and another model.
  rune::save_safetensors(argv[1], net.state_dict());
  models::SampleMlp other;
  other.load_state_dict(rune::load_safetensors(argv[1]));
  models::SampleMlp moved = std::move(other);
  // CHECK: 1 1
  std::cout << rune::equal(moved(x), y) << ' ' << rune::equal(moved.fc1.weight.tensor(), net.fc1.weight.tensor())
            << '\n';

  const auto attempt = [](auto &&f) {
    try {
      f();
      std::cout << "no error\n";
    } catch (const rune::Error &error) {
      std::cout << error.what() << '\n';
    }
  };
  rune::Tensor bad = rune::Tensor::zeros({3, 5});
  // CHECK: forward: input 'x' has shape [3, 5], expected [batch, 6] with batch = 3
  attempt([&] { net(bad); });
  // CHECK: forward: input 'x' has shape [3, 5], expected [batch, 6] with batch = 3
  attempt([&] { net.forward(bad, z, ws); });
  // CHECK: forward: output 'output' has shape [4, 3], expected [batch, 3] with batch = 3
  attempt([&] { net.forward(rune::Tensor::zeros({3, 6}), z, ws); });
  // CHECK: forward: input 'x' has dtype f64, expected f32
  attempt([&] { net.forward(x.to(rune::DType::f64), z, ws); });
  // CHECK: forward: output 'output' has dtype i64, expected f32
  attempt([&] { net.forward(x, rune::Tensor::zeros({4, 3}, rune::DType::i64), ws); });
  // CHECK: forward: input 'x' has 23 elements, expected [batch, 6]
  attempt([&] { net.forward(std::vector<float>(23), out, ws); });
  // CHECK: forward: output 'output' has 12 elements, expected [batch, 3] with batch = 3
  attempt([&] { net.forward(std::vector<float>(18), out, ws); });
  // CHECK: forward: input 'x' is null
  attempt([&] { net.forward(nullptr, out.data(), 4, ws); });
  // CHECK: forward: output 'output' is not aligned to its dtype
  attempt([&] { net.forward(in.data(), reinterpret_cast<float *>(reinterpret_cast<char *>(out.data()) + 1), 2, ws); });
  // CHECK: forward: batch is -1, but a size must not be negative
  attempt([&] { net.forward(in.data(), out.data(), -1, ws); });
  // CHECK: forward: the workspace has 128 bytes, but these sizes need 160
  attempt([&] { net.forward(std::vector<float>(30), std::vector<float>(15), ws); });
  // CHECK: no error
  attempt([&] { net.forward(nullptr, nullptr, 0, ws); });
  // CHECK: cannot allocate 9223372036854775807 bytes
  attempt([&] { models::SampleMlp::Workspace huge(std::int64_t{1} << 60); });
}
