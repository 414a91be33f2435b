// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each suite compares kernels of a kind with plain loops over many shapes, and returns how many there were.

#ifndef RUNE_TEST_KERNELSUITES_H
#define RUNE_TEST_KERNELSUITES_H

#include "KernelHarness.h"

namespace rune::test {

unsigned testContract(const TargetDesc &target);

} // namespace rune::test

#endif // RUNE_TEST_KERNELSUITES_H
