// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_PASSES_TD
#define RUNE_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def ChooseLayouts : Pass<"choose-layouts", "::rune::RuneModuleOp"> {
  let summary = "Decides how every member lies in the state arena";
  let description = [{
    A member that is the right side of matrix products is kept as panels (`#rune.storage`), as many ways as its uses
    ask for; row-major too where anything else reads it. Products get the number of the `storage` that they read.
  }];
}

def ConvertToLinalg : Pass<"convert-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Functions of the rune module as structured ops on tensors, beside it";
  let description = [{
    Each function moves out of `rune.module` and gets the state, workspace and context arenas, its inputs and outputs
    as memrefs, and its symbols as `index` arguments. Encodings go, sizes become arithmetic on the symbols, booleans
    become bytes.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
      "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
      "::mlir::tensor::TensorDialect"];
}

def Fuse : Pass<"fuse", "::mlir::func::FuncOp"> {
  let summary = "Fuses elementwise chains, and what follows a matrix product into its epilogue";
  let description = [{
    Upstream's fusion of elementwise ops, where the producer has one use or is cheap enough to do again; then each
    elementwise op that alone reads a `rune.contract` at the places it writes joins its epilogue.
  }];
}

def Bufferize : Pass<"bufferize", "::mlir::ModuleOp"> {
  let summary = "One-shot bufferization: inputs and members are never written, outputs are written in place";
}

def PlanMemory : Pass<"plan-memory", "::mlir::func::FuncOp"> {
  let summary = "One arena for all temporaries";
  let description = [{
    Each `memref.alloc` becomes a view of the workspace. A temporary's size is a polynomial of the entry's symbols; a
    zone holds those with the same monomial (1, batch, batch·n, …), and offsets are planned within a zone by live
    ranges. The arena's size, Σ zone × monomial, is the function's `rune.workspace`.
  }];
}

#endif // RUNE_CODEGEN_PASSES_TD
