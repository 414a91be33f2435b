// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RUN: %cxx -fsanitize=address,undefined -I %root/compiler %s %root/compiler/Emit/Tables.cpp %librune -o %t
// RUN: %t > %t.txt && diff %golden/registry.txt %t.txt
// nn.Module's surface over tables: names, order, printing, initial bits and messages are PyTorch's
// (test/golden/make_registry.py has the same model).

#include "Emit/Tables.h"

#include <rune/rune.h>

#include <cmath>
#include <iostream>

using namespace rune;

/// Builds a description member by member, and lays out the state.
struct Builder {
  ModelDescription model;

  int32_t module(const std::string &name, const char *type, int32_t parent, const char *extra = "",
                 int32_t kind = RUNE_PLAIN) {
    const std::size_t dot = name.rfind('.');
    model.modules.push_back({name, dot == name.npos ? name : name.substr(dot + 1), type, extra, parent, kind});
    return static_cast<int32_t>(model.modules.size()) - 1;
  }

  int32_t member(int32_t module, const char *name, std::vector<int64_t> shape, int32_t kind = RUNE_PARAMETER,
                 int32_t dtype = RUNE_F32, int32_t flags = RUNE_TRAINABLE) {
    MemberDescription m;
    m.name = model.modules[module].name + (module ? "." : "") + name;
    m.module = module;
    m.kind = kind;
    m.dtype = dtype;
    m.flags = flags;
    m.alias = static_cast<int32_t>(model.members.size());
    const std::int64_t bytes = Shape(shape).numel() * 8;
    if (shape.size() == 2) { // panels of 3, and the transposed in panels of 2, to have both read and written
      m.storages.push_back({model.stateBytes, RUNE_PANELS, 3, 1, shape[0], shape[1], 0, shape[1], 1});
      model.stateBytes += 1024;
      m.storages.push_back({model.stateBytes, RUNE_PANELS, 2, 1, shape[1], shape[0], 0, 1, shape[1]});
      model.stateBytes += 1024;
    } else {
      m.storages.push_back({model.stateBytes, RUNE_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0});
      model.stateBytes += (bytes + 63) / 64 * 64;
    }
    m.shape = std::move(shape);
    model.members.push_back(m);
    return m.alias;
  }

  void init(int32_t member, int32_t scheme, double a = 0, double b = 0, bool discarded = false) {
    InitStepDescription step;
    step.member = member;
    step.scheme = scheme;
    step.args[0] = a;
    step.args[1] = b;
    step.nonlinearity = scheme == RUNE_KAIMING_UNIFORM ? "leaky_relu" : "";
    step.discarded = discarded;
    model.initSteps.push_back(step);
  }

  int32_t linear(const std::string &name, int32_t parent, int64_t in, int64_t out, int32_t flags = RUNE_TRAINABLE) {
    const std::string extra =
        "in_features=" + std::to_string(in) + ", out_features=" + std::to_string(out) + ", bias=True";
    const int32_t m = module(name, "Linear", parent, extra.c_str());
    const int32_t weight = member(m, "weight", {out, in}, RUNE_PARAMETER, RUNE_F32, flags);
    const int32_t bias = member(m, "bias", {out}, RUNE_PARAMETER, RUNE_F32, flags);
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    init(weight, RUNE_KAIMING_UNIFORM, std::sqrt(5.0));
    init(bias, RUNE_UNIFORM, -bound, bound);
    return weight;
  }
};

static ModelDescription describe() {
  Builder b;
  b.model.name = "Net";
  b.module("", "Net", -1);
  const int32_t w = b.member(0, "w", {2});
  b.init(w, RUNE_UNIFORM, 0, 1);
  const int32_t running = b.member(0, "running", {3}, RUNE_BUFFER, RUNE_F32, RUNE_PERSISTENT);
  b.init(running, RUNE_CONSTANT_VALUE, 1);
  b.member(0, "scratch", {2}, RUNE_BUFFER, RUNE_F32, 0);
  b.member(0, "count", {}, RUNE_BUFFER, RUNE_I64, RUNE_PERSISTENT);
  const int32_t table = b.member(0, "table", {4}, RUNE_CONSTANT, RUNE_F32, 0);
  const int32_t emb = b.module("emb", "Embedding", 0, "5, 4");
  const int32_t embWeight = b.member(emb, "weight", {5, 4});
  b.init(embWeight, RUNE_NORMAL, 0, 1);
  const int32_t blocks = b.module("blocks", "ModuleList", 0, "", RUNE_MODULE_LIST);
  for (int i = 0; i < 3; ++i) {
    const std::string name = "blocks." + std::to_string(i);
    const int32_t block = b.module(name, "Block", blocks, i == 2 ? "scale=2\n\ntwo lines" : "scale=1\n\ntwo lines");
    const int32_t seq = b.module(name + ".seq", "Sequential", block, "", RUNE_SEQUENTIAL);
    b.linear(name + ".seq.0", seq, 4, 4);
    b.module(name + ".seq.1", "ReLU", seq);
  }
  b.module("empty", "ModuleList", 0, "", RUNE_MODULE_LIST);
  b.module("none", "None", 0, "", RUNE_NONE);
  const int32_t headWeight = b.linear("head", 0, 4, 5);
  b.model.initSteps[b.model.initSteps.size() - 2].discarded = true;
  b.model.members[headWeight].alias = embWeight;
  b.model.members[headWeight].storages = b.model.members[embWeight].storages;
  b.linear("frozen", 0, 1, 1, 0);
  b.init(table, RUNE_COMPUTED);
  b.model.initSteps.back().function = "compute_table";
  b.model.initSteps.back().reads = {running};
  b.model.initSteps.back().workspaceBytes = 64;
  return b.model;
}

static std::int32_t computeTable(const void *const *arguments, const std::int64_t *, const void *, void *workspace,
                                 void *) {
  auto *scratch = static_cast<float *>(workspace);
  scratch[0] = *static_cast<const float *>(arguments[0]);
  auto *out = static_cast<float *>(const_cast<void *>(arguments[1]));
  for (int i = 0; i < 4; ++i)
    out[i] = scratch[0] + static_cast<float>(i);
  return RUNE_OK;
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

template <typename F> static void attempt(F &&f) {
  try {
    const IncompatibleKeys keys = f();
    std::cout << "missing:";
    for (const std::string &key : keys.missing_keys)
      std::cout << ' ' << key;
    std::cout << (keys.missing_keys.empty() ? " " : "") << " unexpected:";
    for (const std::string &key : keys.unexpected_keys)
      std::cout << ' ' << key;
    std::cout << (keys.unexpected_keys.empty() ? " " : "") << '\n';
  } catch (const Error &error) {
    std::cout << error.what() << '\n';
  }
}

static void walk(Model &net) {
  std::cout << net << '\n';
  for (auto &[name, p] : net.named_parameters())
    std::cout << name << ' ' << p.shape() << ' ' << p.requires_grad() << '\n';
  for (auto &[name, p] : net.named_parameters(true, false))
    std::cout << "dup " << name << '\n';
  for (auto &[name, p] : net.named_parameters(false))
    std::cout << "own " << name << '\n';
  for (auto &[name, b] : net.named_buffers())
    std::cout << "buffer " << name << '\n';
  for (auto &[name, m] : net.named_children())
    std::cout << "child " << name << '\n';
  for (auto &[name, m] : net.named_modules())
    std::cout << "module '" << name << "' " << m.type() << '\n';
  for (auto &[name, p] : net.get_submodule("blocks.1").named_parameters())
    std::cout << "block " << name << '\n';
  for (auto &[name, t] : net.state_dict())
    std::cout << "state " << name << ' ' << fnv(t) << '\n';
  for (auto &[name, t] : net.get_submodule("blocks").state_dict())
    std::cout << "substate " << name << '\n';
  std::cout << "apply";
  net.apply([](Module &m) { std::cout << ' ' << m.type(); });
  net.get_submodule("blocks").eval();
  std::cout << "\ntraining";
  for (Module &m : net.modules())
    std::cout << ' ' << m.training();
  std::cout << '\n';
  for (const char *target : {"blocks.0.seq.0", "blocks.3", "blocks.0.nothing", "w", "blocks.0.seq.0.weight.x"})
    attempt([&] {
      std::cout << net.get_submodule(target) << '\n';
      return net.load_state_dict(net.state_dict());
    });
  for (const char *target : {"blocks.0.seq.0.bias", "blocks.0.bias", "blocks.0", "running"})
    attempt([&] {
      std::cout << net.get_parameter(target).shape() << '\n';
      return net.load_state_dict(net.state_dict());
    });
}

static void load(Model &net) {
  StateDict state = net.state_dict();
  state["count"] = Tensor::from<std::int64_t>({7});
  attempt([&] { return net.load_state_dict(state); });
  std::cout << "count " << net.get_buffer("count").item<std::int64_t>() << '\n';
  state["w"] = Tensor::zeros({3});
  state["emb.weight"] = Tensor::zeros({5, 4, 1});
  state.erase("head.bias");
  state.erase("blocks.1.seq.0.weight");
  for (const char *key : {"blocks.1.seq.1.weight", "blocks.7.x", "other", "scratch", "none.x", "running.x"})
    state[key] = Tensor::zeros({1});
  attempt([&] { return net.load_state_dict(state); });
  attempt([&] { return net.load_state_dict(state, false); });
  state.erase("w");
  state.erase("emb.weight");
  attempt([&] { return net.load_state_dict(state, false); });
  const StateDict part = {
      {"0.seq.0.bias", Tensor::zeros({4})}, {"0.seq.0.weight", Tensor::zeros({2})}, {"x", Tensor::zeros({1})}};
  attempt([&] { return net.get_submodule("blocks").load_state_dict(part); });
}

static void check(bool good, const char *what) {
  if (!good)
    std::cout << "wrong: " << what << '\n';
}

int main() {
  const Tables tables(describe(), [](const std::string &) { return computeTable; });
  Model net(tables.model());
  check(equal(net.get_buffer("running").tensor(), Tensor::ones({3})), "buffers have their values at once");
  check(equal(net.get_parameter("w").tensor(), Tensor::zeros({2})), "what is drawn is zero before");
  net.reset_parameters(3);
  walk(net);
  load(net);
  check(net.get_parameter("head.weight").is(net.get_parameter("emb.weight")), "tied");
  net.get_parameter("head.weight").fill_(2);
  check(net.get_parameter("emb.weight").tensor()[4][3].item<float>() == 2, "tied values");
  net.get_parameter("w").copy_(Tensor::from({1.5}, {1}));
  check(equal(net.get_parameter("w").tensor(), Tensor::full({2}, 1.5)), "copy_ converts and broadcasts");
  net.requires_grad_(false);
  check(!net.get_parameter("head.weight").requires_grad(), "requires_grad_");
  const auto *computed =
      reinterpret_cast<const float *>(static_cast<char *>(net.state()) + tables.model().members[4].storages[0].offset);
  check(computed[0] == 1 && computed[3] == 4, "a computed constant");
  // Both storages of a matrix hold the same values, and zeros as padding.
  const rune_member &member = tables.model().members[5];
  const auto *panels = reinterpret_cast<const float *>(static_cast<char *>(net.state()) + member.storages[0].offset);
  check(panels[0] == 2 && panels[3 * 4 + 1] == 2 && panels[3 * 4 + 2] == 0, "panels of 3 rows, padded");
  const auto *transposed =
      reinterpret_cast<const float *>(static_cast<char *>(net.state()) + member.storages[1].offset);
  check(transposed[2 * 5 * 2 - 1] == 2, "the second layout");
}
