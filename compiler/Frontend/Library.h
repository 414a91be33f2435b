// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The standard library, specs/nn/*.yaml, as it is embedded in the compiler. An index of its names lets the front end
// parse only the files that a spec uses. EmbedSpecs.cpp writes the tables when the compiler is built.

#ifndef RUNE_FRONTEND_LIBRARY_H
#define RUNE_FRONTEND_LIBRARY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace rune {

struct LibraryFile {
  llvm::StringRef name; // "nn/linear.yaml"
  llvm::StringRef text;
};

llvm::ArrayRef<LibraryFile> libraryFiles();

/// The file that defines a module or a function, null if none does.
const LibraryFile *findLibraryModule(llvm::StringRef name);
const LibraryFile *findLibraryFunction(llvm::StringRef name);

/// All names, in alphabetical order.
llvm::ArrayRef<llvm::StringRef> libraryModuleNames();
llvm::ArrayRef<llvm::StringRef> libraryFunctionNames();

} // namespace rune

#endif // RUNE_FRONTEND_LIBRARY_H
