// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/TargetDesc.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace rune;
using llvm::StringRef;

/// Vectors of 512 bits are used where a processor of that class has all of AVX-512's everyday parts, as x86-64-v4 says.
static void setVectors(TargetDesc &target, llvm::function_ref<bool(StringRef)> has) {
  target.fma = has("fma");
  // Each of these implies avx512f, which LLVM's list of a processor may leave out.
  if (has("avx512vl") && has("avx512bw") && has("avx512dq")) {
    target.vectorBytes = 64;
    target.registers = 32;
  } else if (has("avx2")) {
    target.vectorBytes = 32;
  }
  target.dotBf16 = has("avx512bf16") && target.vectorBytes == 64;
  // Without FMA a product alone would be flushed, too.
  target.flushesByMode = target.fma;
}

static llvm::Error unknownCpu(StringRef cpu, llvm::ArrayRef<StringRef> known) {
  StringRef nearest;
  unsigned best = 4;
  for (StringRef name : known)
    if (unsigned distance = cpu.edit_distance(name, true, best); distance < best) {
      best = distance;
      nearest = name;
    }
  std::string message = ("unknown processor '" + cpu + "'").str();
  if (!nearest.empty())
    message += ("; did you mean '" + nearest + "'?").str();
  else
    message += "; use native, x86-64-v2, x86-64-v3, x86-64-v4 or a name that LLVM knows";
  return llvm::createStringError(message);
}

/// Classes of Highway's targets: lanes of f32, and whether there is FMA.
static std::optional<TargetDesc> describeHighway(StringRef cpu) {
  auto describe = [&](int64_t lanes, int64_t registers, bool fma) {
    TargetDesc target;
    target.cpu = target.schedule = cpu.str();
    target.vectorBytes = lanes * 4;
    target.registers = registers;
    target.fma = fma;
    return target;
  };
  if (cpu == "highway-16")
    return describe(16, 32, true);
  if (cpu == "highway-8")
    return describe(8, 16, true);
  if (cpu == "highway-4-fma")
    return describe(4, 32, true);
  if (cpu == "highway-4")
    return describe(4, 16, false);
  if (cpu == "highway-1")
    return describe(1, 16, false);
  return std::nullopt;
}

llvm::Expected<TargetDesc> rune::describeTarget(StringRef cpu) {
  if (auto highway = describeHighway(cpu))
    return *highway;
  TargetDesc target;
  target.schedule = cpu.str();
  if (cpu == "native") {
    target.cpu = llvm::sys::getHostCPUName().str();
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    llvm::SmallVector<std::string> list;
    for (const auto &feature : features)
      list.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(list);
    for (const std::string &feature : list)
      target.features += (target.features.empty() ? "" : ",") + feature;
    setVectors(target, [&](StringRef name) { return features.lookup(name); });
    return target;
  }
  llvm::SmallVector<StringRef> known;
  llvm::X86::fillValidCPUArchList(known, /*Only64Bit=*/true);
  if (!llvm::is_contained(known, cpu)) {
    known.push_back("native");
    return unknownCpu(cpu, known);
  }
  llvm::SmallVector<StringRef> features;
  llvm::X86::getFeaturesForCPU(cpu, features);
  target.cpu = cpu.str();
  setVectors(target, [&](StringRef name) { return llvm::is_contained(features, name); });
  return target;
}

llvm::Expected<TargetDesc> rune::describeTarget(StringRef cpu, StringRef text) {
  if (text.empty())
    return describeTarget(cpu.empty() ? "native" : cpu);
  llvm::Triple triple(llvm::Triple::normalize(text));
  if (triple.getArch() == llvm::Triple::x86_64) {
    auto target = describeTarget(cpu.empty() ? "x86-64" : cpu);
    if (target)
      target->triple = triple.str();
    return target;
  }
  if (!triple.isAArch64(64) && !triple.isRISCV64())
    return llvm::createStringError("unknown target '" + text +
                                   "'; use a triple of x86_64, aarch64 or riscv64, as in "
                                   "aarch64-linux-gnu; --backend=highway serves every other");
  // Vectors of 16 bytes are there on all of them, and scalable ones are at least as wide.
  TargetDesc target = *describeHighway("highway-4-fma");
  target.triple = triple.str();
  if (triple.isRISCV64()) {
    target.cpu = "generic-rv64";
    target.features = "+m,+a,+f,+d,+c,+v";
    target.abi = "lp64d";
  } else {
    target.cpu = "generic";
  }
  if (!cpu.empty() && cpu != "native")
    target.cpu = cpu.str();
  return target;
}
