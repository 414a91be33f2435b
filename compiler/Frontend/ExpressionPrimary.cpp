// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of expressions that are held together by names and brackets.

#include "Frontend/ExpressionParser.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SaveAndRestore.h"

#include <algorithm>

using namespace rune;
using llvm::StringRef;

bool rune::isReservedWord(StringRef word) {
  static const StringRef words[] = {"and",    "as",    "assert", "async",  "await",  "break",   "class",    "continue",
                                    "def",    "del",   "elif",   "else",   "except", "finally", "for",      "from",
                                    "global", "if",    "import", "in",     "is",     "lambda",  "nonlocal", "not",
                                    "or",     "pass",  "raise",  "return", "try",    "while",   "with",     "yield",
                                    "true",   "false", "none",   "True",   "False",  "None"};
  return llvm::is_contained(words, word);
}

bool ExpressionParser::expectClosing(StringRef closing, const Token &opening) {
  if (accept(closing))
    return true;
  std::string place = " to close '" + opening.spelling.str() + "' of column " + std::to_string(opening.loc.column);
  if (current.kind == Token::End)
    return failHere("expected '" + closing + "'" + place);
  if (current.is("="))
    return failHere("unexpected '='; equality is '=='");
  if (current.is("for") && closing == ")")
    return failHere("a comprehension stands in brackets: [f(x) for x in xs]");
  return failHere("expected ',' or '" + closing + "'" + place + ", not '" + current.spelling + "'");
}

ExprPtr ExpressionParser::parsePostfix() {
  ExprPtr value = parsePrimary();
  while (value && !failed) {
    if (current.is("("))
      value = parseCall(std::move(value));
    else if (current.is("["))
      value = parseSubscript(std::move(value));
    else if (current.is("."))
      value = parseAttribute(std::move(value));
    else
      break;
  }
  return value;
}

ExprPtr ExpressionParser::parsePrimary() {
  Token token = current;
  ExprPtr expr;
  switch (token.kind) {
  case Token::Integer:
    expr = make(Expr::Integer, token.loc);
    expr->integer = token.integer;
    break;
  case Token::Float:
    expr = make(Expr::Float, token.loc);
    expr->number = token.number;
    break;
  case Token::String:
    expr = make(Expr::String, token.loc);
    expr->text = token.string;
    break;
  case Token::Name:
    return parseName();
  default:
    if (token.is("("))
      return parseParentheses();
    if (token.is("["))
      return parseList();
    if (!token.is("..."))
      return failOnPrimary();
    expr = make(Expr::Ellipsis, token.loc);
  }
  advance();
  return expr;
}

ExprPtr ExpressionParser::parseName() {
  static const struct {
    StringRef word;
    Expr::Kind kind;
  } values[] = {{"none", Expr::None}, {"None", Expr::None},   {"true", Expr::True},
                {"True", Expr::True}, {"false", Expr::False}, {"False", Expr::False}};
  for (auto &value : values)
    if (current.spelling == value.word) {
      ExprPtr expr = make(value.kind, current.loc);
      advance();
      return expr;
    }
  StringRef word = current.spelling;
  if (isReservedWord(word) || word == "null" || word == "nil" || word == "nullptr")
    return failOnPrimary();
  if (lexer.charAt(current.end) == '{')
    return parseTemplate(current);
  ExprPtr expr = make(Expr::Name, current.loc);
  expr->text = word.str();
  advance();
  return expr;
}

/// A name with expressions in it, `weight_ih_l{i}{suffix[j]}`; nothing but names and braces, without blanks.
ExprPtr ExpressionParser::parseTemplate(const Token &name) {
  llvm::SaveAndRestore<unsigned> level(depth);
  if (!enter())
    return nullptr;
  ExprPtr expr = make(Expr::Template, name.loc);
  expr->pieces.push_back(name.spelling.str());
  size_t at = name.end;
  while (lexer.charAt(at) == '{') {
    lexer.seek(at);
    advance();
    Token brace = current;
    advance();
    if (!add(*expr, parseConditional()))
      return nullptr;
    if (!current.is("}")) {
      expectClosing("}", brace);
      return nullptr;
    }
    size_t piece = at = current.end;
    while (isNameChar(lexer.charAt(at)))
      ++at;
    expr->pieces.push_back(lexer.slice(piece, at).str());
  }
  lexer.seek(at);
  advance();
  return expr;
}

ExprPtr ExpressionParser::parseParentheses() {
  Token opening = current;
  advance();
  ExprPtr value = current.is(")") ? make(Expr::Tuple, opening.loc) : parseTuple();
  if (!value || !expectClosing(")", opening))
    return nullptr;
  if (value->kind == Expr::Starred)
    return failAt(opening.begin, "a starred expression stands in a list, a tuple or a call");
  value->start = opening.loc;
  return value;
}

ExprPtr ExpressionParser::parseList() {
  Token opening = current;
  advance();
  ExprPtr list = make(Expr::List, opening.loc);
  while (!current.is("]")) {
    if (!add(*list, parseElement()))
      return nullptr;
    if (current.is("for") && list->operands.size() == 1) {
      list = parseComprehension(std::move(list));
      if (!list)
        return nullptr;
      break;
    }
    if (!accept(","))
      break;
  }
  return expectClosing("]", opening) ? std::move(list) : nullptr;
}

ExprPtr ExpressionParser::parseComprehension(ExprPtr list) {
  if (list->operands[0]->kind == Expr::Starred) {
    failHere("a comprehension makes one element at a time, not '*'");
    return nullptr;
  }
  list->kind = Expr::Comprehension;
  advance();
  if (!parseTargets(list->names) || !add(*list, parseOr()))
    return nullptr;
  if (accept("if") && !add(*list, parseOr()))
    return nullptr;
  if (current.is("for") || current.is("if")) {
    failHere("a comprehension has one 'for' and at most one 'if'");
    return nullptr;
  }
  return list;
}

bool ExpressionParser::parseTargets(std::vector<std::string> &names) {
  do {
    if (current.kind != Token::Name || isReservedWord(current.spelling))
      return failHere("expected a name after 'for'");
    if (llvm::is_contained(names, current.spelling))
      return failHere("'" + current.spelling + "' twice in one 'for'");
    names.push_back(current.spelling.str());
    advance();
  } while (accept(","));
  return accept("in") || failHere("expected 'in': a loop is written 'for name in list'");
}

ExprPtr ExpressionParser::parseCall(ExprPtr callee) {
  Token opening = current;
  if (callee->kind != Expr::Name && callee->kind != Expr::Attribute && callee->kind != Expr::Template &&
      callee->kind != Expr::Subscript) {
    failHere("only names are called");
    return nullptr;
  }
  ExprPtr call = make(Expr::Call, callee->loc);
  call->start = callee->start;
  advance();
  if (!add(*call, std::move(callee)))
    return nullptr;
  while (!current.is(")")) {
    if (!parseArgument(*call))
      return nullptr;
    if (!accept(","))
      break;
  }
  return expectClosing(")", opening) ? std::move(call) : nullptr;
}

bool ExpressionParser::parseArgument(Expr &call) {
  size_t begin = current.begin;
  if (current.is("**"))
    return failHere("keyword arguments are written one by one");
  ExprPtr value = parseElement();
  if (!value)
    return false;
  if (!current.is("=")) {
    if (!call.keywords.empty()) {
      failAt(begin, "a positional argument after keyword arguments");
      return false;
    }
    return add(call, std::move(value));
  }
  if (value->kind != Expr::Name)
    return failHere("unexpected '='; equality is '=='");
  for (const Keyword &keyword : call.keywords)
    if (keyword.name == value->text) {
      failAt(begin, "keyword argument '" + value->text + "' is given twice");
      return false;
    }
  advance();
  Keyword keyword{value->text, value->loc, parseConditional()};
  if (!keyword.value)
    return false;
  call.height = std::max(call.height, keyword.value->height + 1);
  call.keywords.push_back(std::move(keyword));
  return true;
}

ExprPtr ExpressionParser::parseSubscript(ExprPtr value) {
  Token opening = current;
  ExprPtr expr = make(Expr::Subscript, opening.loc);
  expr->start = value->start;
  advance();
  if (!add(*expr, std::move(value)))
    return nullptr;
  if (current.is("]")) {
    failHere("expected an index");
    return nullptr;
  }
  while (!current.is("]")) {
    if (!add(*expr, parseSubscriptItem()))
      return nullptr;
    if (!accept(","))
      break;
  }
  return expectClosing("]", opening) ? std::move(expr) : nullptr;
}

ExprPtr ExpressionParser::parseSubscriptItem() {
  ExprPtr first;
  if (!current.is(":")) {
    first = parseConditional();
    if (!first || !current.is(":"))
      return first;
  }
  ExprPtr slice = make(Expr::Slice, current.loc);
  if (first) {
    slice->start = first->start;
    slice->height = first->height + 1;
  }
  slice->operands.push_back(std::move(first));
  for (int i = 0; i < 2; ++i) {
    bool colon = accept(":");
    if (!colon || current.is(":") || current.is(",") || current.is("]"))
      slice->operands.push_back(nullptr);
    else if (!add(*slice, parseConditional()))
      return nullptr;
  }
  return slice;
}

ExprPtr ExpressionParser::parseAttribute(ExprPtr value) {
  advance();
  if (current.kind != Token::Name || isReservedWord(current.spelling)) {
    failHere("expected a name after '.'");
    return nullptr;
  }
  ExprPtr expr = make(Expr::Attribute, current.loc);
  expr->start = value->start;
  if (!add(*expr, std::move(value)))
    return nullptr;
  if (lexer.charAt(current.end) == '{')
    return add(*expr, parseTemplate(current)) ? std::move(expr) : nullptr;
  expr->text = current.spelling.str();
  advance();
  return expr;
}

/// Says why no operand begins with the current token.
ExprPtr ExpressionParser::failOnPrimary() {
  std::string spelling = current.spelling.str();
  auto isOneOf = [&](std::initializer_list<StringRef> words) { return llvm::is_contained(words, spelling); };
  if (current.kind == Token::End)
    failHere("expected an expression");
  else if (spelling == "!")
    failHere("unexpected '!'; write 'not'");
  else if (spelling == "not")
    failHere("'not' binds looser than this operator; put it in parentheses");
  else if (spelling == "=")
    failHere("unexpected '='; equality is '=='");
  else if (spelling == "{")
    failHere("unexpected '{'; braces stand in names only, as in weight_l{i}");
  else if (spelling == "~")
    failHere("'~' binds looser than this operator; put it in parentheses");
  else if (isOneOf({"null", "nil", "nullptr"}))
    failHere("'" + spelling + "' is written 'none'");
  else if (current.kind == Token::Punctuation || isOneOf({"and", "or", "in", "is", "if", "else", "for"}))
    failHere("expected an expression before '" + spelling + "'");
  else
    failHere("'" + spelling + "' is not in the language");
  return nullptr;
}
