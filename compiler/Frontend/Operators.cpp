// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on values of which one at least is known at run time only: promotion and broadcasting as PyTorch's.

#include "Frontend/Evaluate.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace rune;

//===-- Types and shapes ----------------------------------------------------------------------------------------===//

static int category(ElementKind type) { return type == ElementKind::Bool ? 0 : type == ElementKind::I64 ? 1 : 2; }

ElementKind Evaluator::promote(llvm::ArrayRef<Value> values) const {
  // Tensors with dimensions outrank 0-d tensors, and those numbers, unless the latter are of a higher category.
  std::optional<ElementKind> ranks[3];
  for (const Value &value : values) {
    ElementKind type = ElementKind::F32;
    int rank = 2;
    if (value.isRuntime()) {
      type = dtypeOf(value.ir);
      rank = value.kind == Value::Scalar ? 2 : rankOf(value.ir) == 0 ? 1 : 0;
      if (value.kind == Value::Scalar && isFloat(type))
        type = session.defaultFloat();
    } else if (value.isNumber() || value.kind == Value::Dim) {
      type = value.kind == Value::Bool    ? ElementKind::Bool
             : value.kind == Value::Float ? session.defaultFloat()
                                          : ElementKind::I64;
    } else {
      continue;
    }
    if (!ranks[rank] || *ranks[rank] < type)
      ranks[rank] = type;
  }
  std::optional<ElementKind> result = ranks[0];
  for (std::optional<ElementKind> lower : {ranks[1], ranks[2]})
    if (lower && (!result || category(*lower) > category(*result)))
      result = lower;
  return result.value_or(session.defaultFloat());
}

mlir::Value Evaluator::toTensor(const Value &value, ElementKind type, SourceLoc loc) {
  if (!emitter) {
    error(loc, "tensors are not known at compile time");
    return {};
  }
  switch (value.kind) {
  case Value::Bool:
  case Value::Int:
    return type == ElementKind::I64 ? emitter->integer(value.integerValue) : emitter->constant(type, value.asNumber());
  case Value::Float:
    return emitter->constant(type, value.numberValue);
  case Value::Dim:
    return emitter->cast(emitter->dim(*value.expr), type);
  case Value::Scalar:
  case Value::Tensor:
    return emitter->cast(value.ir, type);
  case Value::Error:
    return {};
  default:
    error(loc, "expected a tensor or a number, got " + describe(value));
    return {};
  }
}

/// The numbers of nested lists in row-major order, and the lengths of the lists.
static bool collectNumbers(const Value &value, size_t depth, llvm::SmallVectorImpl<int64_t> &shape,
                           std::vector<Value> &numbers) {
  if (value.kind != Value::List) {
    numbers.push_back(value);
    return value.isNumber() && depth == shape.size();
  }
  if (depth == shape.size()) {
    if (!numbers.empty() || depth >= 16)
      return false;
    shape.push_back(value.size());
  }
  if (shape[depth] != static_cast<int64_t>(value.size()))
    return false;
  return llvm::all_of(value.asList(),
                      [&](const Value &item) { return collectNumbers(item, depth + 1, shape, numbers); });
}

mlir::Value Evaluator::listToTensor(const Value &list, std::optional<ElementKind> type, SourceLoc loc) {
  llvm::SmallVector<int64_t> shape;
  std::vector<Value> numbers;
  if (!collectNumbers(list, 0, shape, numbers)) {
    error(loc, "a tensor is made of numbers in lists of equal lengths, not of " + describe(list));
    return {};
  }
  ElementKind element = type ? *type : promote(numbers);
  std::vector<double> values;
  for (const Value &number : numbers)
    values.push_back(number.asNumber());
  return emitter->constantTensor(element, shape, values);
}

static Dims dimsOf(const Value &value) { return value.isRuntime() ? getDims(value.ir) : Dims(); }

static std::string shapeNote(const Value &value) { return "this one has shape " + formatDims(dimsOf(value)); }

std::optional<Dims> Evaluator::broadcastShapes(llvm::ArrayRef<Value> values, SourceLoc loc, llvm::StringRef what) {
  Dims result;
  const Value *widest = nullptr;
  for (const Value &value : values) {
    Dims dims = dimsOf(value);
    Dims joined = dims.size() > result.size() ? dims : result;
    const Dims &shorter = dims.size() > result.size() ? result : dims;
    size_t offset = joined.size() - shorter.size();
    for (size_t i = 0; i < shorter.size(); ++i) {
      DimExpr &into = joined[offset + i];
      if (into == shorter[i] || shorter[i].isConstant(1))
        continue;
      if (into.isConstant(1)) {
        into = shorter[i];
        continue;
      }
      std::vector<RelatedPlace> notes;
      for (const Value *side : {widest, &value})
        if (side && side->origin)
          notes.push_back({side->origin, shapeNote(*side)});
      error(loc, "shapes " + formatDims(result) + " and " + formatDims(dims) + " do not go together in '" + what + "'",
            notes);
      return std::nullopt;
    }
    if (!widest || dims.size() >= dimsOf(*widest).size())
      widest = &value;
    result = joined;
  }
  return result;
}

llvm::SmallVector<mlir::Value> Evaluator::unify(llvm::ArrayRef<Value> values, ElementKind type, SourceLoc loc,
                                                llvm::StringRef what) {
  std::optional<Dims> dims = broadcastShapes(values, loc, what);
  if (!dims)
    return {};
  llvm::SmallVector<mlir::Value> tensors;
  for (const Value &value : values) {
    mlir::Value tensor = toTensor(value, type, loc);
    if (!tensor)
      return {};
    tensors.push_back(emitter->broadcast(tensor, *dims));
  }
  return tensors;
}

Value Evaluator::wrap(mlir::Value result, llvm::ArrayRef<Value> operands) const {
  bool tensor = llvm::any_of(operands, [](const Value &value) { return value.isTensor(); });
  return tensor ? Value::tensor(result) : Value::scalar(result);
}

/// The dtype in which numbers compute: f64, i64 or bool.
static ElementKind scalarType(llvm::ArrayRef<Value> values) {
  ElementKind type = ElementKind::Bool;
  for (const Value &value : values) {
    ElementKind one = value.kind == Value::Scalar  ? dtypeOf(value.ir)
                      : value.kind == Value::Bool  ? ElementKind::Bool
                      : value.kind == Value::Float ? ElementKind::F64
                                                   : ElementKind::I64;
    type = std::max(type, one);
  }
  return type;
}

static bool anyTensor(llvm::ArrayRef<Value> values) {
  return llvm::any_of(values, [](const Value &value) { return value.isTensor(); });
}

//===-- Arithmetic ----------------------------------------------------------------------------------------------===//

static mlir::Value floorDivide(Emitter &emitter, mlir::Value lhs, mlir::Value rhs) {
  if (!isFloat(dtypeOf(lhs)))
    return emitter.binary<DivOp>(lhs, rhs);
  mlir::Value rest = emitter.binary<RemOp>(lhs, rhs);
  mlir::Value exact = emitter.binary<DivOp>(emitter.binary<SubOp>(lhs, rest), rhs);
  mlir::Value zero = emitter.full(getDims(rhs), dtypeOf(rhs), 0);
  return emitter.select(emitter.compare(Predicate::eq, rhs, zero), emitter.binary<DivOp>(lhs, rhs),
                        emitter.unary<RoundOp>(exact));
}

static mlir::Value multiplyOut(Emitter &emitter, mlir::Value base, int64_t exponent) {
  if (exponent == 0)
    return emitter.full(getDims(base), dtypeOf(base), 1);
  mlir::Value result = base;
  for (int64_t i = 1; i < exponent; ++i)
    result = emitter.binary<MulOp>(result, base);
  return result;
}

/// Powers that PyTorch computes by multiplication and roots; null for the others.
static mlir::Value specialPower(Emitter &emitter, mlir::Value base, const Value &exponent) {
  if (!exponent.isNumber())
    return {};
  double power = exponent.asNumber();
  ElementKind type = dtypeOf(base);
  auto inverse = [&](mlir::Value value) { return emitter.binary<DivOp>(emitter.full(getDims(value), type, 1), value); };
  if (power == 0 || power == 1 || power == 2 || power == 3)
    return multiplyOut(emitter, base, static_cast<int64_t>(power));
  if (!isFloat(type))
    return power > 0 && power < 64 && power == static_cast<int64_t>(power)
               ? multiplyOut(emitter, base, static_cast<int64_t>(power))
               : mlir::Value();
  if (power == 0.5)
    return emitter.unary<SqrtOp>(base);
  if (power == -0.5)
    return inverse(emitter.unary<SqrtOp>(base));
  if (power == -1)
    return inverse(base);
  if (power == -2)
    return inverse(emitter.binary<MulOp>(base, base));
  return {};
}

static mlir::Value power(Emitter &emitter, mlir::Value base, mlir::Value exponent) {
  ElementKind type = dtypeOf(base);
  if (isFloat(type))
    return emitter.binary<PowOp>(base, exponent);
  mlir::Value wide =
      emitter.binary<PowOp>(emitter.cast(base, ElementKind::F64), emitter.cast(exponent, ElementKind::F64));
  return emitter.cast(wide, type);
}

/// The primitive for an operator on operands of one dtype and shape; null where there is none.
static mlir::Value emitBinary(Emitter &emitter, llvm::StringRef op, mlir::Value lhs, mlir::Value rhs) {
  bool isBool = dtypeOf(lhs) == ElementKind::Bool;
  if (isBool && (op == "*" || op == "&"))
    return emitter.binary<MulOp>(lhs, rhs);
  if (isBool && (op == "+" || op == "|"))
    return emitter.binary<MaxOp>(lhs, rhs);
  if (isBool || op == "&" || op == "|")
    return {};
  if (op == "+")
    return emitter.binary<AddOp>(lhs, rhs);
  if (op == "-")
    return emitter.binary<SubOp>(lhs, rhs);
  if (op == "*")
    return emitter.binary<MulOp>(lhs, rhs);
  if (op == "/")
    return emitter.binary<DivOp>(lhs, rhs);
  if (op == "//")
    return floorDivide(emitter, lhs, rhs);
  if (op == "%")
    return emitter.binary<RemOp>(lhs, rhs);
  return power(emitter, lhs, rhs);
}

Value Evaluator::binary(llvm::StringRef op, const Value &lhs, const Value &rhs, SourceLoc loc) {
  if (lhs.isError() || rhs.isError())
    return Value();
  std::string message;
  std::optional<Value> folded = foldBinary(op, lhs, rhs, message);
  if (!message.empty())
    return error(loc, message);
  if (folded)
    return folded->kind != Value::List || session.spend(loc, folded->size()) ? *folded : Value();
  if (!emitter)
    return error(loc, "this is known at run time only");
  emitter->setLoc(loc);
  Value operands[] = {lhs, rhs};
  ElementKind type = anyTensor(operands) ? promote(operands) : scalarType(operands);
  if (op == "/" && !isFloat(type))
    type = anyTensor(operands) ? session.defaultFloat() : ElementKind::F64;
  if (type == ElementKind::Bool && (op == "//" || op == "%" || op == "**" || !anyTensor(operands)) && op != "&" &&
      op != "|")
    type = ElementKind::I64;
  if (op == "**" && anyTensor(operands) && !isFloat(type) && rhs.isNumber() && rhs.asNumber() < 0)
    return error(loc, "integers to negative integer powers are not allowed");
  if (op == "**" && lhs.isRuntime())
    if (mlir::Value special = specialPower(*emitter, emitter->cast(lhs.ir, type), rhs))
      return wrap(special, operands);
  if (op == "**" && !anyTensor(operands) && !isFloat(type))
    type = ElementKind::F64;
  llvm::SmallVector<mlir::Value> tensors = unify(operands, type, loc, op);
  if (tensors.empty())
    return Value();
  mlir::Value result = emitBinary(*emitter, op, tensors[0], tensors[1]);
  if (!result)
    return error(loc, "'" + op + "' does not apply to tensors of dtype " + dtypeName(type));
  return wrap(result, operands);
}

Value Evaluator::compare(llvm::StringRef op, const Value &lhs, const Value &rhs, SourceLoc loc) {
  if (lhs.isError() || rhs.isError())
    return Value();
  std::string message;
  std::optional<Value> folded = foldCompare(op, lhs, rhs, message);
  if (!message.empty())
    return error(loc, message);
  if (folded)
    return *folded;
  if (!emitter)
    return error(loc, "this is known at run time only");
  // A tensor is never equal to a word, a list or none.
  auto numeric = [](const Value &value) { return value.isNumber() || value.kind == Value::Dim || value.isRuntime(); };
  if (!numeric(lhs) || !numeric(rhs)) {
    if (lhs.isNone() || rhs.isNone())
      return error(loc, "compare with none by 'is none'");
    return error(loc, "'" + op + "' does not compare " + describe(lhs) + " with " + describe(rhs));
  }
  emitter->setLoc(loc);
  Value operands[] = {lhs, rhs};
  ElementKind type = anyTensor(operands) ? promote(operands) : scalarType(operands);
  llvm::SmallVector<mlir::Value> tensors = unify(operands, type, loc, op);
  if (tensors.empty())
    return Value();
  auto predicate = llvm::StringSwitch<Predicate>(op)
                       .Case("==", Predicate::eq)
                       .Case("!=", Predicate::ne)
                       .Case("<", Predicate::lt)
                       .Case("<=", Predicate::le)
                       .Case(">", Predicate::gt)
                       .Default(Predicate::ge);
  return wrap(emitter->compare(predicate, tensors[0], tensors[1]), operands);
}

Value Evaluator::negate(const Value &value, SourceLoc loc) {
  if (value.isError())
    return value;
  if (value.kind == Value::Float)
    return Value::number(-value.numberValue);
  if (!value.isRuntime())
    return binary("-", Value::integer(0), value, loc);
  if (dtypeOf(value.ir) == ElementKind::Bool)
    return error(loc, "'-' does not apply to bool tensors; use '~'");
  emitter->setLoc(loc);
  return wrap(emitter->unary<NegOp>(value.ir), value);
}

Value Evaluator::logicalNot(const Value &value, SourceLoc loc) {
  if (value.isError())
    return value;
  if (value.kind == Value::Bool)
    return Value::boolean(!value.asBool());
  if (!value.isRuntime() || dtypeOf(value.ir) != ElementKind::Bool)
    return error(loc, "'~' is for bool tensors; this is " + describe(value));
  emitter->setLoc(loc);
  return wrap(emitter->logicalNot(value.ir), value);
}

Value Evaluator::toCondition(const Value &value, SourceLoc loc) {
  if (value.isRuntime() && dtypeOf(value.ir) == ElementKind::Bool)
    return value;
  return compare("!=", value, Value::integer(0), loc);
}

Value Evaluator::choose(mlir::Value condition, const Value &lhs, const Value &rhs, SourceLoc loc) {
  if (lhs.isError() || rhs.isError())
    return Value();
  if (lhs.kind == rhs.kind && !lhs.isRuntime() && equalValues(lhs, rhs) == true)
    return lhs;
  if (lhs.kind == Value::List && rhs.kind == Value::List && lhs.size() == rhs.size()) {
    std::vector<Value> items;
    for (auto [a, b] : llvm::zip(lhs.asList(), rhs.asList())) {
      items.push_back(choose(condition, a, b, loc));
      if (items.back().isError())
        return Value();
    }
    return Value::list(std::move(items));
  }
  auto numeric = [](const Value &value) { return value.isNumber() || value.kind == Value::Dim || value.isRuntime(); };
  if (!numeric(lhs) || !numeric(rhs))
    return error(loc,
                 "a condition known at run time only cannot choose between " + describe(lhs) + " and " + describe(rhs));
  emitter->setLoc(loc);
  Value operands[] = {lhs, rhs};
  ElementKind type = anyTensor(operands) ? promote(operands) : scalarType(operands);
  llvm::SmallVector<mlir::Value> tensors = unify(operands, type, loc, "if");
  if (tensors.empty())
    return Value();
  mlir::Value wide = emitter->broadcast(condition, getDims(tensors[0]));
  return wrap(emitter->select(wide, tensors[0], tensors[1]), operands);
}

bool Evaluator::checkAtMost(const DimExpr &lhs, const DimExpr &rhs, SourceLoc loc, llvm::StringRef message) {
  DimExpr slack = rhs - lhs;
  if (slack.isKnownAtLeast(0))
    return true;
  if ((-slack).isKnownAtLeast(1)) {
    std::string text = message.str();
    for (auto [hole, value] : {std::pair("{0}", &lhs), std::pair("{1}", &rhs)})
      if (size_t at = text.find(hole); at != std::string::npos)
        text.replace(at, 3, value->str());
    error(loc, text);
    return false;
  }
  if (!emitter) {
    error(loc, "this is known at run time only");
    return false;
  }
  emitter->setLoc(loc);
  emitter->check(emitter->compare(Predicate::le, emitter->dim(lhs), emitter->dim(rhs)), message, {lhs, rhs});
  return true;
}

//===-- Matrix products -----------------------------------------------------------------------------------------===//

Value Evaluator::matmul(const Value &lhs, const Value &rhs, SourceLoc loc) {
  if (lhs.isError() || rhs.isError())
    return Value();
  for (const Value *side : {&lhs, &rhs})
    if (!side->isTensor() || rankOf(side->ir) == 0)
      return error(loc, "'@' needs tensors of one dimension or more, got " + describe(*side));
  if (dtypeOf(lhs.ir) != dtypeOf(rhs.ir) || !isFloat(dtypeOf(lhs.ir)))
    return error(loc, "'@' needs two floating tensors of one dtype, got " + dtypeName(dtypeOf(lhs.ir)) + " and " +
                          dtypeName(dtypeOf(rhs.ir)));
  Dims left = getDims(lhs.ir), right = getDims(rhs.ir);
  const DimExpr &inner = right.size() == 1 ? right[0] : right[right.size() - 2];
  auto mismatch = [&] {
    return error(loc, "shapes " + formatDims(left) + " and " + formatDims(right) + " do not go together in '@'",
                 {{lhs.origin, shapeNote(lhs)}, {rhs.origin, shapeNote(rhs)}});
  };
  if (left.back() != inner)
    return mismatch();
  emitter->setLoc(loc);
  mlir::Value a = left.size() == 1 ? emitter->unsqueeze(lhs.ir, 0) : lhs.ir;
  mlir::Value b = right.size() == 1 ? emitter->unsqueeze(rhs.ir, 1) : rhs.ir;
  if (rankOf(b) > 2) {
    Dims aDims = getDims(a), bDims = getDims(b);
    Dims aBatch(aDims.begin(), aDims.end() - 2), bBatch(bDims.begin(), bDims.end() - 2), batch;
    size_t rank = std::max(aBatch.size(), bBatch.size());
    for (size_t i = 0; i < rank; ++i) {
      DimExpr x = i + aBatch.size() < rank ? DimExpr(1) : aBatch[i + aBatch.size() - rank];
      DimExpr y = i + bBatch.size() < rank ? DimExpr(1) : bBatch[i + bBatch.size() - rank];
      if (x != y && !x.isConstant(1) && !y.isConstant(1))
        return mismatch();
      batch.push_back(x.isConstant(1) ? y : x);
    }
    auto widen = [&](mlir::Value side, const Dims &dims) {
      Dims wide = batch;
      wide.append(dims.end() - 2, dims.end());
      return emitter->broadcast(side, wide);
    };
    a = widen(a, aDims);
    b = widen(b, bDims);
  }
  mlir::Value result = emitter->matmul(a, b);
  if (right.size() == 1)
    result = emitter->squeeze(result, rankOf(result) - 1);
  if (left.size() == 1)
    result = emitter->squeeze(result, rankOf(result) - (right.size() == 1 ? 1 : 2));
  return Value::tensor(result);
}
