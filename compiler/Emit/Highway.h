// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The end of the Highway path: from the `loops` IR, scheduled once for each width of vectors, to one file of C++.

#ifndef RUNE_EMIT_HIGHWAY_H
#define RUNE_EMIT_HIGHWAY_H

#include "Emit/ModelDescription.h"

#include "mlir/IR/BuiltinOps.h"

namespace rune {

/// A class of Highway's targets that share one schedule.
struct HighwayWidth {
  const char *targetCpu; // as describeTarget takes it
  int lanes;             // of f32
  bool fma;
  const char *condition; // of the preprocessor, on Highway's macros; the last one's holds for every other target
  const char *summary;
};

/// From the widest to the narrowest.
llvm::ArrayRef<HighwayWidth> highwayWidths();

/// Emission without a runtime: see Emit/Freestanding.h.
struct FreestandingOptions {
  std::string state;    // the arena's bytes
  bool weights = false; // whether they are emitted
};

/// The file's text, or failure after an error at an op that has no C++. `modules` are in the order of the widths;
/// `specFile` is named in the file's first line.
mlir::FailureOr<std::string> emitHighway(llvm::ArrayRef<mlir::ModuleOp> modules, const ModelDescription &description,
                                         llvm::StringRef table, llvm::StringRef specFile,
                                         const FreestandingOptions *freestanding = nullptr);

} // namespace rune

#endif // RUNE_EMIT_HIGHWAY_H
