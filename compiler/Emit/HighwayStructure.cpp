// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops, branches and calls. Values that a loop carries are variables, which it changes at the end of each round.

#include "Emit/HighwayPrinter.h"

#include "Emit/HighwayPrelude.h"
#include "Emit/SourceTables.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

/// Declares a variable for each value that a structure yields.
static std::vector<std::string> declareVariables(HighwayPrinter &p, ValueRange values, ValueRange starts,
                                                 const char *hint) {
  std::vector<std::string> names;
  for (auto [value, start] : llvm::zip(values, starts)) {
    names.push_back(p.fresh(hint));
    std::string text = p.use(start);
    p.statement((isa<VectorType>(value.getType()) ? "auto " : laneType(value.getType()) + " ") + names.back() + " = " +
                text);
  }
  return names;
}

static bool forLoop(HighwayPrinter &p, Operation *operation) {
  auto op = cast<scf::ForOp>(operation);
  p.flush(op);
  for (Value carried : op.getResults())
    if (auto vector = dyn_cast<VectorType>(carried.getType()); vector && vector.getElementType().isInteger(1))
      return false;
  std::vector<std::string> variables = declareVariables(p, op.getResults(), op.getInitArgs(), "sum");
  for (auto [name, argument, result] : llvm::zip(variables, op.getRegionIterArgs(), op.getResults())) {
    p.nameVariable(argument, name);
    p.nameVariable(result, name);
  }
  std::string from = p.use(op.getLowerBound()), to = p.use(op.getUpperBound(), Shift), step = p.use(op.getStep());
  std::string iv = p.induction(op.getInductionVar());
  p.openBlock("for (int64_t " + iv + " = " + from + "; " + iv + " < " + to + "; " +
              (step == "1" ? "++" + iv : iv + " += " + step) + ")");
  if (failed(p.printBlock(*op.getBody())))
    return false;
  p.assign(variables, op.getBody()->getTerminator()->getOperands());
  p.closeBlock();
  p.endLoopVariable();
  return true;
}

static bool ifThen(HighwayPrinter &p, Operation *operation) {
  auto op = cast<scf::IfOp>(operation);
  p.flush(op);
  auto yields = [](Region &region) {
    return region.empty() ? ValueRange() : ValueRange(region.front().getTerminator()->getOperands());
  };
  std::vector<std::string> variables;
  // Where the one branch computes nothing, its values are what the variables begin with.
  bool simpleElse = op.getNumResults() && op.elseBlock()->without_terminator().empty();
  if (simpleElse) {
    variables = declareVariables(p, op.getResults(), yields(op.getElseRegion()), "result");
  } else {
    for (Value result : op.getResults()) {
      variables.push_back(p.fresh("result"));
      p.statement(p.typeOf(result.getType()) + " " + variables.back());
    }
  }
  p.openBlock("if (" + p.use(op.getCondition()) + ")");
  if (failed(p.printBlock(*op.thenBlock())))
    return false;
  p.assign(variables, yields(op.getThenRegion()));
  if (!simpleElse && op.elseBlock() && !(op.elseBlock()->without_terminator().empty() && op.getNumResults() == 0)) {
    p.elseBlock();
    if (failed(p.printBlock(*op.elseBlock())))
      return false;
    p.assign(variables, yields(op.getElseRegion()));
  }
  p.closeBlock();
  for (auto [name, result] : llvm::zip(variables, op.getResults()))
    p.nameVariable(result, name);
  return true;
}

static bool call(HighwayPrinter &p, Operation *operation) {
  auto op = cast<func::CallOp>(operation);
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
  bool hooks = op.getCallee() == "rune_run_hooks", math = callee && callee->hasAttr("rune.math");
  if (!math)
    p.flush(op);
  std::vector<std::string> arguments;
  for (Value operand : op.getOperands())
    arguments.push_back(isa<MemRefType>(operand.getType()) ? p.bufferName(operand) : p.use(operand));
  if (hooks) {
    arguments[2] = "reinterpret_cast<void *const *>(" + arguments[2] + ")";
    p.defineNow(op.getResult(0), p.call("rune_run_hooks", arguments), "failure");
    return true;
  }
  Code code = p.call(p.names.nameOf(callee), arguments);
  if (op.getNumResults() == 0)
    p.statement(code.text);
  else
    p.define(op.getResult(0), code, callee->getAttrOfType<StringAttr>("rune.math").getValue().str() + "_x");
  return true;
}

static bool parallel(HighwayPrinter &p, Operation *operation) {
  auto op = cast<ParallelOp>(operation);
  p.flush(op);
  std::vector<std::string> arguments;
  for (Value operand : op->getOperands().drop_back())
    arguments.push_back(isa<MemRefType>(operand.getType()) ? p.bufferName(operand) : p.use(operand));
  arguments.insert(arguments.end(), {"begin", "end"});
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
  std::string part = p.fresh("part"), head = "const auto " + part + " = [=](int64_t begin, int64_t end)";
  Code code = p.call(p.names.nameOf(callee), arguments);
  if (std::string line = head + " { " + code.text + "; };"; line.size() + p.depth() * 2 <= 120) {
    p.statement(line.substr(0, line.size() - 1));
  } else {
    p.openBlock(head);
    p.statement(code.text);
    p.closeBlock(";");
  }
  p.statement(p.callHelper("Parallel", {p.use(op.getCount()), part}).text);
  return true;
}

/// Without a library, a comment.
static bool trace(HighwayPrinter &p, Operation *operation) {
  auto op = cast<TraceOp>(operation);
  if (p.names.freestanding) {
    p.comment((op.getDoes() + " (" + op.getWhere() + ")").str());
    return true;
  }
  StringRef entry = op->getParentOfType<func::FuncOp>().getName();
  std::vector<std::string> arguments;
  for (StringRef text : {entry, op.getKernel(), op.getDoes(), op.getWhere()}) {
    // What fits on a line.
    constexpr size_t most = 90;
    arguments.push_back(quoted(text.size() <= most ? text.str() : text.take_front(most - 4).rtrim().str() + " ..."));
  }
  p.statement(p.callHelper("Trace", arguments).text);
  return true;
}

static bool traceEnd(HighwayPrinter &p, Operation *) {
  if (!p.names.freestanding)
    p.statement(p.callHelper("TraceEnd", {}).text);
  return true;
}

static bool yield(HighwayPrinter &, Operation *) { return true; }

void rune::addStructurePrinters(OpPrinters &printers) {
  printers["scf.for"] = forLoop;
  printers["scf.if"] = ifThen;
  printers["scf.yield"] = yield;
  printers["func.call"] = call;
  printers["rune.parallel"] = parallel;
  printers["rune.trace"] = trace;
  printers["rune.trace_end"] = traceEnd;
}
