// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers, and what is read from and written to them.

#include "Emit/HighwayPrinter.h"

#include "Dialect/RuneDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

static Type elementOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getElementType(); }

//===--- Buffers ----------------------------------------------------------===//

static std::string hintOf(Operation *op, const char *otherwise) {
  auto name = op->getAttrOfType<StringAttr>("rune.name");
  return name ? name.getValue().str() : otherwise;
}

/// What the model keeps at a place of an arena; "" where that is nothing of its own.
static std::string nameInArena(HighwayPrinter &p, memref::ViewOp view) {
  Attribute shift;
  if (!matchPattern(view.getByteShift(), m_Constant(&shift)))
    return "";
  DimExpr bytes(cast<IntegerAttr>(shift).getInt());
  if (view.getSource().getDefiningOp<PointerOp>())
    return p.names.model.slot(bytes);
  switch (cast<BlockArgument>(view.getSource()).getArgNumber()) {
  case 2:
    return p.names.model.member(bytes);
  case 3:
    return elementOf(view).isInteger(32) ? "status" : "";
  case 4:
    return "words_of_context";
  }
  return "";
}

static bool declare(HighwayPrinter &p, Operation *op, const Code &address, const char *hint) {
  Value buffer = op->getResult(0);
  std::string name = p.fresh(hintOf(op, hint));
  p.statement(laneType(elementOf(buffer)) + " *const " + name + " = " + address.text);
  p.nameBuffer(buffer, name);
  return true;
}

/// Typed memory in an arena.
static bool view(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::ViewOp>(operation);
  std::string arena = p.bufferName(op.getSource()), type = laneType(elementOf(op));
  std::string shift = p.use(op.getByteShift());
  std::string name = nameInArena(p, op);
  return declare(p, op, p.callHelper("At", {arena, shift}, "<" + type + ">"), name.empty() ? "scratch" : name.c_str());
}

/// Memory of the function's own.
static bool alloca_(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::AllocaOp>(operation);
  std::string name = p.fresh("block");
  p.statement("alignas(64) " + laneType(elementOf(op)) + " " + name + "[" +
              std::to_string(op.getType().getNumElements()) + "]");
  p.nameBuffer(op, name);
  return true;
}

static bool cast_(HighwayPrinter &p, Operation *op) {
  p.nameBuffer(op->getResult(0), p.bufferName(op->getOperand(0)));
  return true;
}

static bool getGlobal(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::GetGlobalOp>(operation);
  p.nameBuffer(op, p.names.nameOfConstant(op.getName()));
  return true;
}

/// An entry's arguments are an array of pointers, not of words.
static bool isArgument(HighwayPrinter &p, memref::LoadOp load) {
  auto buffer = dyn_cast<BlockArgument>(load.getMemRef());
  return p.isEntry() && buffer && buffer.getArgNumber() == 0;
}

static bool pointer(HighwayPrinter &p, Operation *operation) {
  auto op = cast<PointerOp>(operation);
  std::string type = laneType(elementOf(op.getBuffer()));
  // A fixed place in it may be added.
  Value address = op.getAddress();
  auto sum = address.getDefiningOp<arith::AddIOp>();
  Attribute offset;
  if (sum && matchPattern(sum.getRhs(), m_Constant(&offset)))
    address = sum.getLhs();
  auto load = address.getDefiningOp<memref::LoadOp>();
  if (load && isArgument(p, load)) {
    Code argument = p.callHelper("Argument", {p.use(address)}, "<" + type + ">");
    if (offset)
      argument = {argument.text + " + " +
                      std::to_string(cast<IntegerAttr>(offset).getInt() / (laneBits(elementOf(op.getBuffer())) / 8)),
                  Sum};
    return declare(p, op, argument, "scratch");
  }
  return declare(p, op, p.callHelper("Pointer", {p.use(op.getAddress())}, "<" + type + ">"), "training");
}

static bool address(HighwayPrinter &p, Operation *op) {
  p.define(op->getResult(0), p.call("reinterpret_cast<int64_t>", {p.bufferName(op->getOperand(0))}), "address");
  return true;
}

//===--- Reading ----------------------------------------------------------===//

static bool load(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::LoadOp>(operation);
  Value buffer = op.getMemRef(), place = op.getIndices().front();
  p.define(op, {p.element(buffer, place)}, p.symbolOf(op).value_or(p.bufferName(buffer)));
  return true;
}

static bool vectorLoad(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::LoadOp>(operation);
  Value buffer = op.getBase();
  p.define(op, p.call("hn::LoadU", {p.tag(op.getType()), p.pointer(buffer, op.getIndices().front())}),
           p.bufferName(buffer));
  return true;
}

static bool maskedLoad(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::MaskedLoadOp>(operation);
  auto count = p.countOf(op.getMask());
  if (!count || !matchPattern(op.getPassThru(), m_Constant()))
    return false;
  Value buffer = op.getBase();
  p.define(op, p.callHelper("LoadFirst", {p.tag(op.getType()), p.pointer(buffer, op.getIndices().front()), *count}),
           p.bufferName(buffer));
  return true;
}

/// Of places that are one stride apart, the only ones that kernels gather from.
static std::optional<std::string> strideOf(HighwayPrinter &p, Value places) {
  if (auto product = places.getDefiningOp<arith::MulIOp>())
    for (auto [stride, numbers] : {std::pair(product.getLhs(), product.getRhs()), {product.getRhs(), product.getLhs()}})
      if (auto broadcast = stride.getDefiningOp<vector::BroadcastOp>();
          broadcast && matchPattern(numbers, m_Constant()))
        return p.use(broadcast.getSource());
  DenseElementsAttr elements;
  if (!matchPattern(places, m_Constant(&elements)))
    return std::nullopt;
  auto values = llvm::to_vector(elements.getValues<APInt>());
  int64_t stride = values.size() > 1 ? values[1].getSExtValue() : 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i].getSExtValue() != static_cast<int64_t>(i) * stride)
      return std::nullopt;
  return std::to_string(stride);
}

static bool gather(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::GatherOp>(operation);
  auto stride = strideOf(p, op.getIndices());
  auto count = p.countOf(op.getMask());
  if (!stride || !count)
    return false;
  Value buffer = op.getBase();
  std::string tag = p.tag(op.getType()), from = p.pointer(buffer, op.getOffsets().front());
  bool all = *count == std::to_string(op.getVectorType().getNumElements());
  p.define(op.getResult(),
           all ? p.callHelper("LoadStrided", {tag, from, *stride})
               : p.callHelper("LoadStridedFirst", {tag, from, *stride, *count}),
           p.bufferName(buffer));
  return true;
}

static bool prefetch(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::PrefetchOp>(operation);
  p.statement(p.call("hwy::Prefetch", {p.pointer(op.getMemref(), op.getIndices().front())}).text);
  return true;
}

//===--- Writing ----------------------------------------------------------===//

static bool store(HighwayPrinter &p, Operation *operation) {
  auto op = cast<memref::StoreOp>(operation);
  p.flush(op);
  std::string value = p.use(op.getValue());
  p.statement(p.element(op.getMemRef(), op.getIndices().front()) + " = " + value);
  return true;
}

static bool vectorStore(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::StoreOp>(operation);
  p.flush(op);
  std::string value = p.use(op.getValueToStore());
  p.statement(
      p.call("hn::StoreU", {value, p.tag(op.getVectorType()), p.pointer(op.getBase(), op.getIndices().front())}).text);
  return true;
}

static bool maskedStore(HighwayPrinter &p, Operation *operation) {
  auto op = cast<vector::MaskedStoreOp>(operation);
  p.flush(op);
  auto count = p.countOf(op.getMask());
  if (!count)
    return false;
  std::string value = p.use(op.getValueToStore());
  p.statement(p.callHelper("StoreFirst",
                           {value, p.tag(op.getVectorType()), p.pointer(op.getBase(), op.getIndices().front()), *count})
                  .text);
  return true;
}

void rune::addMemoryPrinters(OpPrinters &printers) {
  printers["memref.view"] = view;
  printers["memref.alloca"] = alloca_;
  printers["memref.cast"] = cast_;
  printers["memref.get_global"] = getGlobal;
  printers["memref.extract_aligned_pointer_as_index"] = address;
  printers["memref.load"] = load;
  printers["memref.store"] = store;
  printers["memref.prefetch"] = prefetch;
  printers["rune.pointer"] = pointer;
  printers["vector.load"] = vectorLoad;
  printers["vector.store"] = vectorStore;
  printers["vector.maskedload"] = maskedLoad;
  printers["vector.maskedstore"] = maskedStore;
  printers["vector.gather"] = gather;
}
