// RUN: rune-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(rune.module(infer-shapes))' | FileCheck %s

// Types are inferred again from the arguments on, results of the function included.
// CHECK-LABEL: func @forward
// CHECK-SAME: -> tensor<?x5xf32, #rune.dims<[n, 5]>>
// CHECK: rune.matmul %arg0, %arg1 : tensor<?x4xf32, #rune.dims<[n, 4]>>, tensor<4x5xf32>
// CHECK-NEXT: %[[H:.*]] = rune.hook {{.*}} : (tensor<?x5xf32, #rune.dims<[n, 5]>>)
// CHECK-NEXT: rune.exp %[[H]] : tensor<?x5xf32, #rune.dims<[n, 5]>>
// CHECK-NEXT: return
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @forward(%x: tensor<?x4xf32, #rune.dims<[n, 4]>>, %w: tensor<4x5xf32>) -> tensor<?x5xf32, #rune.dims<[n, 5]>> {
    %0 = rune.matmul %x, %w : tensor<?x4xf32, #rune.dims<[n, 4]>>, tensor<4x5xf32>
    %1 = rune.hook @"." pre inputs 1(%0) : (tensor<?x5xf32, #rune.dims<[n, 5]>>) -> tensor<?x5xf32, #rune.dims<[n, 5]>>
    %2 = rune.exp %1 : tensor<?x5xf32, #rune.dims<[n, 5]>>
    return %2 : tensor<?x5xf32, #rune.dims<[n, 5]>>
  }
}
