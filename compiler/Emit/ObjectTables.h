// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of a model as data of its object file.

#ifndef RUNE_EMIT_OBJECTTABLES_H
#define RUNE_EMIT_OBJECTTABLES_H

#include "Emit/ModelDescription.h"

#include "llvm/IR/Module.h"

namespace rune {

/// Adds the rune_model that the header declares, and all it points to; `name` is its symbol. The functions it names are
/// in the module.
void addObjectTables(llvm::Module &module, const ModelDescription &description, llvm::StringRef name);

} // namespace rune

#endif // RUNE_EMIT_OBJECTTABLES_H
