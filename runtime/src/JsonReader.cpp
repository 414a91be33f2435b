// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "JsonReader.h"

#include "SafetensorsHeader.h"

namespace rune::detail {
namespace {

void appendUtf8(std::string &out, std::uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    tail(12), tail(6), tail(0);
  }
}

/// The length of the well-formed UTF-8 sequence at the start of the text, or 0.
std::size_t utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool fits = !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f);
    return fits && continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool fits = !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f);
    return fits && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

} // namespace

void JsonReader::fail(const std::string &what) const { fail_at(path_, base_ + static_cast<std::int64_t>(at_), what); }

void JsonReader::check_utf8() const {
  for (std::size_t i = 0, length; i < text_.size(); i += length) {
    length = utf8Length(text_.substr(i, 4));
    if (length == 0)
      fail_at(path_, base_ + static_cast<std::int64_t>(i), "the header is not UTF-8");
  }
}

void JsonReader::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
    ++at_;
}

bool JsonReader::accept(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c)
    return false;
  ++at_;
  return true;
}

void JsonReader::expect(char c, const std::string &otherwise) {
  if (!accept(c))
    fail(otherwise + (at_ == text_.size() ? ", but the header ends" : ""));
}

std::uint32_t JsonReader::hex4() {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (isDigit(c))
      value = value * 16 + static_cast<std::uint32_t>(c - '0');
    else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      value = value * 16 + static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
    else
      fail("expected four hexadecimal digits after \\u");
  }
  return value;
}

void JsonReader::escape(std::string &out) {
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  ++at_;
  switch (c) {
  case '"':
  case '\\':
  case '/':
    out += c;
    return;
  case 'b':
    out += '\b';
    return;
  case 'f':
    out += '\f';
    return;
  case 'n':
    out += '\n';
    return;
  case 'r':
    out += '\r';
    return;
  case 't':
    out += '\t';
    return;
  case 'u':
    break;
  default:
    --at_;
    fail("unknown escape in a string");
  }
  std::uint32_t unit = hex4();
  if (unit >= 0xd800 && unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    const std::uint32_t low = hex4();
    if (low < 0xdc00 || low > 0xdfff)
      fail("unpaired surrogate in a string");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  } else if (unit >= 0xd800 && unit < 0xe000) {
    fail("unpaired surrogate in a string");
  }
  appendUtf8(out, unit);
}

std::string JsonReader::string(const std::string &what) {
  expect('"', what + " must be a string");
  std::string out;
  for (;;) {
    if (at_ == text_.size())
      fail("a string does not end");
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20)
      fail("control character in a string");
    ++at_;
    if (c == '"')
      return out;
    if (c == '\\')
      escape(out);
    else
      out += c;
  }
}

std::int64_t JsonReader::integer(const std::string &what) {
  skip_space();
  const char first = at_ < text_.size() ? text_[at_] : '\0';
  if (first == '-')
    fail(what + ": a negative number");
  if (!isDigit(first))
    fail(what + " must hold integers");
  std::int64_t value = 0;
  const std::size_t start = at_;
  for (; at_ < text_.size() && isDigit(text_[at_]); ++at_)
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
        __builtin_add_overflow(value, text_[at_] - '0', &value))
      fail(what + ": a number out of range");
  if (first == '0' && at_ - start > 1)
    fail(what + ": a leading zero");
  if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E'))
    fail(what + ": a number that is not an integer");
  return value;
}

std::vector<std::int64_t> JsonReader::integers(const std::string &what) {
  expect('[', what + " must be a list of integers");
  std::vector<std::int64_t> values;
  if (accept(']'))
    return values;
  do
    values.push_back(integer(what));
  while (accept(','));
  expect(']', what + ": expected ',' or ']'");
  return values;
}

void JsonReader::end() {
  skip_space();
  if (at_ != text_.size())
    fail("text after the end of the header");
}

} // namespace rune::detail
