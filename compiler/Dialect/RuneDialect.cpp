// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace rune;

#include "Dialect/RuneDialect.cpp.inc"
#include "Dialect/RuneEnums.cpp.inc"
#include "Dialect/RuneInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Dialect/RuneAttributes.cpp.inc"

void RuneDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Dialect/RuneAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Dialect/RuneOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// #rune.dims
//===----------------------------------------------------------------------===//

DimsAttr DimsAttr::get(MLIRContext *context, ArrayRef<DimExpr> dims) {
  SmallVector<StringAttr> texts;
  for (const DimExpr &dim : dims)
    texts.push_back(StringAttr::get(context, dim.str()));
  return get(context, texts);
}

SmallVector<DimExpr> DimsAttr::getDims() const {
  SmallVector<DimExpr> dims;
  for (StringAttr text : getTexts()) {
    auto dim = DimExpr::parse(text.getValue());
    assert(dim && "checked when the attribute was made");
    dims.push_back(*dim);
  }
  return dims;
}

Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<DimExpr> dims;
  auto parseDim = [&]() -> ParseResult {
    StringRef name;
    std::string text;
    int64_t value;
    SMLoc loc = parser.getCurrentLocation();
    if (auto integer = parser.parseOptionalInteger(value); integer.has_value()) {
      dims.push_back(DimExpr(value));
      return *integer;
    }
    if (succeeded(parser.parseOptionalKeyword(&name))) {
      dims.push_back(DimExpr::symbol(name));
      return success();
    }
    if (failed(parser.parseString(&text)))
      return failure();
    auto dim = DimExpr::parse(text);
    if (!dim)
      return parser.emitError(loc, "expected a polynomial over dimension names");
    dims.push_back(*dim);
    return success();
  };
  if (parser.parseLess() || parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseDim) ||
      parser.parseGreater())
    return {};
  return get(parser.getContext(), dims);
}

void DimsAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getDims(), printer.getStream(), [&](const DimExpr &dim) {
    if (dim.isConstant() || dim.getSymbol())
      printer << dim.str();
    else
      printer << '"' << dim.str() << '"';
  });
  printer << "]>";
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

SmallVector<DimExpr> rune::getDims(RankedTensorType type) {
  if (auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding()))
    return dims.getDims();
  SmallVector<DimExpr> result;
  for (int64_t size : type.getShape()) {
    assert(!ShapedType::isDynamic(size) && "a dynamic dimension without #rune.dims");
    result.push_back(DimExpr(size));
  }
  return result;
}

RankedTensorType rune::makeTensorType(ArrayRef<DimExpr> dims, Type element) {
  SmallVector<int64_t> shape;
  bool dynamic = false;
  for (const DimExpr &dim : dims) {
    shape.push_back(dim.isConstant() ? dim.getConstant() : ShapedType::kDynamic);
    dynamic |= !dim.isConstant();
  }
  return RankedTensorType::get(shape, element, dynamic ? DimsAttr::get(element.getContext(), dims) : DimsAttr());
}

RankedTensorType rune::withElement(RankedTensorType type, Type element) {
  return RankedTensorType::get(type.getShape(), element, type.getEncoding());
}
