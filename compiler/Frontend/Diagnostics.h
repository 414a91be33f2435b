// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source files, places in them, and diagnostics as clang prints them: `file:line:col: error: …`, the source line, a
// caret, notes. No MLIR here; Import turns places into FileLineColLoc.

#ifndef RUNE_FRONTEND_DIAGNOSTICS_H
#define RUNE_FRONTEND_DIAGNOSTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>
#include <vector>

namespace rune {

struct SourceFile {
  std::string name; // as the user wrote it; "<nn/linear.yaml>" for an embedded file
  std::string text;
  bool embedded = false; // the standard library's
};

/// A place in a source file; line and column count from 1, the column in characters (code points).
struct SourceLoc {
  const SourceFile *file = nullptr;
  unsigned line = 0, column = 0;
  explicit operator bool() const { return file; }
};

enum class Severity { Error, Warning, Note };

/// Collects and prints diagnostics. Notes belong to the error or warning before them.
class Diagnostics {
public:
  explicit Diagnostics(llvm::raw_ostream &os) : os(os) {}

  void error(SourceLoc loc, const llvm::Twine &message) { report(Severity::Error, loc, message); }
  void warning(SourceLoc loc, const llvm::Twine &message) { report(Severity::Warning, loc, message); }
  void note(SourceLoc loc, const llvm::Twine &message) { report(Severity::Note, loc, message); }
  /// An error without a place in a file (`runec: error: …`).
  void error(const llvm::Twine &message) { report(Severity::Error, SourceLoc(), message); }

  unsigned errorCount() const { return errors; }
  bool hasErrors() const { return errors != 0; }

private:
  /// The same error at the same place is printed once; after 100 errors the rest is only counted.
  void report(Severity severity, SourceLoc loc, const llvm::Twine &message);

  llvm::raw_ostream &os;
  unsigned errors = 0;
  std::vector<std::string> seen;
  bool lastSuppressed = false;
};

/// The candidate nearest to `word` in edit distance, "" where none is near.
llvm::StringRef nearestName(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace rune

#endif // RUNE_FRONTEND_DIAGNOSTICS_H
