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

def PanelUpdates : Pass<"panel-updates", "::rune::RuneModuleOp"> {
  let summary = "Updates of weights, and their gradients, in the panels that products read";
  let description = [{
    Where a weight [n, k], of which the lanes of a panel divide n, is read by products alone and updated element by
    element, its gradient becomes a `rune.matmul_panels`, and the update works on the panels of the weight and of its
    slots: no row-major copy is kept, and nothing is packed for the forward products after a step.
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

def FuseSiblings : Pass<"fuse-siblings", "::mlir::func::FuncOp"> {
  let summary = "Elementwise ops that read the same tensor at the same places become one op with several results";
  let description = [{
    An optimizer's new moments and parameter are made of one gradient: the three in one loop read each tensor once.
  }];
}

def Bufferize : Pass<"bufferize", "::mlir::ModuleOp"> {
  let summary = "One-shot bufferization: inputs and members are never written, outputs are written in place";
}

def HoistUpdates : Pass<"hoist-updates", "::mlir::func::FuncOp"> {
  let summary = "Members are written as soon as nothing reads their old values any more";
  let description = [{
    What only serves the writing of a member or of a slot (a gradient's product and the optimizer's arithmetic) moves up
    together, behind what makes its operands, the last reading of what it overwrites, and every check. So what the
    backward makes of one layer is in use for a short time, and still in the cache. Functions that run hooks keep their
    order.
  }];
}

def Recompute : Pass<"recompute", "::mlir::ModuleOp"> {
  let summary = "Temporaries made twice instead of kept, until every workspace fits into a budget";
  let description = [{
    Of what the forward makes and the backward reads, some is not kept between the two: the kernels that made it, and
    those that made what they read, are repeated before its first later use, on the same operands, so that no bit of a
    result changes. What goes is chosen by what it takes off the bytes beyond the budget for the time that it costs,
    until the plan of `plan-memory` fits; a remark tells what it costs. Where it cannot fit an error tells the least
    that can be reached; of the pieces of a step beside the whole step that is a warning.
  }];
  let options = [Option<"budget", "budget", "int64_t", "0", "The bytes that a workspace may have; 0: any">,
                 ListOption<"sizes", "sizes", "std::string", "The sizes that the budget is for, as batch=64">];
}

def PlanMemory : Pass<"plan-memory", "::mlir::func::FuncOp"> {
  let summary = "One arena for all temporaries";
  let description = [{
    Each `memref.alloc` becomes a view of the workspace. A temporary's size is a polynomial of the entry's symbols; a
    zone holds those with the same monomial (1, batch, batch·n, …), and offsets are planned within a zone by live
    ranges. The arena's size, Σ zone × monomial, is the function's `rune.workspace`.
  }];
}

def ExpandMath : Pass<"expand-math"> {
  let summary = "Elementary functions as the arithmetic that both back ends print";
  let description = [{
    Replaces exp, exp2, expm1, log, log2, log1p, sin, cos, tanh, erf, powf and rsqrt of the `math` dialect, and remf of
    `arith`, on f32 and f64, on scalars and 1-D vectors. The result is within 2 units in the last place for every
    argument (that of remf exact), with NaN, infinities, -0 and denormals as C defines them. Each lane is computed alike at every width, so the bits do not
    depend on it. What is one instruction stays: absf, ceil, copysign, floor, fma, roundeven, sqrt, trunc.

    What is built: `arith` constant, addf, subf, mulf, divf, negf, cmpf (olt, oeq), select, bitcast, addi, subi, muli,
    andi, ori, xori, shli, shrui, cmpi (eq, slt), `math` absf, copysign, fma, roundeven, sqrt; for sin and cos, whose
    huge arguments take a longer way, also `scf.if` and, on vectors, `vector.reduction <or>` of its condition; for far
    quotients of remf in it `scf.for`. No value is converted between integer and float but by its bits, so nothing is
    out of range.
  }];
  let options = [Option<"splitFma", "split-fma", "bool", "false",
                        "For targets without FMA: build none, and make the ones that are there two operations">,
                 Option<"outline", "outline", "bool", "false",
                        "On a module: a function for each elementary function and type, which its uses call">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def Schedule : Pass<"schedule", "::mlir::ModuleOp"> {
  let summary = "Structured ops as loops over vectors, outlined as kernels";
  let description = [{
    Each structured op becomes a private function over flat buffers, written for the target's vectors; equal ones are
    shared. An entry becomes a `rune_kernel`: it finds its buffers and calls the kernels in order.
  }];
  let options = [Option<"targetCpu", "target-cpu", "std::string", "\"native\"", "The processor to schedule for">,
                 Option<"threads", "threads", "bool", "true",
                        "Kernels split their work between threads where there is enough of it">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
      "::mlir::vector::VectorDialect"];
}

def LoopsToLLVM : Pass<"loops-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Loops over flat buffers as LLVM's dialect, a buffer being a bare pointer";
  let description = [{
    Buffers are `memref<?xT>` made by arguments, `rune.pointer`, `memref.view` of bytes and `memref.get_global`; each
    is one pointer and no descriptor. Vectors are loaded and stored with the alignment of one element.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
                           "::mlir::cf::ControlFlowDialect", "::mlir::scf::SCFDialect"];
}

#endif // RUNE_CODEGEN_PASSES_TD
