// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators, from the loosest to the tightest.

#include "Frontend/ExpressionParser.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SaveAndRestore.h"

#include <algorithm>

using namespace rune;
using llvm::StringRef;
using llvm::Twine;

static constexpr unsigned maxDepth = 256, maxHeight = 1000;

void ExpressionParser::advance() {
  current = lexer.next();
  failed |= current.kind == Token::Error;
}

bool ExpressionParser::failHere(const Twine &message) {
  if (!failed)
    lexer.fail(current.begin, message);
  failed = true;
  return false;
}

ExprPtr ExpressionParser::failAt(size_t offset, const Twine &message) {
  if (!failed)
    lexer.fail(offset, message);
  failed = true;
  return nullptr;
}

ExprPtr ExpressionParser::make(Expr::Kind kind, SourceLoc loc) { return std::make_unique<Expr>(kind, loc); }

bool ExpressionParser::add(Expr &expr, ExprPtr part) {
  if (!part)
    return false;
  expr.height = std::max(expr.height, part->height + 1);
  expr.operands.push_back(std::move(part));
  return expr.height <= maxHeight || failHere("an expression of more than " + Twine(maxHeight) + " chained operations");
}

bool ExpressionParser::accept(StringRef text) {
  if (!current.is(text))
    return false;
  advance();
  return true;
}

bool ExpressionParser::enter() {
  return ++depth <= maxDepth || failHere("nesting in an expression exceeds " + Twine(maxDepth));
}

ExprPtr ExpressionParser::parseTuple() {
  ExprPtr first = parseElement();
  if (!first || !current.is(","))
    return first;
  ExprPtr tuple = make(Expr::Tuple, first->start);
  if (!add(*tuple, std::move(first)))
    return nullptr;
  while (accept(",")) {
    if (current.kind == Token::End || current.is(")"))
      break;
    if (!add(*tuple, parseElement()))
      return nullptr;
  }
  return tuple;
}

/// An element of a list or an argument: `*c` splices.
ExprPtr ExpressionParser::parseElement() {
  if (!current.is("*"))
    return parseConditional();
  ExprPtr starred = make(Expr::Starred, current.loc);
  advance();
  return add(*starred, parseOr()) ? std::move(starred) : nullptr;
}

ExprPtr ExpressionParser::parseConditional() {
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter())
    return nullptr;
  ExprPtr value = parseOr();
  if (!value || !current.is("if"))
    return value;
  ExprPtr conditional = make(Expr::Conditional, value->start);
  advance();
  ExprPtr condition = parseOr();
  if (!condition || !add(*conditional, std::move(condition)) || !add(*conditional, std::move(value)))
    return nullptr;
  if (!accept("else")) {
    failHere("expected 'else': a conditional expression has two branches");
    return nullptr;
  }
  return add(*conditional, parseConditional()) ? std::move(conditional) : nullptr;
}

ExprPtr ExpressionParser::parseOr() {
  ExprPtr first = parseAnd();
  if (!first || !current.is("or"))
    return first;
  ExprPtr expr = make(Expr::Or, current.loc);
  expr->start = first->start;
  bool ok = add(*expr, std::move(first));
  while (ok && accept("or"))
    ok = add(*expr, parseAnd());
  return ok ? std::move(expr) : nullptr;
}

ExprPtr ExpressionParser::parseAnd() {
  ExprPtr first = parseNot();
  if (!first || !current.is("and"))
    return first;
  ExprPtr expr = make(Expr::And, current.loc);
  expr->start = first->start;
  bool ok = add(*expr, std::move(first));
  while (ok && accept("and"))
    ok = add(*expr, parseNot());
  return ok ? std::move(expr) : nullptr;
}

ExprPtr ExpressionParser::parseNot() {
  if (!current.is("not"))
    return parseComparison();
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter())
    return nullptr;
  ExprPtr expr = make(Expr::Unary, current.loc);
  expr->op = "not";
  advance();
  return add(*expr, parseNot()) ? std::move(expr) : nullptr;
}

/// Takes a comparison operator; "" where there is none or after an error.
std::string ExpressionParser::comparisonOperator() {
  for (StringRef op : {"==", "!=", "<=", ">=", "<", ">", "in"})
    if (accept(op))
      return op.str();
  if (accept("is"))
    return accept("not") ? "is not" : "is";
  if (!accept("not"))
    return "";
  if (accept("in"))
    return "not in";
  failHere("expected 'in' after 'not'");
  return "";
}

ExprPtr ExpressionParser::parseComparison() {
  ExprPtr expr = parseBinary(0);
  if (!expr)
    return nullptr;
  for (bool compares = false;; compares = true) {
    SourceLoc loc = current.loc;
    std::string op = comparisonOperator();
    if (failed)
      return nullptr;
    if (op.empty())
      return expr;
    if (!compares) {
      ExprPtr first = std::move(expr);
      expr = make(Expr::Compare, loc);
      expr->start = first->start;
      add(*expr, std::move(first));
    }
    expr->ops.push_back(op);
    expr->opLocs.push_back(loc);
    if (!add(*expr, parseBinary(0)))
      return nullptr;
  }
}

ExprPtr ExpressionParser::parseBinary(unsigned level) {
  static const std::vector<StringRef> levels[] = {{"|"}, {"&"}, {"+", "-"}, {"*", "/", "//", "%", "@"}};
  if (level == std::size(levels))
    return parseUnary();
  ExprPtr left = parseBinary(level + 1);
  while (left && current.kind == Token::Punctuation && llvm::is_contained(levels[level], current.spelling)) {
    ExprPtr expr = make(Expr::Binary, current.loc);
    expr->start = left->start;
    expr->op = current.spelling.str();
    advance();
    if (!add(*expr, std::move(left)) || !add(*expr, parseBinary(level + 1)))
      return nullptr;
    left = std::move(expr);
  }
  return left;
}

ExprPtr ExpressionParser::parseUnary() {
  if (!current.is("-") && !current.is("+") && !current.is("~"))
    return parsePower();
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter())
    return nullptr;
  ExprPtr expr = make(Expr::Unary, current.loc);
  expr->op = current.spelling.str();
  advance();
  return add(*expr, parseUnary()) ? std::move(expr) : nullptr;
}

ExprPtr ExpressionParser::parsePower() {
  ExprPtr base = parsePostfix();
  if (!base || !current.is("**"))
    return base;
  ExprPtr expr = make(Expr::Binary, current.loc);
  expr->start = base->start;
  expr->op = "**";
  advance();
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter() || !add(*expr, std::move(base)))
    return nullptr;
  return add(*expr, parseUnary()) ? std::move(expr) : nullptr;
}

bool ExpressionParser::expectEnd() {
  if (failed)
    return false;
  if (current.kind == Token::End)
    return true;
  std::string spelling = current.spelling.str();
  if (spelling == ")" || spelling == "]" || spelling == "}")
    return failHere("unmatched '" + spelling + "'");
  if (spelling == "=")
    return failHere("unexpected '='; equality is '==', and a name is bound by a statement 'name: value'");
  if (spelling == "!")
    return failHere("unexpected '!'; write 'not'");
  if (spelling == ":")
    return failHere("unexpected ':'; it stands in subscripts only, as in x[1:3]");
  if (spelling == "for")
    return failHere("a comprehension stands in brackets: [f(x) for x in xs]");
  if (spelling == "else" || spelling == "elif")
    return failHere("'" + spelling + "' without an 'if' before it");
  if (current.kind == Token::Punctuation)
    return failHere("unexpected '" + spelling + "'");
  return failHere("expected an operator before '" + spelling + "'");
}
