// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be said about a specification before anything of it is instantiated: known keys, kinds of nodes, syntax of
// every expression, names that nothing defines.

#ifndef RUNE_FRONTEND_CHECKSPEC_H
#define RUNE_FRONTEND_CHECKSPEC_H

#include "Frontend/Spec.h"

namespace rune {

/// The keys of a file. False where nothing can be read from it.
bool checkDocument(const Node &root, bool main, Diagnostics &diagnostics);

/// The keys of a module and the kinds of its sections. False where they cannot be read on; `ok` turns false after any
/// error.
bool checkModuleShape(const Entry &module, bool &ok, Diagnostics &diagnostics);

/// Everything in the specification's own files.
void checkSpec(LoadedSpec &spec);

/// The section `training`.
void checkTraining(LoadedSpec &spec, const Node &training);

} // namespace rune

#endif // RUNE_FRONTEND_CHECKSPEC_H
