// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recursive descent over the tokens of one expression. Every method returns null after an error was reported.

#ifndef RUNE_FRONTEND_EXPRESSIONPARSER_H
#define RUNE_FRONTEND_EXPRESSIONPARSER_H

#include "Frontend/Expression.h"
#include "Frontend/Lexer.h"

namespace rune {

class ExpressionParser {
public:
  ExpressionParser(const Node &scalar, size_t begin, size_t end, Diagnostics &diagnostics)
      : lexer(scalar, begin, end, diagnostics) {
    advance();
  }

  /// An expression, or several with commas between them.
  ExprPtr parseTuple();
  ExprPtr parseConditional();
  /// The names of `for a, b in LIST`, up to and with the `in`.
  bool parseTargets(std::vector<std::string> &names);
  /// Reports what stands where the expression should have ended.
  bool expectEnd();

  const Token &token() const { return current; }
  bool failHere(const llvm::Twine &message);
  ExprPtr failAt(size_t offset, const llvm::Twine &message);

private:
  ExprPtr parseElement();
  ExprPtr parseOr();
  ExprPtr parseAnd();
  ExprPtr parseNot();
  ExprPtr parseComparison();
  std::string comparisonOperator();
  ExprPtr parseBinary(unsigned level);
  ExprPtr parseUnary();
  ExprPtr parsePower();
  ExprPtr parsePostfix();
  ExprPtr parsePrimary();
  ExprPtr parseName();
  ExprPtr parseTemplate(const Token &name);
  ExprPtr parseParentheses();
  ExprPtr parseList();
  ExprPtr parseComprehension(ExprPtr list);
  ExprPtr parseCall(ExprPtr callee);
  bool parseArgument(Expr &call);
  ExprPtr parseSubscript(ExprPtr value);
  ExprPtr parseSubscriptItem();
  ExprPtr parseAttribute(ExprPtr value);
  ExprPtr failOnPrimary();

  ExprPtr make(Expr::Kind kind, SourceLoc loc);
  /// Adds a part to an expression, within the limit on the height of the tree.
  bool add(Expr &expr, ExprPtr part);
  bool accept(llvm::StringRef text);
  bool expectClosing(llvm::StringRef closing, const Token &opening);
  bool enter();
  void advance();

  Lexer lexer;
  Token current;
  unsigned depth = 0;
  bool failed = false;
};

/// Words of Python that no name may be.
bool isReservedWord(llvm::StringRef word);

} // namespace rune

#endif // RUNE_FRONTEND_EXPRESSIONPARSER_H
