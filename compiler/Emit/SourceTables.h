// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of a model as text of C++.

#ifndef RUNE_EMIT_SOURCETABLES_H
#define RUNE_EMIT_SOURCETABLES_H

#include "Emit/ModelDescription.h"

#include <string>

namespace rune {

/// The rune_model that the header declares, under the name `table`.
struct SourceTables {
  std::string arrays; // what it points to: definitions for the namespace of the functions that it names
  std::string model;  // its initializer
};
SourceTables writeSourceTables(const ModelDescription &description);

/// A string literal.
std::string quoted(const std::string &text);

} // namespace rune

#endif // RUNE_EMIT_SOURCETABLES_H
