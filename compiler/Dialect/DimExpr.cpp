// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/DimExpr.h"

#include "rune/table.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace rune;

static int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && ((a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

DimExpr::DimExpr(int64_t value) {
  if (value != 0)
    terms[{}] = value;
}

DimExpr DimExpr::symbol(llvm::StringRef name) {
  DimExpr result;
  result.terms[{{Atom{Atom::Symbol, name.str(), nullptr}, 1}}] = 1;
  return result;
}

void DimExpr::add(const Monomial &monomial, int64_t coefficient) {
  auto [it, inserted] = terms.try_emplace(monomial, 0);
  overflow |= __builtin_add_overflow(it->second, coefficient, &it->second);
  if (it->second == 0)
    terms.erase(it);
}

DimExpr DimExpr::operator+(const DimExpr &other) const {
  DimExpr result = *this;
  result.overflow |= other.overflow;
  for (const auto &[monomial, coefficient] : other.terms)
    result.add(monomial, coefficient);
  return result;
}

DimExpr DimExpr::operator-(const DimExpr &other) const { return *this + other * DimExpr(-1); }

DimExpr DimExpr::operator*(const DimExpr &other) const {
  DimExpr result;
  result.overflow = overflow || other.overflow;
  for (const auto &[lhs, a] : terms)
    for (const auto &[rhs, b] : other.terms) {
      Monomial monomial = lhs;
      for (const auto &[atom, power] : rhs)
        monomial[atom] += power;
      int64_t coefficient;
      result.overflow |= __builtin_mul_overflow(a, b, &coefficient);
      result.add(monomial, coefficient);
    }
  return result;
}

DimExpr DimExpr::atom(Atom::Kind kind, const DimExpr &lhs, const DimExpr &rhs) {
  std::string text = "(" + lhs.str() + (kind == Atom::FloorDiv ? " floordiv " : " mod ") + rhs.str() + ")";
  DimExpr result;
  result.overflow = lhs.overflow || rhs.overflow;
  result.terms[{{Atom{kind, text, std::make_shared<std::pair<DimExpr, DimExpr>>(lhs, rhs)}, 1}}] = 1;
  return result;
}

std::pair<DimExpr, DimExpr> DimExpr::splitByDivisor(const DimExpr &divisor) const {
  DimExpr quotient, rest;
  if (divisor.terms.size() != 1)
    return {quotient, *this};
  const auto &[monomial, by] = *divisor.terms.begin();
  for (const auto &[term, coefficient] : terms) {
    Monomial left = term;
    bool divides = coefficient % by == 0;
    for (const auto &[atom, power] : monomial) {
      auto it = left.find(atom);
      if (it == left.end() || it->second < power) {
        divides = false;
        break;
      }
      if ((it->second -= power) == 0)
        left.erase(it);
    }
    if (divides)
      quotient.add(left, coefficient / by);
    else
      rest.add(term, coefficient);
  }
  return {quotient, rest};
}

DimExpr DimExpr::floorDiv(const DimExpr &divisor) const {
  assert(!divisor.isConstant(0) && "division by zero");
  if (divisor.isConstant(1))
    return *this;
  if (isConstant() && divisor.isConstant())
    return floorDivide(getConstant(), divisor.getConstant());
  if (*this == divisor)
    return 1;
  auto [quotient, rest] = splitByDivisor(divisor);
  if (rest == DimExpr(0))
    return quotient;
  // A constant below the divisor adds nothing to a multiple of it.
  if (divisor.isConstant() && rest.isConstant())
    return quotient + DimExpr(floorDivide(rest.getConstant(), divisor.getConstant()));
  return quotient + atom(Atom::FloorDiv, rest, divisor);
}

DimExpr DimExpr::mod(const DimExpr &divisor) const {
  assert(!divisor.isConstant(0) && "division by zero");
  auto rest = splitByDivisor(divisor).second;
  if (rest == DimExpr(0) || *this == divisor)
    return 0;
  if (rest.isConstant() && divisor.isConstant())
    return rest.getConstant() - floorDivide(rest.getConstant(), divisor.getConstant()) * divisor.getConstant();
  return atom(Atom::Mod, rest, divisor);
}

std::optional<DimExpr> DimExpr::exactDiv(const DimExpr &divisor) const {
  if (divisor.isConstant(0))
    return std::nullopt;
  if (*this == divisor)
    return DimExpr(1);
  auto [quotient, rest] = splitByDivisor(divisor);
  if (rest == DimExpr(0))
    return quotient;
  return std::nullopt;
}

bool DimExpr::isConstant() const { return terms.empty() || (terms.size() == 1 && terms.begin()->first.empty()); }

int64_t DimExpr::getConstant() const {
  assert(isConstant() && "not a constant");
  return terms.empty() ? 0 : terms.begin()->second;
}

std::optional<llvm::StringRef> DimExpr::getSymbol() const {
  if (terms.size() != 1 || terms.begin()->second != 1 || terms.begin()->first.size() != 1)
    return std::nullopt;
  const auto &[atom, power] = *terms.begin()->first.begin();
  if (power != 1 || atom.kind != Atom::Symbol)
    return std::nullopt;
  return llvm::StringRef(atom.text);
}

/// Whether an atom is at least 0 whenever all symbols are.
static bool isNonNegative(const DimExpr::Atom &atom) {
  if (atom.kind == DimExpr::Atom::FloorDiv)
    return atom.operands->first.isKnownAtLeast(0);
  return true;
}

bool DimExpr::isKnownAtLeast(int64_t bound) const {
  if (overflow)
    return false;
  int64_t constant = 0;
  for (const auto &[monomial, coefficient] : terms) {
    if (monomial.empty()) {
      constant = coefficient;
      continue;
    }
    if (coefficient < 0 || !llvm::all_of(monomial, [](const auto &factor) { return isNonNegative(factor.first); }))
      return false;
  }
  return constant >= bound;
}

void DimExpr::collectSymbols(llvm::function_ref<void(llvm::StringRef)> visit) const {
  for (const auto &[monomial, coefficient] : terms)
    for (const auto &[atom, power] : monomial) {
      if (atom.kind == Atom::Symbol) {
        visit(atom.text);
        continue;
      }
      atom.operands->first.collectSymbols(visit);
      atom.operands->second.collectSymbols(visit);
    }
}

DimExpr DimExpr::substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> value) const {
  DimExpr result;
  for (const auto &[monomial, coefficient] : terms) {
    DimExpr term(coefficient);
    for (const auto &[atom, power] : monomial) {
      DimExpr factor;
      if (atom.kind == Atom::Symbol) {
        factor = value(atom.text).value_or(DimExpr::symbol(atom.text));
      } else {
        DimExpr lhs = atom.operands->first.substitute(value), rhs = atom.operands->second.substitute(value);
        factor = atom.kind == Atom::FloorDiv ? lhs.floorDiv(rhs) : lhs.mod(rhs);
      }
      for (unsigned i = 0; i < power; ++i)
        term = term * factor;
    }
    result = result + term;
  }
  return result;
}

void DimExpr::encode(std::vector<int64_t> &code, llvm::function_ref<int64_t(llvm::StringRef)> symbolIndex) const {
  bool firstTerm = true;
  for (const auto &[monomial, coefficient] : terms) {
    bool firstFactor = coefficient == 1 && !monomial.empty();
    if (!firstFactor)
      code.insert(code.end(), {RUNE_PUSH, coefficient});
    for (const auto &[atom, power] : monomial)
      for (unsigned i = 0; i < power; ++i) {
        if (atom.kind == Atom::Symbol) {
          code.insert(code.end(), {RUNE_SYMBOL, symbolIndex(atom.text)});
        } else {
          atom.operands->first.encode(code, symbolIndex);
          atom.operands->second.encode(code, symbolIndex);
          code.push_back(atom.kind == Atom::FloorDiv ? RUNE_FLOORDIV : RUNE_MOD);
        }
        if (!firstFactor)
          code.push_back(RUNE_MUL);
        firstFactor = false;
      }
    if (!firstTerm)
      code.push_back(RUNE_ADD);
    firstTerm = false;
  }
  if (firstTerm)
    code.insert(code.end(), {RUNE_PUSH, 0});
}

std::string DimExpr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  bool first = true;
  // The constant, whose monomial sorts first, is written last.
  auto printTerm = [&](const Monomial &monomial, int64_t coefficient) {
    uint64_t magnitude = coefficient < 0 ? 0 - static_cast<uint64_t>(coefficient) : static_cast<uint64_t>(coefficient);
    os << (first ? (coefficient < 0 ? "-" : "") : (coefficient < 0 ? " - " : " + "));
    first = false;
    bool needsProduct = magnitude != 1 || monomial.empty();
    if (needsProduct)
      os << magnitude;
    for (const auto &[atom, power] : monomial)
      for (unsigned i = 0; i < power; ++i) {
        os << (needsProduct ? "*" : "") << atom.text;
        needsProduct = true;
      }
  };
  for (const auto &[monomial, coefficient] : terms)
    if (!monomial.empty())
      printTerm(monomial, coefficient);
  if (auto it = terms.find({}); it != terms.end())
    printTerm(it->first, it->second);
  if (first)
    os << 0;
  return text;
}

namespace {
/// Reads sums of products with `floordiv` and `mod` in parentheses.
struct DimParser {
  llvm::StringRef rest;

  bool consume(llvm::StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  std::optional<DimExpr> factor() {
    rest = rest.ltrim();
    if (consume("-")) {
      auto value = factor();
      return value ? std::optional<DimExpr>(-*value) : std::nullopt;
    }
    if (consume("(")) {
      auto lhs = sum();
      if (!lhs)
        return std::nullopt;
      bool quotient = consume("floordiv "), remainder = !quotient && consume("mod ");
      if (quotient || remainder) {
        auto rhs = sum();
        if (!rhs || rhs->isConstant(0))
          return std::nullopt;
        lhs = quotient ? lhs->floorDiv(*rhs) : lhs->mod(*rhs);
      }
      return consume(")") ? lhs : std::nullopt;
    }
    int64_t value;
    if (!rest.empty() && llvm::isDigit(rest.front()))
      return rest.consumeInteger(10, value) ? std::nullopt : std::optional<DimExpr>(value);
    llvm::StringRef name = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (name.empty())
      return std::nullopt;
    rest = rest.drop_front(name.size());
    return DimExpr::symbol(name);
  }

  std::optional<DimExpr> term() {
    auto lhs = factor();
    while (lhs && consume("*")) {
      auto rhs = factor();
      lhs = rhs ? std::optional<DimExpr>(*lhs * *rhs) : std::nullopt;
    }
    return lhs;
  }

  std::optional<DimExpr> sum() {
    auto lhs = term();
    while (lhs) {
      bool plus = consume("+"), minus = !plus && consume("-");
      if (!plus && !minus)
        break;
      auto rhs = term();
      lhs = !rhs ? std::nullopt : std::optional<DimExpr>(plus ? *lhs + *rhs : *lhs - *rhs);
    }
    return lhs;
  }
};
} // namespace

std::optional<DimExpr> DimExpr::parse(llvm::StringRef text) {
  DimParser parser{text};
  auto result = parser.sum();
  if (!parser.rest.trim().empty())
    return std::nullopt;
  return result;
}

std::string rune::formatDims(llvm::ArrayRef<DimExpr> dims) {
  return "[" + llvm::join(llvm::map_range(dims, [](const DimExpr &dim) { return dim.str(); }), ", ") + "]";
}

DimExpr rune::product(llvm::ArrayRef<DimExpr> dims) {
  DimExpr result(1);
  for (const DimExpr &dim : dims)
    result = result * dim;
  return result;
}
