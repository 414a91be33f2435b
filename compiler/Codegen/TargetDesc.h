// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What code generation knows of a processor.

#ifndef RUNE_CODEGEN_TARGETDESC_H
#define RUNE_CODEGEN_TARGETDESC_H

#include "llvm/Support/Error.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace rune {

struct TargetDesc {
  std::string cpu;      // as LLVM names it
  std::string features; // "+avx2,-sse4a,…" where `native` asked the host, or what another architecture needs
  std::string triple;   // "" for this machine's
  std::string abi;      // as LLVM names it; "" for the architecture's own
  std::string schedule; // the name that `schedule` knows it by
  int64_t vectorBytes = 16;
  int64_t registers = 16; // vector registers
  bool fma = false;
  bool dotBf16 = false;       // VDPBF16PS on vectors of `vectorBytes`
  bool flushesByMode = false; // flush_begin does something

  int64_t lanes(unsigned bits) const { return std::max<int64_t>(vectorBytes * 8 / bits, 1); }
  /// Whether LLVM knows it.
  bool isProcessor() const { return !llvm::StringRef(cpu).starts_with("highway-"); }
};

/// `native`, a name of LLVM's for an x86-64 processor ("x86-64-v3", "znver3"), or a class of Highway's targets
/// ("highway-16", "highway-8", "highway-4-fma", "highway-4" and "highway-1", by lanes of f32). An error names the
/// nearest.
llvm::Expected<TargetDesc> describeTarget(llvm::StringRef cpu);

/// A processor of another machine: an x86-64, AArch64 or RISC-V (with V) triple, and a processor's name or "" for what
/// all of them have.
llvm::Expected<TargetDesc> describeTarget(llvm::StringRef cpu, llvm::StringRef triple);

} // namespace rune

#endif // RUNE_CODEGEN_TARGETDESC_H
