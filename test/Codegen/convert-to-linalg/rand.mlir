// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts),convert-to-linalg)' | FileCheck %s
//
// Ten rounds of Philox for each element, on its own counter: no op draws in the order of another. 24 bits become a
// number below 1.

// CHECK-LABEL: func.func @draw
// CHECK: linalg.generic
// CHECK-DAG: linalg.index 0
// CHECK-DAG: linalg.index 1
// CHECK-COUNT-10: arith.constant 3528531795 : i64
// CHECK-NOT: arith.constant 3528531795
// CHECK: linalg.yield
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @draw() -> tensor<3x5xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.rand 2 : tensor<3x5xf32>
    return %0 : tensor<3x5xf32>
  }
}
