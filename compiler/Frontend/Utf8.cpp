// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Utf8.h"

using namespace rune;

static bool isContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

Utf8Char rune::decodeUtf8(llvm::StringRef text, size_t offset) {
  unsigned char lead = text[offset];
  if (lead < 0x80)
    return {lead, 1, true};
  unsigned length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  uint32_t value = length == 1 ? 0 : lead & (0xFF >> (length + 1));
  for (unsigned i = 1; i < length; ++i) {
    if (offset + i >= text.size() || !isContinuation(text[offset + i]))
      return {0, i, false};
    value = value << 6 | (text[offset + i] & 0x3F);
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool valid =
      length > 1 && lead < 0xF8 && value >= least[length] && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
  return {value, length, valid};
}

void rune::appendUtf8(std::string &text, uint32_t value) {
  if (value < 0x80) {
    text += char(value);
  } else if (value < 0x800) {
    text += {char(0xC0 | value >> 6), char(0x80 | (value & 0x3F))};
  } else if (value < 0x10000) {
    text += {char(0xE0 | value >> 12), char(0x80 | (value >> 6 & 0x3F)), char(0x80 | (value & 0x3F))};
  } else {
    text += {char(0xF0 | value >> 18), char(0x80 | (value >> 12 & 0x3F)), char(0x80 | (value >> 6 & 0x3F)),
             char(0x80 | (value & 0x3F))};
  }
}

bool rune::isForbidden(uint32_t value) {
  if (value < 0x20)
    return value != '\t' && value != '\n' && value != '\r';
  if (value < 0x7F)
    return false;
  if (value <= 0x9F)
    return true;
  return value == 0x061C || value == 0x200E || value == 0x200F || (value >= 0x2028 && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069) || value == 0xFEFF || (value & 0xFFFE) == 0xFFFE;
}
