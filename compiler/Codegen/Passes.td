// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_CODEGEN_PASSES_TD
#define RUNE_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"expand-math"> {
  let summary = "Elementary functions as the arithmetic that both back ends print";
  let description = [{
    Replaces exp, exp2, expm1, log, log2, log1p, sin, cos, tanh, erf, powf and rsqrt of the `math` dialect, on f32 and
    f64, on scalars and 1-D vectors. The result is within 2 units in the last place for every argument, with NaN,
    infinities, -0 and denormals as C defines them. Each lane is computed alike at every width, so the bits do not
    depend on it. What is one instruction stays: absf, ceil, copysign, floor, fma, roundeven, sqrt, trunc.

    What is built: `arith` constant, addf, subf, mulf, divf, negf, cmpf (olt, oeq), select, bitcast, addi, subi, muli,
    andi, ori, xori, shli, shrui, cmpi (eq, slt), `math` absf, copysign, fma, roundeven, sqrt; for sin and cos, whose
    huge arguments take a longer way, also `scf.if` and, on vectors, `vector.reduction <or>` of its condition. No value
    is converted between integer and float but by its bits, so nothing is out of range.
  }];
  let options = [Option<"splitFma", "split-fma", "bool", "false",
                        "For targets without FMA: build none, and make the ones that are there two operations">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // RUNE_CODEGEN_PASSES_TD
