// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(reduce-precision))' | FileCheck %s

// Products of f32 wherever they are; those of f64 stay.
// CHECK-LABEL: func @forward
// CHECK: rune.matmul bf16 %{{.*}} : tensor<2x3xf32>, tensor<3x5xf32>
// CHECK: rune.matmul %{{.*}} : tensor<2x3xf64>, tensor<3x5xf64>
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @forward(%x: tensor<2x3xf32>, %y: tensor<3x5xf32>, %p: tensor<2x3xf64>, %q: tensor<3x5xf64>)
      -> (tensor<2x5xf32>, tensor<2x5xf64>) attributes {rune.entry} {
    %0 = rune.matmul %x, %y : tensor<2x3xf32>, tensor<3x5xf32>
    %1 = rune.matmul %p, %q : tensor<2x3xf64>, tensor<3x5xf64>
    return %0, %1 : tensor<2x5xf32>, tensor<2x5xf64>
  }
}
