// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of a compiled model: the class that design and users know by the spec's names, and its C functions.

#ifndef RUNE_EMIT_HEADER_H
#define RUNE_EMIT_HEADER_H

#include "Emit/ModelDescription.h"

#include <string>
#include <vector>

namespace rune {

/// {"models", "MyLinear"}: the class where `runec build` is given no name.
std::vector<std::string> defaultClass(const ModelDescription &model);

/// The name of the rune_model that the object file exports and the header declares.
std::string modelSymbol(const ModelDescription &model, const std::vector<std::string> &className);

/// `className`: {"models", "MyLinear"}; see splitClassName.
std::string emitHeader(const ModelDescription &model, const std::vector<std::string> &className);

} // namespace rune

#endif // RUNE_EMIT_HEADER_H
