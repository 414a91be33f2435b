// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON Schema of specs (draft 2020-12), for editors: they complete the keys, the modules of the standard library
// and their arguments, and underline what is unknown. What a schema cannot see (names, shapes) is the compiler's to
// say.

#ifndef RUNE_FRONTEND_SCHEMA_H
#define RUNE_FRONTEND_SCHEMA_H

#include "Frontend/Document.h"

namespace rune {

/// The schema that knows the modules of these files.
std::string specSchema(llvm::ArrayRef<Node> files);

/// The schema that knows the embedded standard library.
std::string specSchema(Diagnostics &diagnostics);

/// A document as editors read it: JSON, with unquoted scalars resolved by YAML's core schema.
std::string documentAsJson(const Node &document);

} // namespace rune

#endif // RUNE_FRONTEND_SCHEMA_H
