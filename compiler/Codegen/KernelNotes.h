// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a reader of generated code wants to know of a kernel: what it is for, in the spec's own names.

#ifndef RUNE_CODEGEN_KERNELNOTES_H
#define RUNE_CODEGEN_KERNELNOTES_H

#include "Codegen/Kernel.h"
#include "Dialect/RuneDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace rune {

/// Names of what lies in the arenas, and lines of the modules.
class ModelNames {
public:
  explicit ModelNames(mlir::ModuleOp module);

  /// The member ("fc1.weight") or slot ("exp_avg") at a place in the state or training arena; "" where none begins.
  std::string member(const DimExpr &bytes) const { return find(members, bytes); }
  std::string slot(const DimExpr &bytes) const { return find(slots, bytes); }
  /// Where the specification names the module; null where that is not known.
  mlir::FileLineColLoc placeOf(llvm::StringRef scope) const { return places.lookup(scope); }

private:
  static std::string find(const std::map<int64_t, std::string> &names, const DimExpr &bytes);

  std::map<int64_t, std::string> members, slots;
  llvm::StringMap<mlir::FileLineColLoc> places;
};

/// "fc1_act", "fc1_dweight", "loss_reduce": from the modules and primitives that the structured op was fused from.
std::string nameKernel(mlir::Operation *op);

/// What a structured op computes, by module and primitive: "fc1: matmul, add; act: select"; and where the spec says so:
/// "digits_mlp.yaml:11, 12; nn/linear.yaml:11".
struct Purpose {
  std::string does, where;
};
Purpose purposeOf(mlir::Operation *op, const ModelNames &names);

/// Gives the kernel its notes: `rune.notes`, lines of text, and `rune.name` for each argument. `argumentNames` are
/// those of the entry that first calls it, "" where there is none.
void noteKernel(mlir::func::FuncOp kernel, mlir::Operation *op, const ModelNames &names,
                llvm::ArrayRef<std::string> argumentNames, llvm::ArrayRef<std::string> shapes);

} // namespace rune

#endif // RUNE_CODEGEN_KERNELNOTES_H
