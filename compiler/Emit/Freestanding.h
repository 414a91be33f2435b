// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface of a model without a runtime: plain functions of C for its entry points, and its state as bytes.

#ifndef RUNE_EMIT_FREESTANDING_H
#define RUNE_EMIT_FREESTANDING_H

#include "Emit/ModelDescription.h"

#include <string>

namespace rune {

/// The header for C and C++. Where `weights`, the state with its weights is part of the source.
std::string emitFreestandingHeader(const ModelDescription &model, bool weights);

/// The definitions of what the header declares. `functions` gives an entry's name in C++ by its symbol; `state` is the
/// whole arena: with `weights` it is emitted, without only what is constant in it.
std::string emitFreestandingDefinitions(const ModelDescription &model,
                                        const std::vector<std::pair<std::string, std::string>> &functions,
                                        const std::string &state, bool weights);

/// What keeps an entry from standing alone, in words, or "".
std::string refuseFreestanding(const ModelDescription &model);

} // namespace rune

#endif // RUNE_EMIT_FREESTANDING_H
