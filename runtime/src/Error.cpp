// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/error.h"

rune::Error::Error(const std::string &message) : std::runtime_error(message) {}
rune::Error::~Error() = default;
