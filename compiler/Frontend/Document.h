// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// YAML text as located nodes. Scalars stay text until the expected type is known; depth, size and aliases are bounded.

#ifndef RUNE_FRONTEND_DOCUMENT_H
#define RUNE_FRONTEND_DOCUMENT_H

#include "Frontend/Diagnostics.h"

#include <cstdint>
#include <optional>

namespace rune {

struct Node;

struct Entry;

struct Node {
  enum Kind { Null, Scalar, Sequence, Mapping };

  Kind kind = Null;
  bool quoted = false; // a scalar written in '' or ""
  SourceLoc loc;
  std::string text;           // Scalar
  std::vector<Node> items;    // Sequence
  std::vector<Entry> entries; // Mapping, in the order written; keys are unique scalars

  bool isScalar() const { return kind == Scalar; }
  bool isSequence() const { return kind == Sequence; }
  bool isMapping() const { return kind == Mapping; }

  /// The value at a key of a mapping, null where there is none.
  const Node *find(llvm::StringRef key) const;
  const Entry *findEntry(llvm::StringRef key) const;

  /// Where the scalar's character at a byte offset of `text` stands in the source, quotes, escapes and folded lines
  /// accounted for; for text.size(), the place after the last one.
  SourceLoc locationAt(size_t offset) const;

  /// The byte of the source that a byte of `text` comes from.
  size_t sourceOffset(size_t offset) const;

  size_t begin = 0; // the byte of the source where the node begins (at `loc`)

  /// For scalars that differ from their source (quotes, escapes, folding): runs of `text` that are the source's own.
  struct Run {
    uint32_t text, source; // the byte offsets where it begins
  };
  std::vector<Run> runs;
};

struct Entry {
  Node key;
  Node value;
};

/// Where a byte of a file stands, counted on from the known place of an earlier byte.
SourceLoc advanceTo(SourceLoc from, size_t fromOffset, size_t offset);

/// Reads a file of at most `maxFileSize` bytes; null after an error was reported.
std::unique_ptr<SourceFile> readSourceFile(llvm::StringRef path, Diagnostics &diagnostics);
constexpr size_t maxFileSize = 16 << 20;

/// Parses one YAML document. Reports every error it can find and returns nothing when there was one.
std::optional<Node> parseDocument(const SourceFile &file, Diagnostics &diagnostics);

} // namespace rune

#endif // RUNE_FRONTEND_DOCUMENT_H
