// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Interpreter/Interpreter.h"

#include "rune/table.h"

using namespace mlir;
using namespace rune;
using namespace rune::interpreter;

int64_t Interpreter::evaluate(const DimExpr &dim) const {
  return dim.substitute([&](StringRef name) { return DimExpr(symbols.at(name.str())); }).getConstant();
}

Shape Interpreter::evaluate(ArrayRef<DimExpr> dims) const {
  Shape shape;
  for (const DimExpr &dim : dims)
    shape.push_back(evaluate(dim));
  return shape;
}

/// The ops that a result or an effect needs.
static llvm::DenseSet<Operation *> neededOps(Block &block) {
  llvm::DenseSet<Operation *> needed;
  for (Operation &op : llvm::reverse(block)) {
    bool used = llvm::any_of(op.getUsers(), [&](Operation *user) { return needed.contains(user); });
    if (used || op.hasTrait<OpTrait::IsTerminator>() || !isMemoryEffectFree(&op))
      needed.insert(&op);
  }
  return needed;
}

FailureOr<Outcome> Interpreter::call(func::FuncOp function, ArrayRef<Tensor> inputs) {
  Values values;
  Outcome outcome;
  Block &block = function.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), inputs))
    values[argument] = input;
  auto needed = neededOps(block);
  int32_t checks = 0;
  for (Operation &op : block.without_terminator()) {
    if (needed.contains(&op) && failed(execute(&op, values, outcome.status)))
      return failure();
    if (outcome.status == RUNE_CHECK_FAILED)
      outcome.status += checks;
    if (outcome.status != RUNE_OK)
      return outcome;
    checks += isa<CheckOp>(op);
  }
  for (Value result : block.getTerminator()->getOperands())
    outcome.results.push_back(values[result]);
  return outcome;
}

LogicalResult Interpreter::execute(Operation *op, Values &values, int32_t &status) {
  if (auto call = dyn_cast<CallOp>(op))
    return executeCall(call, values, status);
  if (auto check = dyn_cast<CheckOp>(op)) {
    if (!values[check.getCondition()].elements[0].integer)
      status = RUNE_CHECK_FAILED;
    return success();
  }
  if (auto hook = dyn_cast<HookOp>(op)) {
    for (auto [tensor, result] : llvm::zip_equal(hook.getTensors(), hook.getResults()))
      values[result] = Tensor(values[tensor]);
    return success();
  }
  SmallVector<const Tensor *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(&values[operand]);
  if (std::vector<Tensor> several = evaluateAttention(op, operands); !several.empty()) {
    for (auto [value, tensor] : llvm::zip(op->getResults(), several))
      values[value] = std::move(tensor);
    return success();
  }
  std::optional<Tensor> result;
  if (auto get = dyn_cast<GetOp>(op)) {
    auto value = member(get);
    if (failed(value))
      return failure();
    result = *value;
  }
  if (!result)
    result = evaluateElementwise(op, operands);
  if (!result)
    result = evaluateMove(op, operands, *this, status);
  if (!result)
    result = evaluateSum(op, operands);
  if (!result)
    return op->emitOpError("has no meaning for the interpreter");
  values[op->getResult(0)] = std::move(*result);
  return success();
}

LogicalResult Interpreter::executeCall(CallOp op, Values &values, int32_t &status) {
  auto function = cast<func::FuncOp>(SymbolTable::lookupNearestSymbolFrom(op, op.getCalleeAttr()));
  std::vector<Tensor> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(values[input]);
  auto outcome = call(function, inputs);
  if (failed(outcome))
    return failure();
  status = outcome->status;
  for (auto [value, result] : llvm::zip(op.getOutputs(), outcome->results))
    values[value] = result;
  return success();
}

FailureOr<Tensor> Interpreter::member(GetOp op) {
  StringRef name = op.getMember();
  if (auto parameter = dyn_cast_or_null<ParameterOp>(SymbolTable::lookupNearestSymbolFrom(op, op.getMemberAttr())))
    if (auto alias = parameter.getAlias())
      name = *alias;
  auto known = members.find(name.str());
  if (known == members.end())
    return op.emitOpError("reads a member without a value");
  return known->second;
}
