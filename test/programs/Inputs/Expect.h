// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a test program prints is compared; here is what it prints where something is wrong.

#ifndef RUNE_TEST_EXPECT_H
#define RUNE_TEST_EXPECT_H

#include <rune/error.h>

#include <cstring>
#include <iostream>

inline void expect(bool condition, const char *what) {
  if (!condition)
    std::cout << "wrong: " << what << '\n';
}
#define EXPECT(condition) expect(condition, #condition)

template <typename F> void expectError(const char *message, F &&f) {
  try {
    f();
    std::cout << "no error: " << message << '\n';
  } catch (const rune::Error &error) {
    if (std::strcmp(error.what(), message) != 0)
      std::cout << "expected: " << message << "\nbut got:  " << error.what() << '\n';
  }
}

#endif // RUNE_TEST_EXPECT_H
