// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: compiles structured ops of many shapes for a processor, runs them and compares every bit with
// plain loops.
//
//   rune-kernels SUITE CPU    SUITE is contract
//
// Prints how many shapes agree, or that this machine is not such a processor.

#include "KernelSuites.h"

#include "llvm/Support/raw_ostream.h"

using namespace rune;
using namespace rune::test;

int main(int count, char **words) {
  std::string suite = count == 3 ? words[1] : "";
  auto target = describeTarget(count == 3 ? words[2] : "");
  if (!target) {
    llvm::errs() << "rune-kernels: " << llvm::toString(target.takeError()) << "\n";
    return 2;
  }
  if (!canRun(*target)) {
    llvm::outs() << suite << ": not on this machine\n";
    return 0;
  }
  unsigned shapes = 0;
  if (suite == "contract")
    shapes = testContract(*target);
  else
    return 2;
  llvm::outs() << suite << ": " << shapes << " shapes agree\n";
  return 0;
}
