// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs any pass of the compiler on textual IR.

#include "Codegen/Passes.h"
#include "Codegen/Register.h"
#include "Transforms/Passes.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  rune::registerAllDialects(registry);
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  rune::registerRuneTransformsPasses();
  rune::registerRuneCodegenPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Runestone optimizer driver\n", registry));
}
