// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_TRANSFORMS_PASSES_TD
#define RUNE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def RegisterParameters : Pass<"register-parameters", "::rune::RuneModuleOp"> {
  let summary = "Puts submodules and members in the order of nn.Module and resolves ties";
  let description = [{
    Walks the tree as `torch.nn.Module` does: a module's own parameters, its own buffers, what it merely holds, then
    its children in the order of registration. A `rune.tie` becomes the `alias` of the later name, and steps of
    initialisation that drew into what it gave up become `discarded`; those after it go to the shared storage.
  }];
}

def InlineModules : Pass<"inline-modules", "::rune::RuneModuleOp"> {
  let summary = "One function for each entry point and each computed initial value";
  let description = [{
    Replaces every `rune.call` by the body it calls and drops the private functions that nothing needs any more. An op
    keeps its place in the spec and gets the path of the module that it came from (`scope`). With `hooks`, module
    boundaries become `rune.hook` ops.
  }];
  let options = [Option<"hooks", "hooks", "bool", "false", "Keep module boundaries as rune.hook">];
}

def InferShapes : Pass<"infer-shapes", "::rune::RuneModuleOp"> {
  let summary = "Recomputes every result type from the operands' by the shape rules";
  let description = [{
    After inlining, types are as precise as the entry's; a function's result types follow its `return`.
  }];
}

def Simplify : Pass<"simplify", "::rune::RuneModuleOp"> {
  let summary = "Algebra that changes no result beyond rounding";
  let description = [{
    Exact rules (always): folds of shape ops, casts and selects on constants; `x + 0`-like identities that keep −0 and
    NaN (`x * 1`, `x / 1`, `x - 0`); transposes moved into the matmul that reads them; common subexpressions; dead
    code; a call-time check that is always true.

    Rules that change rounding (not with `exact`): division by a constant power of two stays exact and is a
    multiplication; a batch norm in evaluation, `(x − mean) / sqrt(var + eps) · weight + bias` over a matmul whose
    right side is a parameter, is folded into that matmul's weight and bias, computed once when parameters are set.
  }];
  let options = [Option<"exact", "exact", "bool", "false", "Only rules that keep every bit">];
}

#endif // RUNE_TRANSFORMS_PASSES_TD
