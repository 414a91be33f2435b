// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tokens of expressions, read one at a time from the text of a scalar.

#ifndef RUNE_FRONTEND_LEXER_H
#define RUNE_FRONTEND_LEXER_H

#include "Frontend/Document.h"

namespace rune {

struct Token {
  enum Kind { End, Name, Integer, Float, String, Punctuation, Error };
  Kind kind = End;
  llvm::StringRef spelling;  // a part of the scalar's text
  size_t begin = 0, end = 0; // where it stands there
  SourceLoc loc;
  std::string string; // String: what it means
  int64_t integer = 0;
  double number = 0;

  /// Whether it is this operator, bracket or keyword.
  bool is(llvm::StringRef text) const { return (kind == Punctuation || kind == Name) && spelling == text; }
};

/// Reads tokens from a part of a scalar. After an error, which it has reported, it gives Token::Error.
class Lexer {
public:
  Lexer(const Node &scalar, size_t begin, size_t end, Diagnostics &diagnostics)
      : scalar(scalar), text(llvm::StringRef(scalar.text).take_front(end)), diagnostics(diagnostics), at(begin),
        located(scalar.loc), locatedOffset(scalar.begin) {}

  Token next();

  /// Goes on at an offset of the scalar's text.
  void seek(size_t offset) { at = offset; }
  char charAt(size_t offset) const { return offset < text.size() ? text[offset] : '\0'; }
  llvm::StringRef slice(size_t begin, size_t end) const { return text.slice(begin, end); }
  SourceLoc loc(size_t offset);
  Token fail(size_t offset, const llvm::Twine &message);

private:
  Token lexNumber();
  Token lexString();
  Token lexPunctuation();
  Token make(Token::Kind kind, size_t begin);
  Token failOnCharacter();

  const Node &scalar;
  llvm::StringRef text;
  Diagnostics &diagnostics;
  size_t at;
  SourceLoc located; // the last place that was asked for
  size_t locatedOffset;
};

bool isNameStart(char c);
bool isNameChar(char c);

} // namespace rune

#endif // RUNE_FRONTEND_LEXER_H
