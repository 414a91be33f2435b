// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The document, block collections, and what all parts of the parser use.

#include "Frontend/YamlParser.h"
#include "Frontend/Utf8.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SaveAndRestore.h"

#include <algorithm>

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

static constexpr unsigned maxDepth = 64;
static constexpr size_t maxNodes = 1000000;
static constexpr size_t maxCopiedNodes = 100000, maxCopiedBytes = 1 << 20;

YamlParser::YamlParser(const SourceFile &file, Diagnostics &diagnostics)
    : file(file), diagnostics(diagnostics), text(file.text), at(bomLength(file.text)) {
  lines.push_back(at);
  for (size_t end = text.find('\n'); end != StringRef::npos; end = text.find('\n', end + 1))
    lines.push_back(end + 1);
  locatedOffset = at;
  located = {&file, 1, 1};
}

std::optional<Node> YamlParser::parse() {
  bool marker = false;
  if (!parseDirectives(marker))
    return std::nullopt;
  bool ownLine = skipToToken() || !marker;
  if (stop)
    return std::nullopt;
  if (done() || atDocumentMarker('-') || atDocumentMarker('.')) {
    diagnostics.error(SourceLoc{&file, 1, 1}, "empty specification");
    return std::nullopt;
  }
  Result root = parseBlockNode({-1, ownLine, false});
  if (root && !stop)
    checkDocumentEnd();
  if (faults)
    return std::nullopt;
  return root;
}

/// A directive and `---`, where they are there; `marker` says whether the latter is.
bool YamlParser::parseDirectives(bool &marker) {
  skipToToken();
  bool directive = false;
  while (!stop && peek() == '%' && column(at) == 0) {
    StringRef line = text.slice(at, lineEnd(at)).rtrim();
    if (!line.starts_with("%YAML 1."))
      return fail(at, "'" + line + "': of directives, a spec has at most '%YAML 1.2'");
    at = lineEnd(at);
    directive = true;
    skipToToken();
  }
  if (stop)
    return false;
  marker = atDocumentMarker('-');
  if (marker)
    at += 3;
  else if (directive)
    return fail(at, "expected '---' after the directive");
  return true;
}

void YamlParser::checkDocumentEnd() {
  skipToToken();
  if (stop || done())
    return;
  bool ended = atDocumentMarker('.');
  if (ended) {
    at += 3;
    skipToToken();
    if (stop || done())
      return;
  }
  if (ended || atDocumentMarker('-'))
    fail(at, "a second document begins here; a spec is one document");
  else
    fail(at, "this line is indented less than the lines above; expected the end of the specification");
}

bool YamlParser::atBlockNodeEnd(Place place) const {
  if (done() || atDocumentMarker('-') || atDocumentMarker('.'))
    return true;
  if (!place.ownLine || column(at) > place.parent)
    return false;
  return !(place.sequences && column(at) == place.parent && atBlockEntry());
}

YamlParser::Result YamlParser::parseBlockNode(Place place) {
  size_t origin = at;
  if (skipToToken())
    place.ownLine = true;
  else if (place.ownLine && origin != at && (atImplicitKey() || atBlockEntry()))
    failOnTab(origin); // the blanks after `- ` are indentation where a collection begins behind them
  if (stop)
    return std::nullopt;
  if (atBlockNodeEnd(place))
    return makeNode(Node::Null, origin);
  if (!atProperty() || (place.ownLine && atImplicitKey()))
    return parseBlockContent(place);
  std::optional<std::string> anchor = parseAnchor();
  if (!anchor)
    return std::nullopt;
  origin = at;
  place.ownLine = skipToToken();
  if (stop)
    return std::nullopt;
  if (atBlockNodeEnd(place))
    return bindAnchor(*anchor, makeNode(Node::Null, origin));
  return bindAnchor(*anchor, parseBlockContent(place));
}

YamlParser::Result YamlParser::parseBlockContent(Place place) {
  char c = peek();
  if (atBlockEntry()) {
    if (place.ownLine)
      return parseBlockSequence();
    fail(at, "a sequence begins on the line after its key");
    return std::nullopt;
  }
  if (c == '?' && isBlank(at + 1)) {
    fail(at, "complex keys ('? key') are not used in specs");
    return std::nullopt;
  }
  if (place.ownLine && atImplicitKey())
    return parseBlockMapping();
  if (c == '|' || c == '>')
    return parseBlockScalar(place.parent);
  Result node;
  size_t start = at;
  if (c == '[' || c == '{')
    node = parseFlowCollection(place.parent);
  else if (c == '"' || c == '\'')
    node = parseQuoted(place.parent);
  else if (c == '*')
    node = parseAlias();
  else
    node = parsePlain(place.parent);
  if (!node || stop || !finishLine(start, node->quoted))
    return std::nullopt;
  return node;
}

/// Goes to the next entry of a block collection; false where the collection ends.
bool YamlParser::atEntryOf(int indent) {
  while (true) {
    skipToToken();
    if (stop || done() || atDocumentMarker('-') || atDocumentMarker('.') || column(at) < indent)
      return false;
    if (column(at) == indent)
      return true;
    fail(at, "indented by " + Twine(column(at)) +
                 " columns, which fits no entry above; those around it are indented by " + Twine(indent));
    skipEntry(indent);
  }
}

YamlParser::Result YamlParser::parseBlockSequence() {
  int indent = column(at);
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter(at))
    return std::nullopt;
  Node sequence = makeNode(Node::Sequence, at);
  do {
    if (!atBlockEntry())
      break; // the next key, where the sequence stands on its key's own column; else an error of the caller's
    ++at;
    Result item = parseBlockNode({indent, /*ownLine=*/true, /*sequences=*/false});
    if (item)
      sequence.items.push_back(std::move(*item));
    else
      skipEntry(indent);
  } while (atEntryOf(indent));
  return sequence;
}

YamlParser::Result YamlParser::parseBlockMapping() {
  int indent = column(at);
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter(at))
    return std::nullopt;
  Node mapping = makeNode(Node::Mapping, at);
  Keys keys;
  do {
    if (!parseBlockEntry(indent, mapping, keys))
      skipEntry(indent);
  } while (atEntryOf(indent));
  return mapping;
}

bool YamlParser::parseBlockEntry(int indent, Node &mapping, Keys &keys) {
  if (!atImplicitKey())
    return failWithoutKey();
  Result key = parseBlockKey();
  if (!key)
    return false;
  bool fresh = addKey(keys, *key);
  Result value = parseBlockNode({indent, /*ownLine=*/false, /*sequences=*/true});
  if (value && fresh)
    mapping.entries.push_back({std::move(*key), std::move(*value)});
  return value.has_value();
}

/// Says why the line at `at`, among the entries of a mapping, is none.
bool YamlParser::failWithoutKey() {
  if (atBlockEntry())
    return fail(at, "a sequence entry among the entries of a mapping");
  if (peek() == '?' && isBlank(at + 1))
    return fail(at, "complex keys ('? key') are not used in specs");
  if (peek() == '[' || peek() == '{')
    return fail(at, Twine("expected a key; one that begins with '") + Twine(peek()) + "' is quoted");
  if (peek() == '"' || peek() == '\'') {
    Result quoted = parseQuoted(column(at));
    if (!quoted)
      return false;
    return fail(at, "expected ':' after the key");
  }
  for (size_t i = at; !isLineEnd(i) && !(text[i] == '#' && isBlank(i - 1)); ++i)
    if (text[i] == ':' && i > at)
      return fail(i + 1, "a space is missing after ':'");
  return fail(at, "expected 'key: value'");
}

YamlParser::Result YamlParser::parseBlockKey() {
  std::optional<std::string> anchor;
  if (atProperty()) {
    anchor = parseAnchor();
    if (!anchor)
      return std::nullopt;
    skipInline();
  }
  Result key;
  if (peek() == '"' || peek() == '\'') {
    key = parseQuoted(-1);
  } else if (peek() == '*') {
    key = parseAlias();
    if (key && !key->isScalar()) {
      fail(key->begin, "a key is a scalar");
      return std::nullopt;
    }
  } else if (checkPlainStart(/*inFlow=*/false)) {
    key = makeNode(Node::Scalar, at);
    size_t end = scanPlainLine();
    appendSource(*key, at, end);
    at = end;
    finishScalar(*key, end);
  }
  if (!key)
    return std::nullopt;
  if (anchor)
    key = bindAnchor(*anchor, std::move(key));
  skipInline();
  if (peek() != ':') {
    fail(at, "expected ':' after the key");
    return std::nullopt;
  }
  ++at;
  return key;
}

/// Whether the line goes on with `key:`. A key stands on one line.
bool YamlParser::atImplicitKey() const {
  size_t i = at;
  while (charAt(i) == '&' || charAt(i) == '!') {
    while (!isBlank(i))
      ++i;
    while (charAt(i) == ' ' || charAt(i) == '\t')
      ++i;
    if (isLineEnd(i))
      return false;
  }
  char first = charAt(i);
  if (first == '[' || first == '{' || first == '|' || first == '>')
    return false;
  if (first == '"' || first == '\'') {
    for (++i; !isLineEnd(i); ++i) {
      if (text[i] == '\\' && first == '"')
        ++i;
      else if (text[i] == first && !(first == '\'' && charAt(i + 1) == '\''))
        break;
      else if (text[i] == first)
        ++i;
    }
    if (isLineEnd(i))
      return false;
    for (++i; charAt(i) == ' ' || charAt(i) == '\t';)
      ++i;
    return charAt(i) == ':' && isBlank(i + 1);
  }
  for (size_t start = i; !isLineEnd(i); ++i) {
    if (text[i] == ':' && isBlank(i + 1))
      return true;
    if (text[i] == '#' && i > start && isBlank(i - 1))
      return false;
  }
  return false;
}

/// After a node that began at `start` and ends within a line: only a comment may follow it there.
bool YamlParser::finishLine(size_t start, bool quoted) {
  size_t end = at;
  skipInline();
  if (isLineEnd(at))
    return true;
  if (peek() == '#') {
    if (at == end)
      return fail(at, "a comment needs a space before its '#'");
    at = lineEnd(at);
    return true;
  }
  bool colon = peek() == ':' && isBlank(at + 1);
  char first = charAt(start);
  if ((first == '[' || first == '{') && colon)
    return fail(start, "a key is a scalar, not a list or a mapping");
  if (colon)
    return fail(at, "a second ':' in one line; quote the scalar that holds it, or begin a new line");
  if (quoted)
    return fail(at, "text after a quoted scalar; an expression that begins with a quote is quoted as a whole");
  return fail(at, Twine("unexpected text; an expression that begins with '") + Twine(first) + "' is quoted as a whole");
}

//===----------------------------------------------------------------------===//
// Anchors and aliases
//===----------------------------------------------------------------------===//

static bool isAnchorChar(char c) { return llvm::isAlnum(c) || c == '_' || c == '-'; }

std::optional<std::string> YamlParser::parseAnchor() {
  size_t start = at++;
  if (text[start] == '!') {
    while (!isBlank(at) && !StringRef(",[]{}").contains(text[at]))
      ++at;
    fail(start, "tag '" + text.slice(start, at) + "': specs have no tags, and a scalar that begins with '!' is quoted");
    return std::nullopt;
  }
  while (isAnchorChar(peek()))
    ++at;
  if (at == start + 1 || !isBlank(at)) {
    fail(start, "not an anchor ('&name'); a scalar that begins with '&' is quoted");
    return std::nullopt;
  }
  std::string name = text.slice(start + 1, at).str();
  size_t next = text.find_first_not_of(" \t", at);
  if (charAt(next) == '!' || charAt(next) == '&' || charAt(next) == '*') {
    fail(next, Twine("'") + Twine(charAt(next)) + "' after an anchor");
    return std::nullopt;
  }
  openAnchors.insert(name);
  return name;
}

YamlParser::Result YamlParser::bindAnchor(const std::string &name, Result node) {
  openAnchors.erase(name);
  if (!node || !countCopy(*node))
    return node;
  anchors[name] = *node;
  return node;
}

YamlParser::Result YamlParser::parseAlias() {
  size_t start = at++;
  while (isAnchorChar(peek()))
    ++at;
  StringRef name = text.slice(start + 1, at);
  bool ends = isBlank(at) || StringRef(",[]{}:").contains(peek());
  auto found = anchors.find(name);
  if (ends && openAnchors.contains(name))
    fail(start, "alias '*" + name + "' stands inside of the node that it names");
  else if (!ends || name.empty() || found == anchors.end())
    fail(start, "no anchor '&" + name + "' before this alias; an expression that begins with '*' is quoted");
  else if (countCopy(found->second))
    return found->second;
  return std::nullopt;
}

/// Counts what a copy of a node adds, and stops where aliases multiply it without bound.
bool YamlParser::countCopy(const Node &node) {
  ++copiedNodes;
  copiedBytes += node.text.size() + node.runs.size() * sizeof(Node::Run);
  if (copiedNodes > maxCopiedNodes || copiedBytes > maxCopiedBytes) {
    if (!stop)
      fail(at,
           "aliases expand to more than " + Twine(maxCopiedNodes) + " nodes or " + Twine(maxCopiedBytes) + " bytes");
    stop = true;
    return false;
  }
  for (const Node &item : node.items)
    if (!countCopy(item))
      return false;
  for (const Entry &entry : node.entries)
    if (!countCopy(entry.key) || !countCopy(entry.value))
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Characters, places and errors
//===----------------------------------------------------------------------===//

bool YamlParser::isLineEnd(size_t offset) const {
  return offset >= text.size() || text[offset] == '\n' || (text[offset] == '\r' && charAt(offset + 1) == '\n');
}

bool YamlParser::atDocumentMarker(char c) const {
  return peek() == c && charAt(at + 1) == c && charAt(at + 2) == c && isBlank(at + 3) && column(at) == 0;
}

size_t YamlParser::lineOf(size_t offset) const {
  return std::upper_bound(lines.begin(), lines.end(), offset) - lines.begin() - 1;
}

size_t YamlParser::lineEnd(size_t offset) const {
  size_t end = std::min(text.find('\n', offset), text.size());
  return end > offset && end < text.size() && text[end - 1] == '\r' ? end - 1 : end;
}

void YamlParser::skipInline() {
  while (peek() == ' ' || peek() == '\t')
    ++at;
}

/// Skips blanks, comments and line ends; whether a line end was among them. A tab in the indentation of what it comes
/// to is an error, after which the structure of the rest means nothing.
bool YamlParser::skipToToken() {
  size_t line = at;
  bool crossed = column(at) == 0;
  while (true) {
    skipInline();
    if (peek() == '#' && (at == line || isBlank(at - 1)))
      at = lineEnd(at);
    if (done() || !isLineEnd(at))
      break;
    at += text[at] == '\r' ? 2 : 1;
    line = at;
    crossed = true;
  }
  if (!done() && crossed)
    failOnTab(line);
  return crossed;
}

bool YamlParser::failOnTab(size_t from) {
  size_t tab = text.slice(from, at).find('\t');
  if (tab == StringRef::npos)
    return false;
  fail(from + tab, "a tab (byte 09) in the indentation; indent with spaces");
  stop = true;
  return true;
}

/// After an error: goes to the next line that is indented by `indent` or less and does not merely close brackets.
void YamlParser::skipEntry(int indent) {
  while (!stop && !done()) {
    size_t next = text.find('\n', at);
    at = next == StringRef::npos ? text.size() : next + 1;
    size_t line = at;
    while (peek() == ' ')
      ++at;
    bool entry = !isLineEnd(at) && !StringRef("#\t]}").contains(peek());
    if (entry && int(at - line) <= indent)
      return;
  }
}

Node YamlParser::makeNode(Node::Kind kind, size_t offset) {
  if (++nodes > maxNodes && !stop) {
    fail(offset, "more than " + Twine(maxNodes) + " nodes");
    stop = true;
  }
  Node node;
  node.kind = kind;
  node.loc = loc(offset);
  node.begin = offset;
  return node;
}

bool YamlParser::enter(size_t offset) {
  if (++depth <= maxDepth)
    return true;
  fail(offset, "nesting exceeds " + Twine(maxDepth));
  stop = true;
  return false;
}

SourceLoc YamlParser::loc(size_t offset) {
  size_t line = lineOf(offset);
  if (located.line != line + 1 || offset < locatedOffset) {
    located = {&file, unsigned(line + 1), 1};
    locatedOffset = lines[line];
  }
  located = advanceTo(located, locatedOffset, offset);
  locatedOffset = offset;
  return located;
}

bool YamlParser::fail(size_t offset, const Twine &message) {
  ++faults;
  diagnostics.error(loc(std::min(offset, text.size())), message);
  return false;
}

bool YamlParser::addKey(Keys &keys, const Node &key) {
  auto [entry, fresh] = keys.try_emplace(key.text, key.loc);
  if (fresh)
    return true;
  ++faults;
  SourceLoc first = entry->second;
  diagnostics.error(key.loc, "duplicate key; first at " + Twine(first.line) + ":" + Twine(first.column));
  return false;
}
