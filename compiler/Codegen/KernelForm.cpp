// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/KernelForm.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace rune;

bool KernelForm::addValue(Value value, const SymbolicIndex &symbols, llvm::raw_ostream &os) {
  values.push_back(value);
  os << '|' << value.getType();
  if (isa<MemRefType>(value.getType())) {
    auto view = resolveView(value, symbols);
    if (!view)
      return false;
    auto known = llvm::find(roots, view->root);
    os << " root " << known - roots.begin() << ' ' << view->root.element << " + " << view->offset.str();
    if (known == roots.end())
      roots.push_back(view->root);
    for (auto [size, stride] : llvm::zip(view->sizes, view->strides))
      os << ", " << size.str() << " by " << stride.str();
    return true;
  }
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    os << ' ' << constant;
  else if (value.getType().isIndex())
    if (auto dim = symbols.toDim(value))
      os << ' ' << dim->str();
  return true;
}

std::optional<KernelForm> KernelForm::of(Operation *op, bool neutral, const SymbolicIndex &symbols) {
  KernelForm form;
  llvm::raw_string_ostream os(form.key);
  os << op->getName() << (neutral ? " overwrites " : " ") << op->getPropertiesAsAttribute();
  for (Value operand : op->getOperands())
    if (!form.addValue(operand, symbols, os))
      return std::nullopt;
  // The region by the numbers of its values.
  llvm::DenseMap<Value, size_t> numbers;
  auto numberOf = [&](Value value) {
    auto [it, inserted] = numbers.try_emplace(value, numbers.size());
    return std::pair(it->second, inserted);
  };
  bool known = true;
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      for (BlockArgument argument : block.getArguments())
        os << " ^" << numberOf(argument).first << argument.getType();
      for (Operation &inner : block) {
        if (inner.getNumRegions())
          return std::nullopt;
        os << '\n' << inner.getName() << inner.getDiscardableAttrDictionary() << inner.getPropertiesAsAttribute();
        for (Value operand : inner.getOperands()) {
          auto [number, outside] = numberOf(operand);
          os << ' ' << number;
          if (outside)
            known &= form.addValue(operand, symbols, os);
        }
        for (Value result : inner.getResults())
          os << " -> " << numberOf(result).first << result.getType();
      }
    }
  os.flush();
  return known ? std::optional(std::move(form)) : std::nullopt;
}

std::optional<WrittenKernel> KernelForm::written(func::FuncOp kernel, ArrayRef<Kernel::Argument> arguments) const {
  WrittenKernel result{kernel, {}};
  for (const Kernel::Argument &argument : arguments) {
    if (auto *root = std::get_if<Root>(&argument)) {
      auto place = llvm::find(roots, *root);
      auto arena = dyn_cast<BlockArgument>(root->value);
      if (place != roots.end())
        result.sources.push_back({WrittenKernel::Source::Buffer, static_cast<size_t>(place - roots.begin()), "", {}});
      else if (root->arena && arena)
        result.sources.push_back({WrittenKernel::Source::Arena, arena.getArgNumber(), "", *root});
      else
        return std::nullopt;
    } else if (auto *symbol = std::get_if<std::string>(&argument)) {
      result.sources.push_back({WrittenKernel::Source::Symbol, 0, *symbol, {}});
    } else {
      auto place = llvm::find(values, std::get<Value>(argument));
      if (place == values.end())
        return std::nullopt;
      result.sources.push_back({WrittenKernel::Source::Scalar, static_cast<size_t>(place - values.begin()), "", {}});
    }
  }
  return result;
}

SmallVector<Kernel::Argument> KernelForm::argumentsOf(const WrittenKernel &kernel, func::FuncOp caller) const {
  SmallVector<Kernel::Argument> arguments;
  for (const WrittenKernel::Source &source : kernel.sources) {
    switch (source.kind) {
    case WrittenKernel::Source::Buffer:
      arguments.push_back(roots[source.place]);
      break;
    case WrittenKernel::Source::Symbol:
      arguments.push_back(source.symbol);
      break;
    case WrittenKernel::Source::Scalar:
      arguments.push_back(values[source.place]);
      break;
    case WrittenKernel::Source::Arena: {
      Root root = source.root;
      root.value = caller.getArgument(source.place);
      arguments.push_back(root);
      break;
    }
    }
  }
  return arguments;
}
