// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Flow collections, [a, b] and {a: b}. An expression that YAML splits at a comma or a bracket inside of one gets an
// error that says so, and is then read as it was meant.

#include "Frontend/YamlParser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

static bool isFlowIndicator(char c) { return c != '\0' && StringRef(",[]{}").contains(c); }

static char closingOf(char opening) { return opening == '[' ? ']' : '}'; }
static std::string pairOf(char opening) { return {opening, closingOf(opening)}; }

/// Skips blanks, comments and line ends inside of a flow collection; false, after an error at its opening bracket,
/// where its lines end before it does.
bool YamlParser::skipFlowSpace(int parent, size_t opening) {
  while (true) {
    size_t start = at;
    skipInline();
    if (peek() == '#' && (at > start || isBlank(at - 1)))
      at = lineEnd(at);
    if (!done() && !isLineEnd(at))
      return true;
    size_t end = at;
    if (!done())
      at += text[at] == '\r' ? 2 : 1;
    size_t next = std::min(text.find_first_not_of(" \t", at), text.size());
    bool blank = next < text.size() && (isLineEnd(next) || text[next] == '#');
    if (next < text.size() && (blank || column(next) > parent || text[next] == closingOf(text[opening]))) {
      at = next;
      if (!atDocumentMarker('-') && !atDocumentMarker('.'))
        continue;
    }
    fail(opening, Twine("'") + Twine(text[opening]) + "' is never closed" +
                      (next < text.size() ? " (line " + Twine(lineOf(next) + 1) + " does not belong to it)" : ""));
    at = end;
    return false;
  }
}

bool YamlParser::atFlowColon(bool afterQuoted) const {
  return peek() == ':' && (afterQuoted || isBlank(at + 1) || isFlowIndicator(charAt(at + 1)));
}

YamlParser::Result YamlParser::parseFlowCollection(int parent) {
  size_t opening = at++;
  bool mapping = text[opening] == '{';
  char closing = closingOf(text[opening]);
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter(opening))
    return std::nullopt;
  Node node = makeNode(mapping ? Node::Mapping : Node::Sequence, opening);
  Keys keys;
  while (!stop) {
    if (!skipFlowSpace(parent, opening))
      return std::nullopt;
    if (peek() == closing) {
      ++at;
      return node;
    }
    if (peek() == ',') {
      fail(at++, "nothing stands before this ','");
      continue;
    }
    if (!parseFlowEntry(parent, opening, node, keys) || !skipFlowSpace(parent, opening))
      return std::nullopt;
    if (peek() == ',')
      ++at;
    else if (peek() != closing && !failAfterFlowEntry(node, opening))
      return std::nullopt;
  }
  return std::nullopt;
}

/// Says why the character at `at` is neither a comma nor the closing bracket.
bool YamlParser::failAfterFlowEntry(const Node &collection, size_t opening) {
  char closing = closingOf(text[opening]);
  const Node &last = collection.isMapping() ? collection.entries.back().value : collection.items.back();
  if (peek() == ']' || peek() == '}')
    return fail(at, Twine("'") + Twine(peek()) + "' where '" + Twine(closing) + "' closes the bracket at " +
                        Twine(collection.loc.line) + ":" + Twine(collection.loc.column));
  if (peek() == ':' && lineOf(last.begin) != lineOf(at))
    return fail(at, "a second ':' in the entry that begins on line " + Twine(lineOf(last.begin) + 1) +
                        "; a ',' is missing between them");
  if (peek() == ':')
    return fail(at, Twine("a second ':' in one entry; inside ") + pairOf(text[opening]) +
                        " quote a scalar that holds ': '");
  if (last.quoted)
    return fail(at, "text after a quoted scalar; an expression that begins with a quote is quoted as a whole");
  if (last.isSequence() || last.isMapping())
    return fail(at, Twine("text after a closing bracket; an expression that begins with '") +
                        Twine(charAt(last.begin)) + "' is quoted as a whole");
  return fail(at, Twine("expected ',' or '") + Twine(closing) + "'");
}

YamlParser::Result YamlParser::parseFlowNode(int parent, size_t opening) {
  std::optional<std::string> anchor;
  if (atProperty()) {
    anchor = parseAnchor();
    if (!anchor || !skipFlowSpace(parent, opening))
      return std::nullopt;
  }
  Result node;
  char c = peek();
  if (anchor && (c == ',' || c == closingOf(text[opening])))
    node = makeNode(Node::Null, at);
  else if (c == '[' || c == '{')
    node = parseFlowCollection(parent);
  else if (c == '"' || c == '\'')
    node = parseQuoted(parent);
  else if (c == '*')
    node = parseAlias();
  else
    node = parseFlowPlain(parent, opening);
  if (anchor)
    return bindAnchor(*anchor, std::move(node));
  return node;
}

bool YamlParser::parseFlowEntry(int parent, size_t opening, Node &collection, Keys &keys) {
  if (peek() == '?' && isBlank(at + 1))
    return fail(at, "complex keys ('? key') are not used in specs");
  if (atFlowColon(false))
    return fail(at, "expected a key before ':'");
  size_t start = at;
  Result node = parseFlowNode(parent, opening);
  if (!node || stop || !skipFlowSpace(parent, opening))
    return false;
  bool colon = atFlowColon(node->quoted);
  if (colon && !node->isScalar())
    return fail(start, "a key is a scalar, not a list or a mapping");
  if (colon && lineOf(start) != lineOf(at))
    return fail(at, "a key stands on one line; is a ',' missing on line " + Twine(lineOf(start) + 1) + "?");
  if (collection.isMapping()) {
    if (colon)
      return parseFlowValue(parent, opening, std::move(*node), collection, keys);
    if (!node->isScalar())
      return fail(start, "expected 'key: value'");
    size_t missing = node->quoted ? StringRef::npos : StringRef(node->text).find(':');
    if (missing != StringRef::npos)
      return fail(node->sourceOffset(missing + 1), "a space is missing after ':'");
    bool fresh = addKey(keys, *node);
    Node value = makeNode(Node::Null, at);
    if (fresh || collection.entries.empty())
      collection.entries.push_back({std::move(*node), std::move(value)});
    return true;
  }
  if (colon) {
    llvm::SaveAndRestore<unsigned> level(depth);
    if (!enter(start))
      return false;
    Node pair = makeNode(Node::Mapping, start);
    Keys own;
    if (!parseFlowValue(parent, opening, std::move(*node), pair, own))
      return false;
    node = std::move(pair);
  }
  collection.items.push_back(std::move(*node));
  return true;
}

/// The value at the colon where `at` stands.
bool YamlParser::parseFlowValue(int parent, size_t opening, Node key, Node &mapping, Keys &keys) {
  size_t colon = at++;
  bool fresh = addKey(keys, key);
  if (!skipFlowSpace(parent, opening))
    return false;
  Result value;
  if (peek() == ',' || peek() == ']' || peek() == '}')
    value = makeNode(Node::Null, colon + 1);
  else
    value = parseFlowNode(parent, opening);
  if (!value)
    return false;
  if (fresh || mapping.entries.empty())
    mapping.entries.push_back({std::move(key), std::move(*value)});
  return true;
}

/// From inside of an expression that YAML would split: the end of what was meant.
size_t YamlParser::skipSplitExpression(size_t from, unsigned open) const {
  size_t i = from;
  for (; !isLineEnd(i); ++i) {
    char c = text[i];
    if (open == 0 && (c == ',' || c == ']' || c == '}' || (c == ':' && isBlank(i + 1))))
      break;
    if (c == '(' || c == '[' || c == '{')
      ++open;
    else if ((c == ')' || c == ']' || c == '}') && open > 0)
      --open;
    else if (c == '\'' || c == '"')
      i = std::min(text.find(c, i + 1), lineEnd(i) - 1);
  }
  return i;
}

/// The end of an unquoted scalar's part on this line, blanks after it left out.
size_t YamlParser::scanFlowLine(size_t opening) {
  size_t i = at;
  unsigned open = 0;
  char quote = '\0';
  for (; !isLineEnd(i); ++i) {
    char c = text[i];
    bool split = c == '[' || c == '{' || (c == ',' && (open > 0 || quote));
    if (split) {
      std::string what = c == ',' ? "splits" : "ends";
      fail(i, Twine("'") + Twine(c) + "' " + what + " this unquoted scalar; inside " + pairOf(text[opening]) +
                  " an expression that holds , [ ] { } is quoted");
      if (quote)
        i = std::min(text.find(quote, i), lineEnd(i) - 1) + 1;
      i = skipSplitExpression(i, open);
      break;
    }
    if (c == ',' || c == ']' || c == '}')
      break;
    if (c == ':' && (isBlank(i + 1) || isFlowIndicator(charAt(i + 1))))
      break;
    if (c == '#' && i > at && isBlank(i - 1))
      break;
    if (c == '(' && !quote)
      ++open;
    else if (c == ')' && !quote && open > 0)
      --open;
    else if (quote ? c == quote : (c == '"' || c == '\'') && i > at && !llvm::isAlnum(text[i - 1]))
      quote = quote ? '\0' : c;
  }
  while (i > at && isBlank(i - 1))
    --i;
  return i;
}

YamlParser::Result YamlParser::parseFlowPlain(int parent, size_t opening) {
  if (!checkPlainStart(/*inFlow=*/true))
    return std::nullopt;
  Node node = makeNode(Node::Scalar, at);
  size_t end = scanFlowLine(opening);
  appendSource(node, at, end);
  at = end;
  while (!stop) {
    size_t back = at;
    skipInline();
    unsigned breaks = isLineEnd(at) ? skipToContinuation(parent) : 0;
    bool colon = peek() == ':' && (isBlank(at + 1) || isFlowIndicator(charAt(at + 1)));
    if (breaks == 0 || isFlowIndicator(peek()) || colon) {
      at = back;
      break;
    }
    appendFolded(node, breaks, back);
    end = scanFlowLine(opening);
    appendSource(node, at, end);
    at = end;
  }
  finishScalar(node, at);
  return node;
}
