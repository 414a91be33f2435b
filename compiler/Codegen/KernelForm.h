// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a structured op's kernel depends on, as text: ops of one form share a kernel, which is written once.

#ifndef RUNE_CODEGEN_KERNELFORM_H
#define RUNE_CODEGEN_KERNELFORM_H

#include "Codegen/Kernel.h"

namespace rune {

/// A kernel, and where its arguments come from in any op of its form.
struct WrittenKernel {
  struct Source {
    enum Kind { Buffer, Symbol, Scalar, Arena } kind;
    size_t place = 0;   // among the form's roots or values; of an arena, the function's argument
    std::string symbol; // or the name of one
    Root root;          // in an arena: all but its value
  };
  mlir::func::FuncOp kernel;
  std::vector<Source> sources;
};

class KernelForm {
public:
  /// Nothing where an operand's memory is not known. `neutral`: a reduction that overwrites its destination.
  static std::optional<KernelForm> of(mlir::Operation *op, bool neutral, const SymbolicIndex &symbols);

  std::string key;

  /// The kernel's sources; nothing where an argument is none of the op's own.
  std::optional<WrittenKernel> written(mlir::func::FuncOp kernel, llvm::ArrayRef<Kernel::Argument> arguments) const;
  llvm::SmallVector<Kernel::Argument> argumentsOf(const WrittenKernel &kernel, mlir::func::FuncOp caller) const;

private:
  bool addValue(mlir::Value value, const SymbolicIndex &symbols, llvm::raw_ostream &os);

  std::vector<Root> roots;         // each once
  std::vector<mlir::Value> values; // operands, and what the region takes from outside
};

} // namespace rune

#endif // RUNE_CODEGEN_KERNELFORM_H
