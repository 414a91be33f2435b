// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `arith` and `math`, on scalars and on vectors. A scalar has C++'s own operators; what C++ leaves undefined, and what
// C's library would be called for, goes through functions of the prelude.

#include "Emit/HighwayPrinter.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace rune;

static bool isVector(Operation *op) { return isa<VectorType>(op->getResult(0).getType()); }
static bool isMaskType(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getElementType().isInteger(1);
}
static unsigned bitsOf(Type type) { return laneBits(type); }

//===--- Literals ---------------------------------------------------------===//

static std::string floatLiteral(const llvm::APFloat &value, bool isDouble) {
  const std::string type = isDouble ? "double" : "float";
  if (value.isNaN())
    return "std::numeric_limits<" + type + ">::quiet_NaN()";
  if (value.isInfinity())
    return (value.isNegative() ? "-" : "") + ("std::numeric_limits<" + type + ">::infinity()");
  // The shortest that is read back as the same number.
  char text[64];
  for (int digits = 1; digits <= 17; ++digits) {
    if (isDouble) {
      std::snprintf(text, sizeof text, "%.*g", digits, value.convertToDouble());
      if (std::strtod(text, nullptr) == value.convertToDouble())
        break;
    } else {
      std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value.convertToFloat()));
      if (std::strtof(text, nullptr) == value.convertToFloat())
        break;
    }
  }
  std::string result = text;
  if (result.find_first_of(".e") == std::string::npos)
    result += ".0";
  return isDouble ? result : result + "f";
}

static std::string integerLiteral(int64_t value, unsigned bits) {
  if (value == std::numeric_limits<int64_t>::min())
    return "std::numeric_limits<int64_t>::min()";
  if (bits == 32 && value == std::numeric_limits<int32_t>::min())
    return "std::numeric_limits<int32_t>::min()";
  if (bits == 64 && (value > std::numeric_limits<int32_t>::max() || value < std::numeric_limits<int32_t>::min()))
    return "int64_t{" + std::to_string(value) + "}";
  return std::to_string(value);
}

std::string rune::literal(Attribute number, Type type) {
  if (auto value = dyn_cast<FloatAttr>(number))
    return floatLiteral(value.getValue(), type.isF64());
  int64_t value = cast<IntegerAttr>(number).getValue().getSExtValue();
  if (type.isInteger(1))
    return value ? "true" : "false";
  if (type.isInteger(8))
    return "uint8_t{" + std::to_string(value & 0xff) + "}";
  return integerLiteral(value, laneBits(type));
}

//===--- Floats -----------------------------------------------------------===//

/// A function of Highway's on vectors, an operator on scalars.
static bool binary(HighwayPrinter &p, Operation *op, const char *function, const char *sign, Binding binding,
                   const char *hint) {
  Value x = op->getOperand(0), y = op->getOperand(1);
  Code code = isVector(op) ? p.call(function, {p.use(x), p.use(y)}) : p.infix(x, sign, y, binding);
  p.define(op->getResult(0), code, hint);
  return true;
}

static bool addf(HighwayPrinter &p, Operation *op) { return binary(p, op, "hn::Add", "+", Sum, "sum"); }
static bool subf(HighwayPrinter &p, Operation *op) { return binary(p, op, "hn::Sub", "-", Sum, "difference"); }
static bool mulf(HighwayPrinter &p, Operation *op) { return binary(p, op, "hn::Mul", "*", Product, "product"); }
static bool divf(HighwayPrinter &p, Operation *op) { return binary(p, op, "hn::Div", "/", Product, "quotient"); }

static bool negf(HighwayPrinter &p, Operation *op) {
  Value x = op->getOperand(0);
  p.define(op->getResult(0), isVector(op) ? p.call("hn::Neg", {p.use(x)}) : Code{"-" + p.use(x, Primary), Unary},
           "negative");
  return true;
}

/// One instruction of a vector unit; a scalar is the one lane of a vector.
static bool instruction(HighwayPrinter &p, Operation *op, llvm::StringRef function, const char *hint) {
  std::vector<std::string> operands;
  for (Value operand : op->getOperands())
    operands.push_back(p.use(operand));
  p.define(op->getResult(0),
           isVector(op) ? p.call(("hn::" + function).str(), operands)
                        : p.callHelper(("Scalar" + function).str(), operands),
           hint);
  return true;
}

static bool absf(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Abs", "magnitude"); }
static bool copysign(HighwayPrinter &p, Operation *op) { return instruction(p, op, "CopySign", "signed_value"); }
static bool roundeven(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Round", "rounded"); }
static bool floor(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Floor", "lower"); }
static bool ceil(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Ceil", "upper"); }
static bool trunc(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Trunc", "whole_part"); }
static bool sqrt(HighwayPrinter &p, Operation *op) { return instruction(p, op, "Sqrt", "root"); }
static bool fma(HighwayPrinter &p, Operation *op) { return instruction(p, op, "MulAdd", "sum"); }

static bool flushSubnormal(HighwayPrinter &p, Operation *op) {
  p.define(op->getResult(0),
           p.callHelper(isVector(op) ? "FlushSubnormal" : "ScalarFlushSubnormal", {p.use(op->getOperand(0))}), "sum");
  return true;
}

static bool cmpf(HighwayPrinter &p, Operation *operation) {
  auto op = cast<arith::CmpFOp>(operation);
  using P = arith::CmpFPredicate;
  bool vector = isVector(op), same = op.getLhs() == op.getRhs();
  std::string x = p.use(op.getLhs(), vector ? Ternary : Shift), y = p.use(op.getRhs(), vector ? Ternary : Shift);
  auto test = [&](const char *function, const char *sign) -> Code {
    if (vector)
      return p.call(std::string("hn::") + function, {x, y});
    return {x + " " + sign + " " + y, Relation};
  };
  auto negated = [&](Code code) -> Code {
    return vector ? p.call("hn::Not", {code.text}) : Code{"!(" + code.text + ")", Unary};
  };
  auto unordered = [&]() -> Code {
    auto isNaN = [&](const std::string &value) {
      return vector ? p.call("hn::IsNaN", {value}) : p.callHelper("IsNaN", {value});
    };
    if (same)
      return isNaN(x);
    return vector ? p.call("hn::Or", {isNaN(x).text, isNaN(y).text})
                  : Code{isNaN(x).text + " || " + isNaN(y).text, LogicalOr};
  };
  auto lessOrGreater = [&]() -> Code {
    return vector ? p.call("hn::Or", {test("Lt", "<").text, test("Gt", ">").text})
                  : Code{x + " < " + y + " || " + x + " > " + y, LogicalOr};
  };
  Code code;
  switch (op.getPredicate()) {
  case P::OEQ:
    code = vector ? test("Eq", "==") : Code{x + " == " + y, Equality};
    break;
  case P::UNE:
    code = vector ? test("Ne", "!=") : Code{x + " != " + y, Equality};
    break;
  case P::OLT:
    code = test("Lt", "<");
    break;
  case P::OLE:
    code = test("Le", "<=");
    break;
  case P::OGT:
    code = test("Gt", ">");
    break;
  case P::OGE:
    code = test("Ge", ">=");
    break;
  case P::ULT:
    code = negated(test("Ge", ">="));
    break;
  case P::ULE:
    code = negated(test("Gt", ">"));
    break;
  case P::UGT:
    code = negated(test("Le", "<="));
    break;
  case P::UGE:
    code = negated(test("Lt", "<"));
    break;
  case P::ONE:
    code = lessOrGreater();
    break;
  case P::UEQ:
    code = negated(lessOrGreater());
    break;
  case P::UNO:
    code = unordered();
    break;
  case P::ORD:
    code = negated(unordered());
    break;
  default:
    return false;
  }
  p.define(op, code, "is");
  return true;
}

//===--- Integers ---------------------------------------------------------===//

/// Sizes and places never overflow; other integers wrap, which only unsigned ones may in C++.
static bool wrapping(HighwayPrinter &p, Operation *op, const char *function, const char *helper, const char *sign,
                     Binding binding, const char *hint) {
  Value result = op->getResult(0), x = op->getOperand(0), y = op->getOperand(1);
  if (isVector(op) || result.getType().isIndex())
    return binary(p, op, function, sign, binding, hint);
  std::string left = p.use(x), right = p.use(y), type = laneType(result.getType());
  p.define(result, p.callHelper(helper, {left, right}, "<" + type + ">"), hint);
  return true;
}

static bool addi(HighwayPrinter &p, Operation *op) {
  IntegerAttr by;
  // A place in an argument: the pointer's own expression.
  if (op->hasOneUse() && isa<PointerOp>(*op->getUsers().begin()))
    return true;
  // i + -4 is i - 4.
  if (op->getResult(0).getType().isIndex() && matchPattern(op->getOperand(1), m_Constant(&by)) &&
      by.getValue().isNegative()) {
    std::string x = p.use(op->getOperand(0), Sum);
    p.define(op->getResult(0), {x + " - " + std::to_string(-by.getValue().getSExtValue()), Sum}, "at");
    return true;
  }
  // The fourth row of a tile is j3.
  std::string hint = "at";
  if (auto iv = dyn_cast<BlockArgument>(op->getOperand(0));
      iv && isa<scf::ForOp>(iv.getOwner()->getParentOp()) && matchPattern(op->getOperand(1), m_Constant(&by)))
    hint = p.use(iv) + std::to_string(by.getValue().getSExtValue());
  return wrapping(p, op, "hn::Add", "WrapAdd", "+", Sum, hint.c_str());
}
static bool subi(HighwayPrinter &p, Operation *op) { return wrapping(p, op, "hn::Sub", "WrapSub", "-", Sum, "rest"); }
static bool muli(HighwayPrinter &p, Operation *op) {
  // Places that are one stride apart are told by their stride.
  if (isVector(op) && llvm::all_of(op->getUsers(), llvm::IsaPred<vector::GatherOp>))
    return true;
  if (isVector(op) && bitsOf(op->getResult(0).getType()) == 64) {
    std::string x = p.use(op->getOperand(0)), y = p.use(op->getOperand(1));
    p.define(op->getResult(0), p.callHelper("Mul64", {p.tag(op->getResult(0).getType()), x, y}), "product");
    return true;
  }
  return wrapping(p, op, "hn::Mul", "WrapMul", "*", Product, "offset");
}

/// Lane by lane, where Highway has no such function on every target.
static bool laneByLane(HighwayPrinter &p, Operation *op, const char *helper, const char *hint) {
  std::vector<std::string> operands = {p.tag(op->getResult(0).getType())};
  for (Value operand : op->getOperands())
    operands.push_back(p.use(operand));
  p.define(op->getResult(0), p.callHelper(helper, operands), hint);
  return true;
}

static bool divsi(HighwayPrinter &p, Operation *op) {
  return isVector(op) ? laneByLane(p, op, "DivideLanes", "quotient") : binary(p, op, "", "/", Product, "quotient");
}
static bool remsi(HighwayPrinter &p, Operation *op) {
  return isVector(op) ? laneByLane(p, op, "RemainderLanes", "rest") : binary(p, op, "", "%", Product, "rest");
}
/// Of sizes, which are not negative.
static bool divui(HighwayPrinter &p, Operation *op) {
  return op->getResult(0).getType().isIndex() && binary(p, op, "", "/", Product, "count");
}
static bool remui(HighwayPrinter &p, Operation *op) {
  return op->getResult(0).getType().isIndex() && binary(p, op, "", "%", Product, "rest");
}
static bool floordivsi(HighwayPrinter &p, Operation *op) {
  if (isVector(op))
    return false;
  std::string x = p.use(op->getOperand(0)), y = p.use(op->getOperand(1));
  p.define(op->getResult(0), p.callHelper("FloorDivide", {x, y}), "quotient");
  return true;
}

static bool extremum(HighwayPrinter &p, Operation *op, const char *name) {
  std::string x = p.use(op->getOperand(0)), y = p.use(op->getOperand(1));
  p.define(op->getResult(0),
           isVector(op)
               ? p.call(std::string("hn::") + name, {x, y})
               : p.callHelper(std::string("Scalar") + name, {x, y}, "<" + laneType(op->getResult(0).getType()) + ">"),
           name == std::string("Min") ? "end" : "largest");
  return true;
}
static bool minsi(HighwayPrinter &p, Operation *op) { return extremum(p, op, "Min"); }
static bool maxsi(HighwayPrinter &p, Operation *op) { return extremum(p, op, "Max"); }

static bool cmpi(HighwayPrinter &p, Operation *operation) {
  auto op = cast<arith::CmpIOp>(operation);
  using P = arith::CmpIPredicate;
  Value x = op.getLhs(), y = op.getRhs();
  if (isMaskType(x.getType())) {
    std::string tag = p.maskTag(op);
    Code differ = p.call("hn::Xor", {p.useMask(x, tag), p.useMask(y, tag)});
    if (op.getPredicate() != P::eq && op.getPredicate() != P::ne)
      return false;
    p.define(op, op.getPredicate() == P::ne ? differ : p.call("hn::Not", {differ.text}), "same");
    return true;
  }
  static const std::map<P, std::pair<const char *, const char *>> tests = {
      {P::eq, {"Eq", "=="}}, {P::ne, {"Ne", "!="}},  {P::slt, {"Lt", "<"}}, {P::sle, {"Le", "<="}},
      {P::sgt, {"Gt", ">"}}, {P::sge, {"Ge", ">="}}, {P::ult, {"", "<"}},   {P::ule, {"", "<="}},
      {P::ugt, {"", ">"}},   {P::uge, {"", ">="}},
  };
  auto [function, sign] = tests.at(op.getPredicate());
  if (isVector(op)) {
    if (!*function)
      return false;
    // Highway 1.0.3 has no >= and <= of integers.
    bool orEqual = function[1] == 'e' && function[0] != 'N';
    std::string strict = std::string("hn::") + (orEqual ? (*function == 'G' ? "Lt" : "Gt") : function);
    Code code = p.call(strict, {p.use(x), p.use(y)});
    p.define(op, orEqual ? p.call("hn::Not", {code.text}) : code, "is");
    return true;
  }
  if (!*function) {
    auto unsignedValue = [&](Value value) { return "static_cast<uint64_t>(" + p.use(value) + ")"; };
    std::string left = unsignedValue(x), right = unsignedValue(y);
    p.define(op, {left + " " + sign + " " + right, Relation}, "is");
    return laneBits(x.getType()) == 64;
  }
  bool equality = op.getPredicate() == P::eq || op.getPredicate() == P::ne;
  std::string right = p.use(y, Shift), left = p.use(x, Shift);
  p.define(op, {left + " " + sign + " " + right, equality ? Equality : Relation}, "is");
  return true;
}

static bool bitwise(HighwayPrinter &p, Operation *op, const char *function, const char *sign, const char *logical,
                    Binding binding) {
  Value result = op->getResult(0), x = op->getOperand(0), y = op->getOperand(1);
  if (isMaskType(result.getType())) {
    std::string tag = p.maskTag(result);
    bool complement = *sign == '^' && matchPattern(y, m_One());
    p.define(result,
             complement ? p.call("hn::Not", {p.useMask(x, tag)})
                        : p.call(function, {p.useMask(x, tag), p.useMask(y, tag)}),
             "mask");
    return true;
  }
  if (isVector(op))
    return binary(p, op, function, "", binding, "bits");
  if (result.getType().isInteger(1)) {
    if (*sign == '^' && matchPattern(y, m_One())) {
      p.define(result, {"!" + p.use(x, Primary), Unary}, "is");
      return true;
    }
    Binding own = *sign == '&' ? LogicalAnd : *sign == '|' ? LogicalOr : Equality;
    // && among || has parentheses, and comparisons among !=: compilers warn without.
    Binding inner = own == Equality ? Shift : Equality;
    std::string right = p.use(y, inner), left = p.use(x, inner);
    p.define(result, {left + " " + logical + " " + right, own}, "is");
    return true;
  }
  if (result.getType().isInteger(8)) {
    std::string right = p.use(y, static_cast<Binding>(binding + 1)), left = p.use(x, binding);
    p.define(result, {"static_cast<uint8_t>(" + left + " " + sign + " " + right + ")"}, "bits");
    return true;
  }
  std::string right = p.use(y, Shift), left = p.use(x, Shift);
  p.define(result, {left + " " + sign + " " + right, binding}, "bits");
  return true;
}
static bool andi(HighwayPrinter &p, Operation *op) { return bitwise(p, op, "hn::And", "&", "&&", BitAnd); }
static bool ori(HighwayPrinter &p, Operation *op) { return bitwise(p, op, "hn::Or", "|", "||", BitOr); }
static bool xori(HighwayPrinter &p, Operation *op) { return bitwise(p, op, "hn::Xor", "^", "!=", BitXor); }

static std::optional<int64_t> constantShift(Value by) {
  Attribute constant;
  if (!matchPattern(by, m_Constant(&constant)))
    return std::nullopt;
  if (auto elements = dyn_cast<DenseElementsAttr>(constant))
    constant = elements.isSplat() ? elements.getSplatValue<Attribute>() : Attribute();
  auto number = dyn_cast_or_null<IntegerAttr>(constant);
  return number ? std::optional(number.getValue().getSExtValue()) : std::nullopt;
}

static bool shift(HighwayPrinter &p, Operation *op, const char *helper) {
  Value result = op->getResult(0);
  std::string x = p.use(op->getOperand(0));
  auto by = constantShift(op->getOperand(1));
  if (isVector(op)) {
    std::string tag = p.tag(result.getType());
    if (by)
      p.define(result, p.callHelper(std::string(helper) + "By", {tag, x}, "<" + std::to_string(*by) + ">"), "bits");
    else
      p.define(result, p.callHelper(helper, {tag, x, p.use(op->getOperand(1))}), "bits");
    return true;
  }
  p.define(result,
           p.callHelper(std::string("Scalar") + helper, {x, p.use(op->getOperand(1))},
                        "<" + laneType(result.getType()) + ">"),
           "bits");
  return true;
}
static bool shli(HighwayPrinter &p, Operation *op) { return shift(p, op, "ShiftLeft"); }
static bool shrui(HighwayPrinter &p, Operation *op) { return shift(p, op, "ShiftRight"); }

static bool select(HighwayPrinter &p, Operation *operation) {
  auto op = cast<arith::SelectOp>(operation);
  if (isMaskType(op.getType())) {
    // c ? x : y, of masks.
    std::string tag = p.maskTag(op);
    if (!isMaskType(op.getCondition().getType()))
      return false;
    std::string condition = p.useMask(op.getCondition(), tag);
    p.define(
        op,
        p.callHelper("SelectMask", {condition, p.useMask(op.getTrueValue(), tag), p.useMask(op.getFalseValue(), tag)}),
        "mask");
    return true;
  }
  if (!isVector(op)) {
    std::string no = p.use(op.getFalseValue(), Ternary), yes = p.use(op.getTrueValue(), LogicalOr),
                condition = p.use(op.getCondition(), LogicalOr);
    Code code{condition + " ? " + yes + " : " + no, Ternary};
    if (op.getType().isInteger(8))
      code = {"static_cast<uint8_t>(" + code.text + ")"};
    p.define(op, code, "chosen");
    return true;
  }
  std::string no = p.use(op.getFalseValue()), yes = p.use(op.getTrueValue());
  if (!isMaskType(op.getCondition().getType())) {
    p.define(op, {p.use(op.getCondition(), LogicalOr) + " ? " + yes + " : " + no, Ternary}, "chosen");
    return true;
  }
  std::string mask = p.useMask(op.getCondition(), p.tag(op.getType()));
  p.define(op, p.call("hn::IfThenElse", {mask, yes, no}), "chosen");
  return true;
}

/// Printed where it is used.
static bool constant(HighwayPrinter &, Operation *) { return true; }

void rune::addArithmeticPrinters(OpPrinters &printers) {
  printers["arith.constant"] = constant;
  printers["arith.addf"] = addf;
  printers["arith.subf"] = subf;
  printers["arith.mulf"] = mulf;
  printers["arith.divf"] = divf;
  printers["arith.negf"] = negf;
  printers["arith.cmpf"] = cmpf;
  printers["arith.addi"] = addi;
  printers["arith.subi"] = subi;
  printers["arith.muli"] = muli;
  printers["arith.divsi"] = divsi;
  printers["arith.remsi"] = remsi;
  printers["arith.divui"] = divui;
  printers["arith.remui"] = remui;
  printers["arith.floordivsi"] = floordivsi;
  printers["arith.minsi"] = minsi;
  printers["arith.maxsi"] = maxsi;
  printers["arith.cmpi"] = cmpi;
  printers["arith.andi"] = andi;
  printers["arith.ori"] = ori;
  printers["arith.xori"] = xori;
  printers["arith.shli"] = shli;
  printers["arith.shrui"] = shrui;
  printers["arith.select"] = select;
  printers["math.absf"] = absf;
  printers["math.copysign"] = copysign;
  printers["math.roundeven"] = roundeven;
  printers["math.floor"] = floor;
  printers["math.ceil"] = ceil;
  printers["math.trunc"] = trunc;
  printers["math.sqrt"] = sqrt;
  printers["rune.flush_subnormal"] = flushSubnormal;
  printers["math.fma"] = fma;
  printers["vector.fma"] = fma;
}
