// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes: integer polynomials over named symbols in a normal form, so that equal sizes are equal texts. (AffineMap
// does not do: it keeps (s0 + 1) * s1 and s0 * s1 + s1 apart.)

#ifndef RUNE_DIALECT_DIMEXPR_H
#define RUNE_DIALECT_DIMEXPR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rune {

class DimExpr {
public:
  /// A symbol, or a quotient or remainder that does not simplify; compared by text.
  struct Atom {
    enum Kind { Symbol, FloorDiv, Mod } kind;
    std::string text;
    std::shared_ptr<const std::pair<DimExpr, DimExpr>> operands; // FloorDiv, Mod

    bool operator<(const Atom &other) const { return text < other.text; }
    bool operator==(const Atom &other) const { return text == other.text; }
  };
  /// Atoms with their powers; the empty monomial is the constant's.
  using Monomial = std::map<Atom, unsigned>;

  DimExpr(int64_t value = 0);
  static DimExpr symbol(llvm::StringRef name);
  /// Reads the text that `str` writes, and ordinary sums and products with parentheses.
  static std::optional<DimExpr> parse(llvm::StringRef text);

  DimExpr operator+(const DimExpr &other) const;
  DimExpr operator-(const DimExpr &other) const;
  DimExpr operator*(const DimExpr &other) const;
  DimExpr operator-() const { return DimExpr(0) - *this; }
  /// Rounded towards minus infinity; a divisor that is not a constant is taken to be positive.
  DimExpr floorDiv(const DimExpr &divisor) const;
  DimExpr mod(const DimExpr &divisor) const;
  DimExpr ceilDiv(const DimExpr &divisor) const { return (*this + divisor - DimExpr(1)).floorDiv(divisor); }
  /// The quotient where the division leaves no rest for any value of the symbols.
  std::optional<DimExpr> exactDiv(const DimExpr &divisor) const;

  bool operator==(const DimExpr &other) const { return terms == other.terms && overflow == other.overflow; }
  bool operator!=(const DimExpr &other) const { return !(*this == other); }
  bool operator<(const DimExpr &other) const { return str() < other.str(); }

  bool isConstant() const;
  /// The value of a constant; must be one.
  int64_t getConstant() const;
  bool isConstant(int64_t value) const { return isConstant() && getConstant() == value; }
  /// The name, where this is one bare symbol.
  std::optional<llvm::StringRef> getSymbol() const;
  /// Whether a coefficient left the 64-bit range on the way here.
  bool hasOverflow() const { return overflow; }
  /// Whether this is at least `bound` whenever every symbol is at least 0: provable from the signs alone.
  bool isKnownAtLeast(int64_t bound) const;

  const std::map<Monomial, int64_t> &getTerms() const { return terms; }
  void collectSymbols(llvm::function_ref<void(llvm::StringRef)> visit) const;
  DimExpr substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> value) const;
  /// The words of a rune_expr; `symbolIndex` numbers the symbols.
  void encode(std::vector<int64_t> &code, llvm::function_ref<int64_t(llvm::StringRef)> symbolIndex) const;

  std::string str() const;
  void print(llvm::raw_ostream &os) const { os << str(); }

private:
  static DimExpr atom(Atom::Kind kind, const DimExpr &lhs, const DimExpr &rhs);
  void add(const Monomial &monomial, int64_t coefficient);
  /// Splits into the part whose every term `divisor` divides, already divided, and the rest.
  std::pair<DimExpr, DimExpr> splitByDivisor(const DimExpr &divisor) const;

  std::map<Monomial, int64_t> terms; // no zero coefficients
  bool overflow = false;
};

inline llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const DimExpr &expr) {
  expr.print(os);
  return os;
}

/// "[batch, 784]"
std::string formatDims(llvm::ArrayRef<DimExpr> dims);
/// The number of elements.
DimExpr product(llvm::ArrayRef<DimExpr> dims);

} // namespace rune

#endif // RUNE_DIALECT_DIMEXPR_H
