// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_INTERPRETER_PASSES_TD
#define RUNE_INTERPRETER_PASSES_TD

include "mlir/Pass/PassBase.td"

def Interpret : Pass<"interpret"> {
  let summary = "Puts the results of functions without arguments in the place of their bodies";
  let description = [{
    A developer's tool: the interpreter that the code generator is held against, on functions of constants. A function
    that fails its call becomes an error.
  }];
}

#endif // RUNE_INTERPRETER_PASSES_TD
