// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The expressions of the spec language: Python's, cut down, parsed with the place of every part.

#ifndef RUNE_FRONTEND_EXPRESSION_H
#define RUNE_FRONTEND_EXPRESSION_H

#include "Frontend/Document.h"

#include <cstdint>

namespace rune {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Keyword {
  std::string name;
  SourceLoc loc;
  ExprPtr value;
};

struct Expr {
  enum Kind {
    None,
    True,
    False,
    Integer,       // integer
    Float,         // number
    String,        // text
    Name,          // text
    Ellipsis,      // ... (in subscripts)
    List,          // operands: [a, b, *c]
    Tuple,         // operands: a, b (top level of a statement, and in parentheses)
    Starred,       // operands[0]: *c (in lists, tuples and calls, or alone: an entry of a list in YAML)
    Comprehension, // [operands[0] for names in operands[1] if operands[2]?]
    Unary,         // op: "-", "+", "~", "not"
    Binary,        // op: "+", "-", "*", "/", "//", "%", "**", "@", "&", "|"
    Compare,       // operands n+1, ops n: "==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in"
    And,           // operands
    Or,            // operands
    Conditional,   // operands[1] if operands[0] else operands[2]
    Call,          // operands[0] is what is called (a Name or an Attribute), then the positional arguments; keywords
    Subscript,     // operands[0][operands[1..]]: integers, Slices, Ellipsis, None, tensors
    Slice,         // operands[0]:operands[1]:operands[2], each may be null
    Attribute,     // operands[0].text, or, with text empty, a Template operands[1] for its name
    Template,      // a name with {…} in it (weight_ih_l{i}): text pieces in `pieces`, expressions in `operands`
                   // between them: pieces[0] operands[0] pieces[1] …
  };

  Kind kind;
  SourceLoc loc;       // where the caret goes: the operator, the name that is called or taken from a value, the `[`
  SourceLoc start;     // the first character
  unsigned height = 1; // of the tree below, bounded so that walking it by recursion is safe
  std::string text;
  int64_t integer = 0;
  double number = 0;
  std::string op;
  std::vector<std::string> ops;
  std::vector<SourceLoc> opLocs;
  std::vector<std::string> names;  // Comprehension targets
  std::vector<std::string> pieces; // Template
  std::vector<ExprPtr> operands;
  std::vector<Keyword> keywords;

  Expr(Kind kind, SourceLoc loc) : kind(kind), loc(loc), start(loc) {}
};

/// Parses the whole text of a scalar; null after an error was reported.
ExprPtr parseExpression(const Node &scalar, Diagnostics &diagnostics);

/// Parses `text`, which stands at `offset` of the scalar's text (the condition in an `if C` key, the list of a `for`).
ExprPtr parseExpression(const Node &scalar, size_t offset, llvm::StringRef text, Diagnostics &diagnostics);

/// A text with {…} parts (names, messages, extra_repr): literal pieces and expressions between them; `{x!r}` sets repr.
struct FormatString {
  struct Part {
    std::string literal; // before the expression
    ExprPtr value;       // null at the end
    bool repr = false;
  };
  std::vector<Part> parts;
};
std::optional<FormatString> parseFormat(const Node &scalar, Diagnostics &diagnostics);

/// What an entry's key says: `if C`, `elif C`, `else`, `for v in LIST` or an ordinary name.
struct BlockKey {
  enum Kind { Plain, If, Elif, Else, For } kind = Plain;
  std::vector<std::string> names; // For
  ExprPtr expr;                   // If, Elif: the condition; For: the list
};
std::optional<BlockKey> parseBlockKey(const Node &key, Diagnostics &diagnostics);

} // namespace rune

#endif // RUNE_FRONTEND_EXPRESSION_H
