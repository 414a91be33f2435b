// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/workspace.h"

#include "Memory.h"

rune::Workspace::Workspace(std::int64_t bytes) : data_(detail::allocate(bytes)), size_(bytes) {}
rune::Workspace::~Workspace() { std::free(data_); }
