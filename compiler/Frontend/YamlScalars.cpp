// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain, quoted and block scalars, with the place of every character.

#include "Frontend/Utf8.h"
#include "Frontend/YamlParser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Text and where it comes from
//===----------------------------------------------------------------------===//

void YamlParser::appendSource(Node &node, size_t from, size_t to) {
  if (from >= to)
    return;
  if (node.sourceOffset(node.text.size()) != from)
    node.runs.push_back({uint32_t(node.text.size()), uint32_t(from)});
  node.text.append(text.data() + from, to - from);
}

/// Line ends become a space, or one less than there are.
void YamlParser::appendFolded(Node &node, unsigned breaks, size_t source) {
  node.runs.push_back({uint32_t(node.text.size()), uint32_t(source)});
  if (breaks == 1)
    node.text += ' ';
  else
    node.text.append(breaks - 1, '\n');
}

void YamlParser::finishScalar(Node &node, size_t end) {
  if (node.sourceOffset(node.text.size()) != end)
    node.runs.push_back({uint32_t(node.text.size()), uint32_t(end)});
}

//===----------------------------------------------------------------------===//
// Plain scalars
//===----------------------------------------------------------------------===//

bool YamlParser::checkPlainStart(bool inFlow) {
  char c = peek();
  bool blankNext = isBlank(at + 1) || (inFlow && StringRef(",[]{}").contains(charAt(at + 1)));
  if ((c == '-' || c == '?' || c == ':') && blankNext)
    return fail(at, c == ':' ? "expected a key before ':'"
                             : Twine("an unquoted scalar cannot begin with '") + Twine(c) + " '; quote it");
  if (c == ']' || c == '}' || c == ',')
    return fail(at, Twine("'") + Twine(c) + "' without an opening bracket; a scalar that begins with it is quoted");
  if (StringRef("%@`|>#&*!").contains(c))
    return fail(at, Twine("an unquoted scalar cannot begin with '") + Twine(c) + "'; quote it");
  return true;
}

/// The end of a plain scalar's part on this line in block context, at a `: `, a comment or the line's end.
size_t YamlParser::scanPlainLine() const {
  size_t i = at;
  while (!isLineEnd(i) && !(text[i] == ':' && isBlank(i + 1)) && !(text[i] == '#' && i > at && isBlank(i - 1)))
    ++i;
  while (i > at && isBlank(i - 1))
    --i;
  return i;
}

/// At the end of a line of a plain scalar: goes to the line that continues it. Returns the line ends passed, and 0, not
/// having moved, where it ends.
unsigned YamlParser::skipToContinuation(int parent) {
  size_t start = at;
  unsigned breaks = 0;
  while (!done() && isLineEnd(at)) {
    at += text[at] == '\r' ? 2 : 1;
    ++breaks;
    skipInline();
  }
  if (!done() && column(at) > parent && peek() != '#' && !atDocumentMarker('-') && !atDocumentMarker('.'))
    return breaks;
  at = start;
  return 0;
}

YamlParser::Result YamlParser::parsePlain(int parent) {
  if (!checkPlainStart(/*inFlow=*/false))
    return std::nullopt;
  Node node = makeNode(Node::Scalar, at);
  bool first = true;
  while (true) {
    size_t end = scanPlainLine();
    appendSource(node, at, end);
    at = end;
    size_t stopped = std::min(text.find_first_not_of(" \t", at), text.size());
    if (charAt(stopped) == ':' && isBlank(stopped + 1)) {
      if (first)
        fail(stopped, "': ' inside of an unquoted scalar; quote the scalar");
      else
        fail(stopped, "': ' in a line that continues the unquoted scalar of line " + Twine(node.loc.line) +
                          "; indent it as an entry of its own, or quote the scalar");
      return std::nullopt;
    }
    if (!isLineEnd(stopped))
      break; // a comment
    at = stopped;
    unsigned breaks = skipToContinuation(parent);
    if (breaks == 0) {
      at = end;
      break;
    }
    if (failOnTab(lineStart(at)))
      return std::nullopt;
    appendFolded(node, breaks, end);
    first = false;
  }
  finishScalar(node, at);
  return node;
}

//===----------------------------------------------------------------------===//
// Quoted scalars
//===----------------------------------------------------------------------===//

YamlParser::Result YamlParser::parseQuoted(int parent) {
  size_t opening = at;
  char quote = text[at++];
  Node node = makeNode(Node::Scalar, opening);
  node.quoted = true;
  node.runs.push_back({0, uint32_t(at)});
  size_t kept = 0; // what stays of the text where a line ends: all but the blanks there
  while (!stop) {
    if (isLineEnd(at)) {
      if (!foldQuotedBreak(node, kept, parent, opening))
        return std::nullopt;
      kept = node.text.size();
    } else if (peek() == quote && quote == '\'' && charAt(at + 1) == quote) {
      appendSource(node, at, at + 1);
      at += 2;
      kept = node.text.size();
    } else if (peek() == quote) {
      finishScalar(node, at);
      ++at;
      return node;
    } else if (peek() == '\\' && quote == '"') {
      if (!parseEscape(node))
        return std::nullopt;
      kept = node.text.size();
    } else {
      appendSource(node, at, at + 1);
      if (!isBlank(at))
        kept = node.text.size();
      ++at;
    }
  }
  return std::nullopt;
}

/// At the end of a line inside of a quoted scalar: folds it and the empty lines after it.
bool YamlParser::foldQuotedBreak(Node &node, size_t kept, int parent, size_t opening) {
  size_t end = at;
  node.text.resize(kept);
  while (node.runs.size() > 1 && node.runs.back().text >= kept)
    node.runs.pop_back();
  unsigned breaks = 0;
  while (!done() && isLineEnd(at)) {
    at += text[at] == '\r' ? 2 : 1;
    ++breaks;
    skipInline();
  }
  if (done() || column(at) <= parent || atDocumentMarker('-') || atDocumentMarker('.')) {
    fail(opening, Twine("this ") + Twine(text[opening]) + " is never closed" +
                      (done() ? "" : " (line " + Twine(lineOf(at) + 1) + " does not belong to it)"));
    at = end;
    return false;
  }
  appendFolded(node, breaks, end);
  return true;
}

/// At a backslash in a scalar in double quotes.
bool YamlParser::parseEscape(Node &node) {
  size_t start = at++;
  if (isLineEnd(at)) { // an escaped line end joins the lines
    if (done())
      return fail(start, "the file ends in a quoted scalar");
    at += text[at] == '\r' ? 2 : 1;
    skipInline();
    return true;
  }
  static const struct {
    char name;
    uint32_t value;
  } escapes[] = {{'t', '\t'}, {'\t', '\t'}, {'n', '\n'}, {'r', '\r'}, {' ', ' '},    {'"', '"'},
                 {'/', '/'},  {'\\', '\\'}, {'_', 0xA0}, {'0', 0},    {'a', 7},      {'b', 8},
                 {'v', 11},   {'f', 12},    {'e', 27},   {'N', 0x85}, {'L', 0x2028}, {'P', 0x2029}};
  char name = text[at++];
  std::optional<uint32_t> value;
  for (auto &escape : escapes)
    if (escape.name == name)
      value = escape.value;
  unsigned digits = name == 'x' ? 2 : name == 'u' ? 4 : name == 'U' ? 8 : 0;
  if (digits > 0) {
    uint32_t number = 0;
    if (!text.substr(at, digits).getAsInteger(16, number) && text.substr(at, digits).size() == digits)
      value = number;
    at = std::min(at + digits, text.size());
  }
  StringRef written = text.slice(start, at);
  if (!value)
    return fail(start, (digits ? "expected " + Twine(digits) + " hexadecimal digits after '\\" + Twine(name) + "'"
                               : "unknown escape '" + written +
                                     "'; in double quotes a backslash is written twice, in single quotes once")
                           .str());
  bool surrogate = *value >= 0xD800 && *value <= 0xDFFF;
  if (*value > 0x10FFFF || surrogate || isForbidden(*value))
    return fail(start, "'" + written + "' is not a character that a spec may hold");
  node.runs.push_back({uint32_t(node.text.size()), uint32_t(start)});
  appendUtf8(node.text, *value);
  return true;
}

//===----------------------------------------------------------------------===//
// Block scalars
//===----------------------------------------------------------------------===//

YamlParser::Result YamlParser::parseBlockScalar(int parent) {
  size_t start = at;
  bool folded = peek() == '>';
  Node node = makeNode(Node::Scalar, start);
  int indent = 0;
  char chomping = '\0';
  if (!parseBlockHeader(parent, indent, chomping))
    return std::nullopt;
  if (indent == 0)
    indent = detectIndent(parent);
  node.runs.push_back({0, uint32_t(at)});
  readBlockLines(node, indent, folded, chomping);
  finishScalar(node, at);
  size_t next = std::min(text.find_first_not_of(' ', at), text.size());
  if (charAt(next) == '\t') {
    at = next + 1;
    failOnTab(next);
    return std::nullopt;
  }
  if (column(next) > parent && column(next) < indent && !isLineEnd(next) && charAt(next) != '#') {
    fail(next, "this line is indented less than the first line of the block scalar");
    return std::nullopt;
  }
  return node;
}

/// `|` or `>`, then at most a digit and a sign; to the beginning of the next line.
bool YamlParser::parseBlockHeader(int parent, int &indent, char &chomping) {
  size_t start = at++;
  for (; !isBlank(at); ++at) {
    char c = peek();
    if (c >= '1' && c <= '9' && indent == 0)
      indent = std::max(parent, 0) + (c - '0');
    else if ((c == '+' || c == '-') && !chomping)
      chomping = c;
    else
      return fail(start, Twine("an unquoted scalar cannot begin with '") + Twine(text[start]) +
                             "'; quote it, or begin its text on the next line");
  }
  size_t blank = at;
  skipInline();
  if (peek() == '#' && at > blank)
    at = lineEnd(at);
  if (!isLineEnd(at))
    return fail(at, Twine("the text after '") + Twine(text[start]) + "' begins on the next line");
  if (!done())
    at += text[at] == '\r' ? 2 : 1;
  return true;
}

/// The indentation of the first line that is not blank.
int YamlParser::detectIndent(int parent) const {
  for (size_t line = at; line < text.size();) {
    size_t first = std::min(text.find_first_not_of(' ', line), text.size());
    if (!isLineEnd(first))
      return std::max(parent + 1, int(first - line));
    line = std::min(text.find('\n', first), text.size() - 1) + 1;
  }
  return parent + 1;
}

/// From the beginning of a line: all lines that are indented enough, to the beginning of the first that is not.
void YamlParser::readBlockLines(Node &node, int indent, bool folded, char chomping) {
  size_t lastBreak = StringRef::npos; // of the line before, which is not written yet
  unsigned blanks = 0;
  bool foldable = false;
  while (!done()) {
    size_t line = at;
    while (peek() == ' ' && int(at - line) < indent)
      ++at;
    if (!done() && isLineEnd(at)) {
      at += text[at] == '\r' ? 2 : 1;
      ++blanks;
      continue;
    }
    if (done() || int(at - line) < indent || atDocumentMarker('-') || atDocumentMarker('.')) {
      at = line;
      break;
    }
    bool indented = peek() == ' ' || peek() == '\t';
    if (lastBreak != StringRef::npos) {
      node.runs.push_back({uint32_t(node.text.size()), uint32_t(lastBreak)});
      if (!(folded && foldable && !indented))
        node.text += '\n';
      else if (blanks == 0)
        node.text += ' ';
    }
    node.text.append(blanks, '\n');
    blanks = 0;
    foldable = !indented;
    size_t end = lineEnd(at);
    appendSource(node, at, end);
    at = end;
    lastBreak = StringRef::npos;
    if (!done()) {
      lastBreak = at;
      at += text[at] == '\r' ? 2 : 1;
    }
  }
  if (lastBreak != StringRef::npos && chomping != '-')
    node.text += '\n';
  if (chomping == '+')
    node.text.append(blanks, '\n');
}
