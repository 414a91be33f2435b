// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Expression.h"
#include "Frontend/ExpressionParser.h"
#include "llvm/ADT/Twine.h"

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

static constexpr size_t maxLength = 1 << 16;

/// The errors of a node in whose place an expression, or a text with expressions in it, was expected.
static bool checkScalar(const Node &node, Diagnostics &diagnostics) {
  if (node.isScalar() && node.text.size() <= maxLength)
    return true;
  if (node.isScalar())
    diagnostics.error(node.loc, "an expression of more than " + Twine(maxLength) + " bytes");
  else if (node.isSequence())
    diagnostics.error(node.loc, "expected an expression, not a list");
  else
    diagnostics.error(node.loc, node.isMapping() ? "expected an expression, not a mapping" : "expected an expression");
  return false;
}

ExprPtr rune::parseExpression(const Node &scalar, Diagnostics &diagnostics) {
  return parseExpression(scalar, 0, scalar.text, diagnostics);
}

ExprPtr rune::parseExpression(const Node &scalar, size_t offset, StringRef text, Diagnostics &diagnostics) {
  if (!checkScalar(scalar, diagnostics))
    return nullptr;
  if (text.trim() == "~") {
    diagnostics.error(scalar.locationAt(offset + text.find('~')), "YAML's '~' is written 'none'");
    return nullptr;
  }
  ExpressionParser parser(scalar, offset, offset + text.size(), diagnostics);
  ExprPtr expr = parser.parseTuple();
  return expr && parser.expectEnd() ? std::move(expr) : nullptr;
}

/// The expression of a format, from behind its `{` up to its `}`; `at` moves behind that.
static bool parseFormatPart(const Node &scalar, size_t &at, FormatString::Part &part, Diagnostics &diagnostics) {
  ExpressionParser parser(scalar, at, scalar.text.size(), diagnostics);
  part.value = parser.parseTuple();
  if (!part.value)
    return false;
  if (parser.token().is("!")) {
    size_t mark = parser.token().end;
    if (!StringRef(scalar.text).substr(mark).starts_with("r}"))
      return parser.failHere("expected '!r}'");
    part.repr = true;
    at = mark + 2;
    return true;
  }
  if (parser.token().is("}")) {
    at = parser.token().end;
    return true;
  }
  if (parser.token().kind == Token::End)
    return parser.failHere("expected '}'");
  if (parser.token().is(":"))
    return parser.failHere("a value is printed as Python's str() does, without a format; expected '}'");
  return parser.expectEnd();
}

std::optional<FormatString> rune::parseFormat(const Node &scalar, Diagnostics &diagnostics) {
  if (!checkScalar(scalar, diagnostics))
    return std::nullopt;
  StringRef text = scalar.text;
  FormatString format;
  FormatString::Part part;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if ((c == '{' || c == '}') && text.substr(at + 1, 1) == StringRef(&c, 1)) {
      part.literal += c;
      at += 2;
    } else if (c == '}') {
      diagnostics.error(scalar.locationAt(at), "unmatched '}'; a brace itself is written '}}'");
      return std::nullopt;
    } else if (c == '{') {
      ++at;
      if (!parseFormatPart(scalar, at, part, diagnostics))
        return std::nullopt;
      format.parts.push_back(std::move(part));
      part = FormatString::Part();
    } else {
      part.literal += c;
      ++at;
    }
  }
  if (!part.literal.empty() || format.parts.empty())
    format.parts.push_back(std::move(part));
  return format;
}

/// Whether a key begins with this word, and not merely with its letters.
static bool startsWithWord(StringRef key, StringRef word) {
  return key.starts_with(word) && key.size() > word.size() && !isNameChar(key[word.size()]);
}

std::optional<BlockKey> rune::parseBlockKey(const Node &key, Diagnostics &diagnostics) {
  BlockKey block;
  StringRef text = key.text;
  if (text == "else") {
    block.kind = BlockKey::Else;
    return block;
  }
  auto parseCondition = [&](StringRef word) -> std::optional<BlockKey> {
    block.expr = parseExpression(key, word.size(), text.drop_front(word.size()), diagnostics);
    return block.expr ? std::optional<BlockKey>(std::move(block)) : std::nullopt;
  };
  if (startsWithWord(text, "if")) {
    block.kind = BlockKey::If;
    return parseCondition("if");
  }
  if (startsWithWord(text, "elif") || text == "elif") {
    block.kind = BlockKey::Elif;
    return parseCondition("elif");
  }
  if (startsWithWord(text, "else if")) {
    diagnostics.error(key.loc, "'else if' is written 'elif'");
    return std::nullopt;
  }
  if (!startsWithWord(text, "for"))
    return block;
  block.kind = BlockKey::For;
  if (!checkScalar(key, diagnostics))
    return std::nullopt;
  ExpressionParser parser(key, 3, text.size(), diagnostics);
  if (!parser.parseTargets(block.names))
    return std::nullopt;
  block.expr = parser.parseTuple();
  if (!block.expr || !parser.expectEnd())
    return std::nullopt;
  return block;
}
