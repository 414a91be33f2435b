// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What emitted C++ defines for itself where Highway has no function that is the same on all targets and in all of its
// versions from 1.0.3 on.

#ifndef RUNE_EMIT_HIGHWAYPRELUDE_H
#define RUNE_EMIT_HIGHWAYPRELUDE_H

#include <set>
#include <string>

namespace rune {

/// Names that a spec's own must not take.
std::set<std::string> preludeNames();

/// The definitions of these functions and of those that they call.
std::string prelude(const std::set<std::string> &used);

} // namespace rune

#endif // RUNE_EMIT_HIGHWAYPRELUDE_H
