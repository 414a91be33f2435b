// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_FRONTEND_INPUTS_H
#define RUNE_FRONTEND_INPUTS_H

#include "Frontend/Evaluate.h"

namespace rune {

/// The value of an argument as written: a word of `one_of`, or an expression, checked against the type.
Value argumentFromNode(Evaluator &evaluator, const ArgumentType &type, llvm::StringRef name, const Node &node,
                       SourceLoc declared);

/// `yes`, `off` and the like, which other YAML versions take for true and false.
bool isLooseBool(llvm::StringRef text);

} // namespace rune

#endif // RUNE_FRONTEND_INPUTS_H
