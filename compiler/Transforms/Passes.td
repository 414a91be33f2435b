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
    keeps its place in the spec and gets the path of the module that it came from (`scope`). With `hooks`, every entry
    gets a second function, `<entry>.hooked`, in which the boundaries of submodules stay as `rune.hook` ops, and so do
    the functions of training that call the model. The runtime runs the model's own hooks around an entry; in training
    the model is a module like the others.
  }];
  let options = [Option<"hooks", "hooks", "bool", "false", "Add hooked variants">];
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
    Exact rules: folds of shape ops, casts and selects on constants; identities that keep −0 and NaN (`x * 1`, `x / 1`,
    `x - 0`); common subexpressions; dead code; a check that is always true; division by a power of two as a product;
    what lies beside each other with zeros around, summed, as a concatenation.

    One rule changes rounding, and the hooked variant does without it: a batch norm in evaluation joins the bias before
    it, `(x + b − mean) / sqrt(var + eps) · weight + beta` being `x · scale + shift` with scale and shift of a bias's
    size, which then become the epilogue of the product that makes x. Such a b is warned about: it is redundant. With
    `exact` no function gets it, so that the fused variant has the bits of the hooked one.
  }];
  let options = [Option<"exact", "exact", "bool", "false", "Only the rules that change no bit">];
}

def FuseAttention : Pass<"fuse-attention", "::rune::RuneModuleOp"> {
  let summary = "rune.attention in the place of softmax(scale · q kᵀ) v";
  let description = [{
    Finds the product of a softmax over the last dimension with a matrix, its scores being a product that may be scaled
    and, where the row is before the key, masked. What lies between must have no other use, and the inner dimensions
    are constants of at most 256. A function that differentiates a gradient keeps its ops: attention has a first
    derivative only. It rounds otherwise than the ops, as it sums block by block, and divides once at the end.
  }];
}

def Autodiff : Pass<"autodiff", "::rune::RuneModuleOp"> {
  let summary = "The ops of each gradient in the place of `rune.grad`";
  let description = [{
    Reverse mode. Only ops between an x and a y get a gradient, and only for the operands that lead to an x; what is not
    reached is zero, and the updates (`rune.set … updates`) of a parameter that no y depends on are left out, as
    optimizers leave out parameters without a gradient. Gradients of inner functions come first: an outer one
    differentiates their ops like any others. Where the forward leaves a module (a `rune.hook` after it) the gradient
    enters it, and backward hooks run there and where it leaves again, in PyTorch's order.

    Values of the forward that the gradient reads are kept, not computed again: `fuse` repeats what is cheaper to do
    again than to read. In a function split in two (`split-backward`) the first returns what the second needs.
  }];
}

def ReducePrecision : Pass<"reduce-precision", "::rune::RuneModuleOp"> {
  let summary = "Matrix products of f32 as products of bfloat16 with sums in f32";
  let description = [{
    Marks every `rune.matmul` of f32, of the forward and of the gradients, with `bf16`. Members stay f32: what products
    read of them is a rounded copy, which `choose-layouts` lays out, so that an optimizer updates master weights. What
    lies inside of `rune.attention` stays f32.
  }];
}

def SplitBackward : Pass<"split-backward", "::rune::RuneModuleOp"> {
  let summary = "A function that computes a loss and gradients becomes two: `loss` and `backward`";
  let description = [{
    The first returns, beside the loss, what the second reads of it (`saved.0`, …). Kept is what is dear: a value is
    computed again where it is the reading of a member, a constant, another shape of something else (a broadcast, a
    transposition, a reshape), or a comparison, cast or negation of what is there anyway.
  }];
}

#endif // RUNE_TRANSFORMS_PASSES_TD
