// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One character of UTF-8 at a time, strictly: no overlong forms, no surrogates, nothing above U+10FFFF.

#ifndef RUNE_FRONTEND_UTF8_H
#define RUNE_FRONTEND_UTF8_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace rune {

struct Utf8Char {
  uint32_t value = 0;
  unsigned length = 1; // of an invalid sequence: the bytes that belong together, at least one
  bool valid = false;
};

Utf8Char decodeUtf8(llvm::StringRef text, size_t offset);
void appendUtf8(std::string &text, uint32_t value);

/// Characters that a spec may not hold: controls other than tab, line feed and carriage return, separators that some
/// editors break lines at, and those that reorder what is displayed.
bool isForbidden(uint32_t value);

/// The length of a byte-order mark of UTF-8 at the beginning of a file: 3 or 0.
inline size_t bomLength(llvm::StringRef text) { return text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

} // namespace rune

#endif // RUNE_FRONTEND_UTF8_H
