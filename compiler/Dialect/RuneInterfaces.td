// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a primitive has to say of itself beyond its shape rule. The lowerings are external models, so that the dialect
// does not depend on code generation.

#ifndef RUNE_INTERFACES_TD
#define RUNE_INTERFACES_TD

include "mlir/IR/OpBase.td"

def LinalgLowerableOpInterface : OpInterface<"LinalgLowerableOpInterface"> {
  let cppNamespace = "::rune";
  let description = "An op that `convert-to-linalg` can express in structured ops on tensors.";
  let methods = [
    InterfaceMethod<"Emits the op's meaning and maps its results (`lowering.map`).", "void", "lowerToLinalg",
                    (ins "::rune::LinalgLowering &":$lowering)>
  ];
}

def ScalarOpInterface : OpInterface<"ScalarOpInterface"> {
  let cppNamespace = "::rune";
  let description = "An elementwise op, by what it does to one element: all of them share one lowering.";
  let methods = [
    InterfaceMethod<"The result for one element of each operand; booleans are i1 here.", "::mlir::Value", "lowerScalar",
                    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$scalars)>
  ];
}

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::rune";
  let description = [{
    An op that reverse mode passes through. An op without it has no gradient, and none of its results may stand between
    a function and what it is differentiated by; an op whose gradient is zero everywhere has the interface and gives
    nothing.
  }];
  let methods = [
    InterfaceMethod<[{
      The vector-Jacobian products: `gradients.cotangent(i)` is the gradient of the i-th result, null where it is zero,
      and `gradients.add(i, value)` gives the share of the i-th operand, which has its type. Only those operands count
      for which `gradients.needs(i)`. What is emitted are ops of this dialect, so that the gradient can be
      differentiated in turn.
    }], "void", "vjp", (ins "::rune::OpGradients &":$gradients)>
  ];
}

#endif // RUNE_INTERFACES_TD
