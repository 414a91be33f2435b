// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx %s %librune -o %t && %t %golden/init.txt | FileCheck %s
// RUN: %cxx -DRUNE_NO_DISPATCH -ffp-contract=off %s %root/runtime/src/NormalFill.cpp %librune -o %t.plain
// RUN: %t.plain %golden/init.txt | FileCheck %s
// Every scheme of torch.nn.init, against the bits that PyTorch gave (test/golden/make_init.py); also
// as processors without a fused multiply-add draw.
//
// CHECK: 392 equal, 0 different

#include <rune/init.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace rune;

static std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');)
    parts.push_back(part);
  return parts;
}

static std::string fnv(const Tensor &t) {
  std::uint64_t h = 0xcbf29ce484222325u;
  const auto *bytes = static_cast<const unsigned char *>(t.raw_data());
  for (std::int64_t i = 0; i < t.nbytes(); ++i)
    h = (h ^ bytes[i]) * 0x100000001b3u;
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(h));
  return text;
}

static Tensor run(const std::string &scheme, Tensor t, const std::vector<std::string> &args, Generator &g) {
  const auto a = [&](std::size_t i) { return std::atof(args.at(i).c_str()); };
  const auto mode = [&] { return a(1) != 0 ? init::FanMode::fan_out : init::FanMode::fan_in; };
  if (scheme == "uniform")
    init::uniform_(t, g, a(0), a(1));
  else if (scheme == "normal")
    init::normal_(t, g, a(0), a(1));
  else if (scheme == "trunc_normal")
    init::trunc_normal_(t, g, a(0), a(1), a(2), a(3));
  else if (scheme == "constant")
    init::constant_(t, a(0));
  else if (scheme == "ones")
    init::ones_(t);
  else if (scheme == "zeros")
    init::zeros_(t);
  else if (scheme == "eye")
    init::eye_(t);
  else if (scheme == "dirac")
    init::dirac_(t, static_cast<std::int64_t>(a(0)));
  else if (scheme == "xavier_uniform")
    init::xavier_uniform_(t, g, a(0));
  else if (scheme == "xavier_normal")
    init::xavier_normal_(t, g, a(0));
  else if (scheme == "kaiming_uniform")
    init::kaiming_uniform_(t, g, a(0), mode(), args.at(2));
  else if (scheme == "kaiming_normal")
    init::kaiming_normal_(t, g, a(0), mode(), args.at(2));
  else if (scheme == "sparse")
    init::sparse_(t, g, a(0), a(1));
  else if (scheme == "orthogonal")
    init::orthogonal_(t, g, a(0));
  else if (scheme == "randperm")
    return Tensor::from(init::randperm(t.numel(), g), t.shape());
  else
    std::abort();
  return t;
}

static bool close(const Tensor &t, const std::string &values) {
  const std::vector<std::string> expected = split(values);
  if (static_cast<std::int64_t>(expected.size()) != t.numel())
    return false;
  const Tensor flat = t.reshape({-1});
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!(std::fabs(flat[static_cast<std::int64_t>(i)].item<double>() - std::atof(expected[i].c_str())) < 1e-5))
      return false;
  return true;
}

int main(int, char **argv) {
  std::ifstream file(argv[1]);
  Generator g;
  int same = 0, different = 0;
  for (std::string line; std::getline(file, line);) {
    std::stringstream words(line);
    std::string scheme, dtype, seed, shape, args, result;
    words >> scheme >> dtype >> seed >> shape >> args >> result;
    std::vector<std::int64_t> sizes;
    for (const std::string &s : split(shape))
      sizes.push_back(std::atoll(s.c_str()));
    if (seed != "-")
      g.manual_seed(std::strtoull(seed.c_str(), nullptr, 10));
    Tensor t = Tensor::full(sizes, NAN, dtype == "f32" ? DType::f32 : DType::f64);
    t = run(scheme, t, split(args), g);
    const bool equal = result[0] == '~' ? close(t, result.substr(1)) : fnv(t) == result;
    ++(equal ? same : different);
    if (!equal)
      std::printf("different: %s\n", line.substr(0, 100).c_str());
  }
  std::printf("%d equal, %d different\n", same, different);
  return different != 0;
}
