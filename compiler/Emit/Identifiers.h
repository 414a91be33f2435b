// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of a spec as names of C and C++: nothing that a spec says reaches emitted text unchecked.

#ifndef RUNE_EMIT_IDENTIFIERS_H
#define RUNE_EMIT_IDENTIFIERS_H

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rune {

/// Letters, digits and `_`, not beginning with a digit, and not reserved: neither a keyword nor a common macro of C
/// or C++.
bool isSafeIdentifier(std::string_view name);

/// The name itself where it is a safe identifier; else one made from its letters and digits: "c.x" c_x, "0" _0,
/// "class" class_.
std::string safeIdentifier(std::string_view name);

/// Functions of C's library, which common headers declare: they are in the way of a global name of another kind.
const std::set<std::string> &libraryNames();

/// "ns::Name" into its parts; empty where one of them is no safe identifier.
std::vector<std::string> splitClassName(std::string_view name);

/// The names of one scope; no two are alike.
class IdentifierScope {
public:
  explicit IdentifierScope(std::set<std::string> reserved = {}) : used(std::move(reserved)) {}

  /// A safe identifier for the name, with "_" or a number after it where it is taken already.
  std::string add(std::string_view name);

private:
  std::set<std::string> used;
};

} // namespace rune

#endif // RUNE_EMIT_IDENTIFIERS_H
