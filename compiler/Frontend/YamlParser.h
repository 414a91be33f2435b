// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A parser for YAML 1.2 without tags, complex keys and several documents. It goes on after an error with the next
// entry of the mapping or sequence around it. Indentation is counted in bytes, as it consists of spaces.

#ifndef RUNE_FRONTEND_YAMLPARSER_H
#define RUNE_FRONTEND_YAMLPARSER_H

#include "Frontend/Document.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace rune {

class YamlParser {
public:
  YamlParser(const SourceFile &file, Diagnostics &diagnostics);
  std::optional<Node> parse();

private:
  /// A parsed node, or nothing after an error from which the caller has to recover. A collection that has recovered
  /// from the errors inside of it is returned as far as it goes.
  using Result = std::optional<Node>;
  using Keys = llvm::StringMap<SourceLoc>;
  /// Where a block node stands.
  struct Place {
    int parent;             // the indentation of the collection around it, -1 for the document
    bool ownLine = false;   // a block collection may begin here
    bool sequences = false; // a block sequence may stand on the parent's own column: the value of a key
  };

  // Block structure (YamlParser.cpp).
  Result parseBlockNode(Place place);
  Result parseBlockContent(Place place);
  Result parseBlockSequence();
  Result parseBlockMapping();
  bool parseBlockEntry(int indent, Node &mapping, Keys &keys);
  Result parseBlockKey();
  bool atEntryOf(int indent);
  bool atBlockNodeEnd(Place place) const;
  bool atBlockEntry() const { return peek() == '-' && isBlank(at + 1); }
  bool atImplicitKey() const;
  bool failWithoutKey();
  bool finishLine(size_t start, bool quoted);
  bool parseDirectives(bool &marker);
  void checkDocumentEnd();

  // Flow structure (YamlFlow.cpp).
  Result parseFlowNode(int parent, size_t opening);
  Result parseFlowCollection(int parent);
  bool parseFlowEntry(int parent, size_t opening, Node &collection, Keys &keys);
  bool parseFlowValue(int parent, size_t opening, Node key, Node &mapping, Keys &keys);
  bool failAfterFlowEntry(const Node &collection, size_t opening);
  bool skipFlowSpace(int parent, size_t opening);
  bool atFlowColon(bool afterQuoted) const;
  Result parseFlowPlain(int parent, size_t opening);
  size_t scanFlowLine(size_t opening);
  size_t skipSplitExpression(size_t from, unsigned depth) const;

  // Scalars (YamlScalars.cpp).
  Result parsePlain(int parent);
  Result parseQuoted(int parent);
  Result parseBlockScalar(int parent);
  bool parseBlockHeader(int parent, int &indent, char &chomping);
  int detectIndent(int parent) const;
  void readBlockLines(Node &node, int indent, bool folded, char chomping);
  bool parseEscape(Node &node);
  bool foldQuotedBreak(Node &node, size_t kept, int parent, size_t opening);
  bool checkPlainStart(bool inFlow);
  size_t scanPlainLine() const;
  unsigned skipToContinuation(int parent);
  void appendSource(Node &node, size_t from, size_t to);
  void appendFolded(Node &node, unsigned breaks, size_t source);
  void finishScalar(Node &node, size_t end);

  // Anchors and aliases.
  bool atProperty() const { return peek() == '&' || peek() == '!'; }
  std::optional<std::string> parseAnchor();
  Result parseAlias();
  Result bindAnchor(const std::string &name, Result node);
  bool countCopy(const Node &node);

  // Characters.
  bool done() const { return at >= text.size(); }
  char peek() const { return charAt(at); }
  char charAt(size_t offset) const { return offset < text.size() ? text[offset] : '\0'; }
  bool isLineEnd(size_t offset) const;
  bool isBlank(size_t offset) const { return isLineEnd(offset) || text[offset] == ' ' || text[offset] == '\t'; }
  bool atDocumentMarker(char c) const;
  size_t lineOf(size_t offset) const;
  size_t lineStart(size_t offset) const { return lines[lineOf(offset)]; }
  size_t lineEnd(size_t offset) const;
  int column(size_t offset) const { return int(offset - lineStart(offset)); }
  void skipInline();
  bool skipToToken();
  bool failOnTab(size_t from);
  void skipEntry(int indent);
  Node makeNode(Node::Kind kind, size_t offset);
  bool enter(size_t offset);

  SourceLoc loc(size_t offset);
  bool fail(size_t offset, const llvm::Twine &message);
  bool addKey(Keys &keys, const Node &key);

  const SourceFile &file;
  Diagnostics &diagnostics;
  llvm::StringRef text;
  size_t at = 0;
  unsigned depth = 0, faults = 0;
  bool stop = false; // after an error that leaves nothing to go on with
  size_t nodes = 0, copiedNodes = 0, copiedBytes = 0;
  llvm::StringMap<Node> anchors;
  llvm::StringSet<> openAnchors; // those whose node is being parsed
  std::vector<size_t> lines;     // where each line begins
  size_t locatedOffset = 0;      // the last place that was asked for
  SourceLoc located;
};

} // namespace rune

#endif // RUNE_FRONTEND_YAMLPARSER_H
