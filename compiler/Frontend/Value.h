// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression of the spec language evaluates to: Python's values, sizes that are known at run time only, and
// tensors of the function being imported.

#ifndef RUNE_FRONTEND_VALUE_H
#define RUNE_FRONTEND_VALUE_H

#include "Dialect/DimExpr.h"
#include "Frontend/Diagnostics.h"

#include "mlir/IR/Value.h"

namespace rune {

struct Instance;

enum class ElementKind { Bool, I64, F32, F64 };

inline bool isFloat(ElementKind type) { return type == ElementKind::F32 || type == ElementKind::F64; }
/// "f32", as specs write it.
llvm::StringRef dtypeName(ElementKind type);
unsigned dtypeBytes(ElementKind type);

class Value {
public:
  enum Kind {
    Error, // the result of something that was reported already; silences what follows
    None,
    Bool,
    Int,
    Float,
    String,
    Type,   // a dtype
    List,   // lists, tuples and shapes
    Dim,    // an integer that depends on the entry's symbols
    Scalar, // a 0-d tensor that takes part in arithmetic as Python's numbers do
    Tensor,
    Module,
    Ellipsis,
    Slice, // in subscripts: items start, stop, step
  };

  Value() = default;
  static Value none() { return Value(None); }
  static Value boolean(bool value);
  static Value integer(int64_t value);
  static Value number(double value);
  static Value string(std::string text);
  static Value dtype(ElementKind type);
  static Value list(std::vector<Value> items);
  /// A list that prints as torch.Size does.
  static Value shape(llvm::ArrayRef<DimExpr> dims);
  /// Int where the expression is constant.
  static Value dim(const DimExpr &expr);
  static Value scalar(mlir::Value tensor);
  static Value tensor(mlir::Value tensor);
  static Value module(Instance *instance);
  static Value ellipsis() { return Value(Ellipsis); }
  static Value slice(Value start, Value stop, Value step);

  Kind kind = Error;
  /// List: prints as torch.Size. Tensor: is a member, whose presence is what `if weight` asks for.
  bool flag = false;
  int64_t integerValue = 0; // Bool, Int, Type
  double numberValue = 0;
  std::string text;
  std::shared_ptr<const std::vector<Value>> items;
  std::shared_ptr<const DimExpr> expr;
  mlir::Value ir;
  Instance *instance = nullptr;
  SourceLoc origin; // where the value got its name

  bool isError() const { return kind == Error; }
  bool isNone() const { return kind == None; }
  bool isList() const { return kind == List || kind == Slice; }
  bool isTensor() const { return kind == Tensor; }
  /// Emitted: a tensor or a run-time scalar.
  bool isRuntime() const { return kind == Tensor || kind == Scalar; }
  /// Bool or Int, as Python counts them.
  bool isInteger() const { return kind == Bool || kind == Int; }
  bool isNumber() const { return isInteger() || kind == Float; }
  bool isSize() const { return isInteger() || kind == Dim; }

  bool asBool() const { return integerValue != 0; }
  int64_t asInteger() const { return integerValue; }
  double asNumber() const { return kind == Float ? numberValue : static_cast<double>(integerValue); }
  DimExpr asDim() const { return kind == Dim ? *expr : DimExpr(integerValue); }
  ElementKind asDType() const { return static_cast<ElementKind>(integerValue); }
  const std::vector<Value> &asList() const { return *items; }
  size_t size() const { return items->size(); }

private:
  explicit Value(Kind kind) : kind(kind) {}
};

/// As Python's str and repr. Sizes known at run time only print as `{0}`, `{1}`, … and are appended to `dims`, or,
/// where that is null, as polynomials.
std::string toStr(const Value &value, std::vector<DimExpr> *dims = nullptr);
std::string toRepr(const Value &value, std::vector<DimExpr> *dims = nullptr);
std::string numberRepr(double value);

/// What a value is, for messages: "a list", "a float".
std::string describe(const Value &value);

/// Equality of values known at compile time; none where it is not known.
std::optional<bool> equalValues(const Value &lhs, const Value &rhs);

/// `lhs op rhs` on values known at compile time. Null where the pair needs emitted code; an Error value and a message
/// where it is wrong.
std::optional<Value> foldBinary(llvm::StringRef op, const Value &lhs, const Value &rhs, std::string &message);

/// `lhs op rhs` for ==, !=, <, <=, >, >=.
std::optional<Value> foldCompare(llvm::StringRef op, const Value &lhs, const Value &rhs, std::string &message);

} // namespace rune

#endif // RUNE_FRONTEND_VALUE_H
