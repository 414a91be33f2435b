// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on values known at compile time, as Python defines it, but on 64-bit integers.

#include "Frontend/Value.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace rune;

static constexpr size_t maxItems = 1000000, maxTerms = 1000;

static Value wrong(std::string &message, const char *text) {
  message = text;
  return Value();
}

static Value powerOfIntegers(int64_t base, int64_t exponent, std::string &message) {
  if (exponent < 0) {
    if (base == 0)
      return wrong(message, "0 cannot be raised to a negative power");
    return Value::number(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  if (base == 0 || base == 1 || base == -1)
    return Value::integer(exponent == 0 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : base);
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i)
    if (__builtin_mul_overflow(result, base, &result))
      return wrong(message, "integer overflow");
  return Value::integer(result);
}

static Value foldIntegers(llvm::StringRef op, int64_t a, int64_t b, std::string &message) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+")
    overflow = __builtin_add_overflow(a, b, &result);
  else if (op == "-")
    overflow = __builtin_sub_overflow(a, b, &result);
  else if (op == "*")
    overflow = __builtin_mul_overflow(a, b, &result);
  else if (op == "**")
    return powerOfIntegers(a, b, message);
  else if (op == "&" || op == "|")
    result = op == "&" ? a & b : a | b;
  else if (b == 0)
    return wrong(message, "division by zero");
  else if (op == "/")
    return Value::number(static_cast<double>(a) / static_cast<double>(b));
  else if (b == -1)
    overflow = op == "//" && __builtin_sub_overflow(int64_t(0), a, &result);
  else {
    int64_t rest = a % b, quotient = a / b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
      rest += b;
      --quotient;
    }
    result = op == "//" ? quotient : rest;
  }
  return overflow ? wrong(message, "integer overflow") : Value::integer(result);
}

static Value foldNumbers(llvm::StringRef op, double a, double b, std::string &message) {
  if (op == "+")
    return Value::number(a + b);
  if (op == "-")
    return Value::number(a - b);
  if (op == "*")
    return Value::number(a * b);
  if (op == "**") {
    if (a == 0 && b < 0)
      return wrong(message, "0.0 cannot be raised to a negative power");
    if (a < 0 && std::isfinite(b) && b != std::floor(b))
      return wrong(message, "a negative number raised to a fraction is complex");
    double result = std::pow(a, b);
    if (std::isinf(result) && std::isfinite(a) && std::isfinite(b))
      return wrong(message, "floating point overflow");
    return Value::number(result);
  }
  if (b == 0)
    return wrong(message, "division by zero");
  if (op == "/")
    return Value::number(a / b);
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0))
    rest += b;
  else if (rest == 0)
    rest = std::copysign(0.0, b);
  if (op == "%")
    return Value::number(rest);
  if (op == "//")
    return Value::number(std::round((a - rest) / b));
  return wrong(message, "this operator is for integers and bool tensors");
}

static std::optional<Value> foldDims(llvm::StringRef op, const DimExpr &a, const DimExpr &b, std::string &message) {
  DimExpr result;
  if (op == "+")
    result = a + b;
  else if (op == "-")
    result = a - b;
  else if (op == "*") {
    if (a.getTerms().size() * b.getTerms().size() > maxTerms)
      return wrong(message, "this size has too many terms");
    result = a * b;
  } else if (op == "//" || op == "%") {
    if (b.isConstant(0))
      return wrong(message, "division by zero");
    result = op == "//" ? a.floorDiv(b) : a.mod(b);
  } else if (op == "**" && b.isConstant() && b.getConstant() >= 0 && b.getConstant() <= 8) {
    result = DimExpr(1);
    for (int64_t i = 0; i < b.getConstant(); ++i) {
      if (result.getTerms().size() * a.getTerms().size() > maxTerms)
        return wrong(message, "this size has too many terms");
      result = result * a;
    }
  } else
    return std::nullopt;
  if (result.hasOverflow())
    return wrong(message, "integer overflow");
  if (result.getTerms().size() > maxTerms)
    return wrong(message, "this size has too many terms");
  return Value::dim(result);
}

static Value repeatList(const Value &list, int64_t times, std::string &message) {
  std::vector<Value> items;
  times = std::max<int64_t>(times, 0);
  if (times > 0 && list.size() > maxItems / static_cast<size_t>(times))
    return wrong(message, "the list would have more than 1000000 items");
  for (int64_t i = 0; i < times; ++i)
    items.insert(items.end(), list.asList().begin(), list.asList().end());
  return Value::list(std::move(items));
}

static Value concatenate(const Value &lhs, const Value &rhs, std::string &message) {
  std::vector<Value> items = lhs.asList();
  if (items.size() + rhs.size() > maxItems)
    return wrong(message, "the list would have more than 1000000 items");
  items.insert(items.end(), rhs.asList().begin(), rhs.asList().end());
  return Value::list(std::move(items));
}

std::optional<Value> rune::foldBinary(llvm::StringRef op, const Value &lhs, const Value &rhs, std::string &message) {
  if (lhs.kind == Value::Bool && rhs.kind == Value::Bool && (op == "&" || op == "|"))
    return Value::boolean(op == "&" ? lhs.asBool() && rhs.asBool() : lhs.asBool() || rhs.asBool());
  if (lhs.isInteger() && rhs.isInteger())
    return foldIntegers(op, lhs.integerValue, rhs.integerValue, message);
  if (lhs.isNumber() && rhs.isNumber())
    return foldNumbers(op, lhs.asNumber(), rhs.asNumber(), message);
  if (lhs.isSize() && rhs.isSize())
    return foldDims(op, lhs.asDim(), rhs.asDim(), message);
  if (lhs.kind == Value::List && rhs.kind == Value::List && op == "+")
    return concatenate(lhs, rhs, message);
  if (lhs.kind == Value::List && rhs.isInteger() && op == "*")
    return repeatList(lhs, rhs.integerValue, message);
  if (lhs.isInteger() && rhs.kind == Value::List && op == "*")
    return repeatList(rhs, lhs.integerValue, message);
  if (lhs.kind == Value::String && rhs.kind == Value::String && op == "+" && lhs.text.size() + rhs.text.size() < 65536)
    return Value::string(lhs.text + rhs.text);
  auto numeric = [](const Value &value) { return value.isNumber() || value.kind == Value::Dim || value.isRuntime(); };
  if (numeric(lhs) && numeric(rhs))
    return std::nullopt;
  message = ("'" + op + "' does not apply to " + describe(lhs) + " and " + describe(rhs)).str();
  return Value();
}

static std::optional<Value> compareDims(llvm::StringRef op, const DimExpr &a, const DimExpr &b) {
  auto knownBelow = [](const DimExpr &x, const DimExpr &y) { return (y - x).isKnownAtLeast(1); };
  auto knownAtMost = [](const DimExpr &x, const DimExpr &y) { return (y - x).isKnownAtLeast(0); };
  if (op == "<" || op == ">=") {
    if (knownBelow(a, b))
      return Value::boolean(op == "<");
    if (knownAtMost(b, a))
      return Value::boolean(op == ">=");
  } else {
    if (knownBelow(b, a))
      return Value::boolean(op == ">");
    if (knownAtMost(a, b))
      return Value::boolean(op == "<=");
  }
  return std::nullopt;
}

template <typename T> static bool ordered(llvm::StringRef op, const T &a, const T &b) {
  return llvm::StringSwitch<bool>(op).Case("<", a < b).Case("<=", a <= b).Case(">", a > b).Default(a >= b);
}

std::optional<Value> rune::foldCompare(llvm::StringRef op, const Value &lhs, const Value &rhs, std::string &message) {
  if (op == "==" || op == "!=") {
    std::optional<bool> equal = equalValues(lhs, rhs);
    if (equal)
      return Value::boolean(*equal == (op == "=="));
    return std::nullopt;
  }
  if (lhs.isInteger() && rhs.isInteger())
    return Value::boolean(ordered(op, lhs.integerValue, rhs.integerValue));
  if (lhs.isNumber() && rhs.isNumber())
    return Value::boolean(ordered(op, lhs.asNumber(), rhs.asNumber()));
  if (lhs.isSize() && rhs.isSize())
    return compareDims(op, lhs.asDim(), rhs.asDim());
  if (lhs.kind == Value::String && rhs.kind == Value::String)
    return Value::boolean(ordered(op, lhs.text, rhs.text));
  auto numeric = [](const Value &value) { return value.isNumber() || value.kind == Value::Dim || value.isRuntime(); };
  if (numeric(lhs) && numeric(rhs))
    return std::nullopt;
  message = ("'" + op + "' does not compare " + describe(lhs) + " with " + describe(rhs)).str();
  return Value();
}
