// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Value.h"
#include "Frontend/ModuleTree.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <cmath>

using namespace rune;

llvm::StringRef rune::dtypeName(ElementKind type) {
  switch (type) {
  case ElementKind::Bool:
    return "bool";
  case ElementKind::I64:
    return "i64";
  case ElementKind::F32:
    return "f32";
  case ElementKind::F64:
    return "f64";
  }
  return "";
}

unsigned rune::dtypeBytes(ElementKind type) { return type == ElementKind::Bool ? 1 : type == ElementKind::F32 ? 4 : 8; }

Value Value::boolean(bool value) {
  Value result(Bool);
  result.integerValue = value;
  return result;
}

Value Value::integer(int64_t value) {
  Value result(Int);
  result.integerValue = value;
  return result;
}

Value Value::number(double value) {
  Value result(Float);
  result.numberValue = value;
  return result;
}

Value Value::string(std::string text) {
  Value result(String);
  result.text = std::move(text);
  return result;
}

Value Value::dtype(ElementKind type) {
  Value result(Type);
  result.integerValue = static_cast<int64_t>(type);
  return result;
}

Value Value::list(std::vector<Value> items) {
  Value result(List);
  result.items = std::make_shared<const std::vector<Value>>(std::move(items));
  return result;
}

Value Value::shape(llvm::ArrayRef<DimExpr> dims) {
  std::vector<Value> items;
  for (const DimExpr &expr : dims)
    items.push_back(dim(expr));
  Value result = list(std::move(items));
  result.flag = true;
  return result;
}

Value Value::dim(const DimExpr &expr) {
  if (expr.isConstant())
    return integer(expr.getConstant());
  Value result(Dim);
  result.expr = std::make_shared<const DimExpr>(expr);
  return result;
}

Value Value::scalar(mlir::Value tensor) {
  Value result(Scalar);
  result.ir = tensor;
  return result;
}

Value Value::tensor(mlir::Value tensor) {
  Value result(Tensor);
  result.ir = tensor;
  return result;
}

Value Value::module(Instance *instance) {
  Value result(instance ? Module : None);
  result.instance = instance;
  return result;
}

Value Value::slice(Value start, Value stop, Value step) {
  Value result = list({std::move(start), std::move(stop), std::move(step)});
  result.kind = Slice;
  return result;
}

std::string rune::numberRepr(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  llvm::StringRef text(buffer, end - buffer);
  auto [mantissa, exponentText] = text.split('e');
  int exponent = 0;
  exponentText.consume_front("+");
  (void)exponentText.getAsInteger(10, exponent);
  if (exponent < -4 || exponent >= 16) {
    std::string magnitude = std::to_string(std::abs(exponent));
    if (magnitude.size() < 2)
      magnitude.insert(0, "0");
    return mantissa.str() + (exponent < 0 ? "e-" : "e+") + magnitude;
  }
  end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  std::string plain(buffer, end);
  return llvm::StringRef(plain).contains('.') ? plain : plain + ".0";
}

static std::string quoted(llvm::StringRef text) {
  char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  std::string result(1, quote);
  for (char c : text) {
    if (c == quote || c == '\\')
      result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result + quote;
}

static std::string listRepr(const Value &value, std::vector<DimExpr> *dims) {
  std::string inner =
      llvm::join(llvm::map_range(value.asList(), [&](const Value &item) { return toRepr(item, dims); }), ", ");
  if (value.flag)
    return "torch.Size([" + inner + "])";
  return "(" + inner + (value.size() == 1 ? ",)" : ")");
}

std::string rune::toRepr(const Value &value, std::vector<DimExpr> *dims) {
  switch (value.kind) {
  case Value::Error:
    return "?";
  case Value::None:
    return "None";
  case Value::Bool:
    return value.asBool() ? "True" : "False";
  case Value::Int:
    return std::to_string(value.integerValue);
  case Value::Float:
    return numberRepr(value.numberValue);
  case Value::String:
    return quoted(value.text);
  case Value::Type:
    switch (value.asDType()) {
    case ElementKind::Bool:
      return "torch.bool";
    case ElementKind::I64:
      return "torch.int64";
    case ElementKind::F32:
      return "torch.float32";
    case ElementKind::F64:
      return "torch.float64";
    }
    return "";
  case Value::List:
    return listRepr(value, dims);
  case Value::Dim:
    if (!dims)
      return value.expr->str();
    dims->push_back(*value.expr);
    return "{" + std::to_string(dims->size() - 1) + "}";
  case Value::Scalar:
  case Value::Tensor:
    return "<tensor>";
  case Value::Module:
    return value.instance->typeName;
  case Value::Ellipsis:
    return "Ellipsis";
  case Value::Slice:
    return "slice" + listRepr(value, dims);
  }
  return "";
}

std::string rune::toStr(const Value &value, std::vector<DimExpr> *dims) {
  return value.kind == Value::String ? value.text : toRepr(value, dims);
}

std::string rune::describe(const Value &value) {
  switch (value.kind) {
  case Value::Error:
    return "an error";
  case Value::None:
    return "none";
  case Value::Bool:
  case Value::Int:
  case Value::Float:
  case Value::Type:
    return toRepr(value);
  case Value::String:
    return "the word " + toRepr(value);
  case Value::List:
    return value.size() <= 8 ? "the list " + toRepr(value) : "a list of " + std::to_string(value.size());
  case Value::Dim:
    return "the size " + value.expr->str();
  case Value::Scalar:
    return "a run-time number";
  case Value::Tensor:
    return "a tensor";
  case Value::Module:
    return "a module (" + value.instance->typeName + ")";
  case Value::Ellipsis:
    return "...";
  case Value::Slice:
    return "a slice";
  }
  return "";
}

std::optional<bool> rune::equalValues(const Value &lhs, const Value &rhs) {
  if (lhs.isRuntime() || rhs.isRuntime())
    return std::nullopt;
  if (lhs.isSize() && rhs.isSize()) {
    DimExpr difference = lhs.asDim() - rhs.asDim();
    if (difference.isConstant())
      return difference.isConstant(0);
    if (difference.isKnownAtLeast(1) || (-difference).isKnownAtLeast(1))
      return false;
    return std::nullopt;
  }
  if (lhs.isNumber() && rhs.isNumber())
    return lhs.asNumber() == rhs.asNumber();
  if (lhs.kind == Value::List && rhs.kind == Value::List) {
    if (lhs.size() != rhs.size())
      return false;
    bool known = true;
    for (auto [a, b] : llvm::zip(lhs.asList(), rhs.asList())) {
      std::optional<bool> equal = equalValues(a, b);
      if (equal == false)
        return false;
      known &= equal.has_value();
    }
    return known ? std::optional<bool>(true) : std::nullopt;
  }
  if (lhs.kind != rhs.kind)
    return lhs.kind == Value::Dim && rhs.kind == Value::Float ? std::optional<bool>() : std::optional<bool>(false);
  switch (lhs.kind) {
  case Value::String:
    return lhs.text == rhs.text;
  case Value::Type:
    return lhs.integerValue == rhs.integerValue;
  case Value::Module:
    return lhs.instance == rhs.instance;
  default:
    return true;
  }
}
