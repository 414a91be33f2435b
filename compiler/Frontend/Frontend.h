// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The front end as the driver uses it: a file becomes a LoadedSpec, its entry module a ModuleTree, the tree IR.

#ifndef RUNE_FRONTEND_FRONTEND_H
#define RUNE_FRONTEND_FRONTEND_H

#include "Frontend/ModuleTree.h"
#include "Frontend/Spec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace rune {

/// Reads a specification and what it includes, and checks all that can be checked without arguments. Null after errors
/// that leave nothing to go on with; other errors are counted in `diagnostics`.
std::unique_ptr<LoadedSpec> loadSpec(llvm::StringRef path, Diagnostics &diagnostics);

/// Builds the entry module. Null after an error.
std::unique_ptr<ModuleTree> instantiate(LoadedSpec &spec, const FrontendOptions &options, Diagnostics &diagnostics);

/// The tree as IR: members, initialisation, and a function for each entry point. Null after an error.
mlir::OwningOpRef<mlir::ModuleOp> importModule(const ModuleTree &tree, LoadedSpec &spec, const FrontendOptions &options,
                                               mlir::MLIRContext &context, Diagnostics &diagnostics);

/// The tree as PyTorch prints it, without a newline at the end.
std::string printTree(const ModuleTree &tree);

} // namespace rune

#endif // RUNE_FRONTEND_FRONTEND_H
