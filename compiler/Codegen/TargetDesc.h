// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What code generation knows of a processor.

#ifndef RUNE_CODEGEN_TARGETDESC_H
#define RUNE_CODEGEN_TARGETDESC_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace rune {

struct TargetDesc {
  std::string cpu;      // as LLVM names it
  std::string features; // "+avx2,-sse4a,…" where `native` asked the host; else ""
  int64_t vectorBytes = 16;
  int64_t registers = 16; // vector registers
  bool fma = false;

  int64_t lanes(unsigned bits) const { return vectorBytes * 8 / bits; }
};

/// `native`, or a name of LLVM's for an x86-64 processor ("x86-64-v3", "znver3"). An error names the nearest.
llvm::Expected<TargetDesc> describeTarget(llvm::StringRef cpu);

} // namespace rune

#endif // RUNE_CODEGEN_TARGETDESC_H
