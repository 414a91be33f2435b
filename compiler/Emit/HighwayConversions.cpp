// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From one type of lanes to another, and between vectors, masks and scalars.

#include "Emit/HighwayPrinter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace rune;

static Type source(Operation *op) { return op->getOperand(0).getType(); }
static Type target(Operation *op) { return op->getResult(0).getType(); }
static bool isMaskType(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && vector.getElementType().isInteger(1);
}

/// static_cast on a scalar, a function on a vector.
static bool convert(HighwayPrinter &p, Operation *op, const char *function, bool helper, const char *hint) {
  std::string x = p.use(op->getOperand(0));
  if (!isa<VectorType>(target(op))) {
    p.define(op->getResult(0), p.call("static_cast<" + laneType(target(op)) + ">", {x}), hint);
    return true;
  }
  std::string tag = p.tag(target(op));
  p.define(op->getResult(0), helper ? p.callHelper(function, {tag, x}) : p.call(function, {tag, x}), hint);
  return true;
}

static bool extf(HighwayPrinter &p, Operation *op) { return convert(p, op, "hn::PromoteTo", false, "wide"); }
static bool truncf(HighwayPrinter &p, Operation *op) { return convert(p, op, "hn::DemoteTo", false, "narrow"); }

static bool sitofp(HighwayPrinter &p, Operation *op) {
  bool simple = laneBits(source(op)) == 32 && laneBits(target(op)) == 32;
  return convert(p, op, simple ? "hn::ConvertTo" : "ConvertLanes", !simple, "number");
}
static bool fptosi(HighwayPrinter &p, Operation *op) {
  bool simple = laneBits(source(op)) == 32 && laneBits(target(op)) == 32;
  return convert(p, op, simple ? "hn::ConvertTo" : "ConvertLanes", !simple, "integer");
}
/// Of a boolean: 1 or 0.
static bool extui(HighwayPrinter &p, Operation *op) {
  Value x = op->getOperand(0), result = op->getResult(0);
  if (isMaskType(source(op))) {
    std::string tag = p.tag(target(op)), one = laneBits(target(op)) == 8 ? "uint8_t{1}" : "1";
    p.define(result, p.call("hn::IfThenElseZero", {p.useMask(x, tag), "hn::Set(" + tag + ", " + one + ")"}), "flag");
    return true;
  }
  if (isa<VectorType>(source(op)))
    return convert(p, op, "ConvertLanes", true, "wide");
  if (!source(op).isInteger(1) && laneBits(source(op)) != 8)
    return false;
  return convert(p, op, "", false, "flag");
}
static bool extsi(HighwayPrinter &p, Operation *op) { return convert(p, op, "ConvertLanes", true, "wide"); }

static bool trunci(HighwayPrinter &p, Operation *op) {
  Value x = op->getOperand(0), result = op->getResult(0);
  if (isMaskType(target(op))) {
    std::string tag = p.tag(source(op)), value = p.use(x);
    p.define(result, p.call("hn::Ne", {value, "hn::Zero(" + tag + ")"}), "mask");
    return laneBits(source(op)) == 8; // a boolean in memory
  }
  if (isa<VectorType>(target(op)))
    return convert(p, op, "ConvertLanes", true, "low");
  if (target(op).isInteger(1)) {
    std::string value = p.use(x, Equality);
    p.define(result, {value + " != 0", Equality}, "is");
    return laneBits(source(op)) == 8;
  }
  return convert(p, op, "", false, "low");
}

static bool indexCast(HighwayPrinter &p, Operation *op) {
  if (laneBits(source(op)) != 64 || laneBits(target(op)) != 64)
    return convert(p, op, "ConvertLanes", true, "index");
  auto load = op->getOperand(0).getDefiningOp<memref::LoadOp>();
  std::string hint = load ? p.symbolOf(load).value_or("index") : "index";
  p.define(op->getResult(0), {p.use(op->getOperand(0))}, hint);
  return true;
}

static bool bitcast(HighwayPrinter &p, Operation *op) {
  std::string x = p.use(op->getOperand(0));
  if (isa<VectorType>(target(op)))
    p.define(op->getResult(0), p.call("hn::BitCast", {p.tag(target(op)), x}), "bits");
  else
    p.define(op->getResult(0), p.callHelper("ScalarBitCast", {x}, "<" + laneType(target(op)) + ">"), "bits");
  return true;
}

static bool broadcast(HighwayPrinter &p, Operation *op) {
  if (isMaskType(target(op)))
    return true; // made where it is used
  auto isPlaces = [](Operation *user) {
    return isa<arith::MulIOp>(user) && llvm::all_of(user->getUsers(), llvm::IsaPred<vector::GatherOp>);
  };
  if (llvm::all_of(op->getUsers(), isPlaces))
    return true; // a gather tells its stride
  auto load = op->getOperand(0).getDefiningOp<memref::LoadOp>();
  std::string hint = load ? p.bufferName(load.getMemRef()) : "all";
  p.define(op->getResult(0), p.call("hn::Set", {p.tag(target(op)), p.use(op->getOperand(0))}), hint);
  return true;
}

static bool mask(HighwayPrinter &, Operation *) { return true; }

static bool reduction(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::ReductionOp>(operation);
  if (!isMaskType(op.getVector().getType()) || op.getKind() != vector::CombiningKind::OR)
    return false;
  std::string tag = p.maskTag(op.getVector()), mask = p.useMask(op.getVector(), tag);
  p.define(op.getResult(), {"!hn::AllFalse(" + tag + ", " + mask + ")", Unary}, "any");
  return true;
}

static bool extract(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::ExtractOp>(operation);
  if (op.getStaticPosition().size() != 1 || op.hasDynamicPosition())
    return false;
  int64_t lane = op.getStaticPosition()[0];
  std::string x = p.use(op.getSource());
  p.define(op.getResult(), lane ? p.call("hn::ExtractLane", {x, std::to_string(lane)}) : p.call("hn::GetLane", {x}),
           "lane");
  return true;
}

/// Lanes that go round, which is all that a reduction needs.
static bool shuffle(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::ShuffleOp>(operation);
  ArrayRef<int64_t> order = op.getMask();
  int64_t lanes = order.size(), by = order[0];
  for (int64_t i = 0; i < lanes; ++i)
    if (order[i] != (i + by) % lanes)
      return false;
  if (op.getV1() != op.getV2() || op.getV1VectorType().getNumElements() != lanes)
    return false;
  p.define(op.getResult(),
           p.callHelper("Rotate", {p.tag(op.getType()), p.use(op.getV1())}, "<" + std::to_string(by) + ">"), "rotated");
  return true;
}

void rune::addConversionPrinters(OpPrinters &printers) {
  printers["arith.extf"] = extf;
  printers["arith.truncf"] = truncf;
  printers["arith.sitofp"] = sitofp;
  printers["arith.fptosi"] = fptosi;
  printers["arith.extui"] = extui;
  printers["arith.extsi"] = extsi;
  printers["arith.trunci"] = trunci;
  printers["arith.index_cast"] = indexCast;
  printers["arith.bitcast"] = bitcast;
  printers["vector.broadcast"] = broadcast;
  printers["vector.create_mask"] = mask;
  printers["vector.constant_mask"] = mask;
  printers["vector.reduction"] = reduction;
  printers["vector.extract"] = extract;
  printers["vector.shuffle"] = shuffle;
}
