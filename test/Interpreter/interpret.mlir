// RUN: rune-opt %s --interpret --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @values
// CHECK-DAG: dense<[1.000000e+00, 7.38905{{[0-9]*}}]> : tensor<2xf64>
// CHECK-DAG: dense<{{\[}}[2.000000e+00, 1.000000e+00], [4.000000e+00, 3.000000e+00]]> : tensor<2x2xf32>
// CHECK-DAG: dense<[4.000000e+00, 0.000000e+00, 2.000000e+00]> : tensor<3xf32>
rune.module @Net dtype f32 {
  func.func @values() -> (tensor<2xf64>, tensor<2x2xf32>, tensor<3xf32>) {
    %x = rune.constant dense<[0.0, 2.0]> : tensor<2xf64>
    %0 = rune.exp %x : tensor<2xf64>
    %a = rune.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %b = rune.constant dense<[[0.0, 1.0], [1.0, 0.0]]> : tensor<2x2xf32>
    %1 = rune.matmul %a, %b : tensor<2x2xf32>, tensor<2x2xf32>
    %zeros = rune.constant dense<0.0> : tensor<3xf32>
    %places = rune.constant dense<[0, -1, 0]> : tensor<3xi64>
    %numbers = rune.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
    %2 = rune.scatter_add %zeros, %places, %numbers dim 0 : tensor<3xf32>, tensor<3xi64>, tensor<3xf32>
    return %0, %1, %2 : tensor<2xf64>, tensor<2x2xf32>, tensor<3xf32>
  }
}

// -----

rune.module @Net dtype f32 {
  func.func @gradient() -> tensor<f32> {
    %x = rune.constant dense<2.0> : tensor<f32>
    %0 = rune.exp %x : tensor<f32>
    // expected-error @+1 {{has no meaning for the interpreter}}
    %1 = rune.grad %0 by %x : tensor<f32> by tensor<f32> -> tensor<f32>
    return %1 : tensor<f32>
  }
}
