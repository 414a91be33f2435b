// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Lexer.h"
#include "Frontend/Utf8.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

#include <cmath>
#include <cstdlib>

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

bool rune::isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
bool rune::isNameChar(char c) { return llvm::isAlnum(c) || c == '_'; }

SourceLoc Lexer::loc(size_t offset) {
  size_t source = scalar.sourceOffset(offset);
  if (source < locatedOffset) {
    located = scalar.loc;
    locatedOffset = scalar.begin;
  }
  located = advanceTo(located, locatedOffset, source);
  locatedOffset = source;
  return located;
}

Token Lexer::fail(size_t offset, const Twine &message) {
  diagnostics.error(loc(offset), message);
  Token token;
  token.kind = Token::Error;
  return token;
}

Token Lexer::make(Token::Kind kind, size_t begin) {
  Token token;
  token.kind = kind;
  token.begin = begin;
  token.end = at;
  token.spelling = text.slice(begin, at);
  token.loc = loc(begin);
  return token;
}

Token Lexer::next() {
  while (charAt(at) == ' ' || charAt(at) == '\t' || charAt(at) == '\n' || charAt(at) == '\r')
    ++at;
  size_t begin = at;
  if (at >= text.size())
    return make(Token::End, begin);
  char c = text[at];
  if (isNameStart(c)) {
    while (isNameChar(charAt(at)))
      ++at;
    return make(Token::Name, begin);
  }
  if (llvm::isDigit(c) || (c == '.' && llvm::isDigit(charAt(at + 1))))
    return lexNumber();
  if (c == '\'' || c == '"')
    return lexString();
  return lexPunctuation();
}

/// Digits, with single underscores between them.
static size_t skipDigits(StringRef text, size_t at) {
  while (at < text.size() && (llvm::isDigit(text[at]) || (text[at] == '_' && at > 0 && llvm::isDigit(text[at - 1]) &&
                                                          at + 1 < text.size() && llvm::isDigit(text[at + 1]))))
    ++at;
  return at;
}

Token Lexer::lexNumber() {
  size_t begin = at;
  at = skipDigits(text, at);
  bool isFloat = false;
  if (charAt(at) == '.' && charAt(at + 1) != '.') {
    isFloat = true;
    at = skipDigits(text, at + 1);
  }
  if (charAt(at) == 'e' || charAt(at) == 'E') {
    size_t exponent = at + 1;
    if (charAt(exponent) == '+' || charAt(exponent) == '-')
      ++exponent;
    if (llvm::isDigit(charAt(exponent))) {
      isFloat = true;
      at = skipDigits(text, exponent);
    }
  }
  if (isNameChar(charAt(at))) {
    size_t end = at;
    while (isNameChar(charAt(end)))
      ++end;
    return fail(begin, "'" + text.slice(begin, end) + "' is neither a number nor a name");
  }
  std::string digits = text.slice(begin, at).str();
  llvm::erase(digits, '_');
  Token token = make(isFloat ? Token::Float : Token::Integer, begin);
  if (isFloat) {
    token.number = std::strtod(digits.c_str(), nullptr);
    if (!std::isfinite(token.number))
      return fail(begin, "'" + token.spelling + "' must be finite: it exceeds the range of f64");
    return token;
  }
  if (digits.size() > 1 && digits[0] == '0')
    return fail(begin, "leading zero in '" + token.spelling + "'");
  if (StringRef(digits).getAsInteger(10, token.integer))
    return fail(begin, "'" + token.spelling + "' is out of range for a 64-bit integer");
  return token;
}

Token Lexer::lexString() {
  size_t begin = at;
  char quote = text[at++];
  std::string string;
  while (charAt(at) != quote) {
    if (at >= text.size())
      return fail(begin, "this string is never closed");
    char c = text[at++];
    if (c != '\\') {
      string += c;
      continue;
    }
    char escaped = charAt(at++);
    if (escaped == 'n')
      string += '\n';
    else if (escaped == 't')
      string += '\t';
    else if (escaped == '\\' || escaped == '\'' || escaped == '"')
      string += escaped;
    else
      return fail(at - 2, "unknown escape in a string; there are \\n \\t \\\\ \\' and \\\"");
  }
  ++at;
  Token token = make(Token::String, begin);
  token.string = std::move(string);
  return token;
}

Token Lexer::lexPunctuation() {
  static const StringRef known[] = {"...", "**", "//", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":",
                                    ".",   "+",  "-",  "*",  "/",  "%",  "@",  "&", "|", "~", "<", ">", "=", "!"};
  // What other languages write, and what is written here.
  static const struct {
    StringRef written, mend;
  } foreign[] = {
      {"&&", "write 'and'"},
      {"||", "write 'or'"},
      {"===", "write '=='"},
      {"!==", "write '!='"},
      {"<>", "write '!='"},
      {"<<", "shifts are not in the language"},
      {">>", "shifts are not in the language"},
      {":=", "a name is bound by a statement of its own, 'name: value'"},
      {"->", "it is not in the language"},
      {"=>", "write '>=' for at least"},
      {"=<", "write '<='"},
      {"^", "a power is written '**'"},
      {"?", "a choice is written 'a if condition else b'"},
      {";", "each statement is an entry of its own"},
  };
  StringRef rest = text.drop_front(at);
  for (auto &other : foreign)
    if (rest.starts_with(other.written))
      return fail(at, "unexpected '" + other.written + "'; " + other.mend);
  for (StringRef assignment : {"+=", "-=", "*=", "/=", "%=", "@=", "|=", "&="})
    if (rest.starts_with(assignment) && !rest.starts_with((assignment + "=").str()))
      return fail(at, "unexpected '" + assignment + "'; a name is bound again by 'name: value'");
  for (StringRef spelling : {".nan", ".inf"})
    if (rest.take_front(4).equals_insensitive(spelling) && !isNameChar(charAt(at + 4)) &&
        (at == 0 || !(isNameChar(text[at - 1]) || StringRef(")]}'\"").contains(text[at - 1]))))
      return fail(at, "'" + rest.take_front(4) + "': a number must be finite");
  for (StringRef spelling : known)
    if (rest.starts_with(spelling)) {
      size_t begin = at;
      at += spelling.size();
      return make(Token::Punctuation, begin);
    }
  return failOnCharacter();
}

Token Lexer::failOnCharacter() {
  Utf8Char c = decodeUtf8(text, at);
  StringRef bytes = text.substr(at, c.length);
  static const struct {
    uint32_t value;
    StringRef mend;
  } lookalikes[] = {{0x2018, "'"},  {0x2019, "'"},  {0x201C, "\""}, {0x201D, "\""},  {0x2212, "-"},
                    {0x2013, "-"},  {0x2014, "-"},  {0xD7, "*"},    {0xB7, "*"},     {0xF7, "/"},
                    {0x2264, "<="}, {0x2265, ">="}, {0x2260, "!="}, {0x2026, "..."}, {0xA0, "a plain space"}};
  for (auto &lookalike : lookalikes)
    if (c.value == lookalike.value)
      return fail(at, "unexpected character '" + bytes + "' (U+" + llvm::utohexstr(c.value, false, 4) + "); write " +
                          lookalike.mend);
  if (c.value >= 0x80)
    return fail(at, "unexpected character '" + bytes + "' (U+" + llvm::utohexstr(c.value, false, 4) +
                        "); names consist of A-Z, a-z, 0-9 and _");
  return fail(at, "unexpected character '" + bytes + "'");
}
