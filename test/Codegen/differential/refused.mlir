// RUN: not rune-differential %s | FileCheck %s
//
// The comparison sees what it is there for.

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"

  // Rounded sums need a tolerance.
  // CHECK: inexact: {{.*}}: output 0, element {{[0-9]+}}: expected
  func.func @inexact(%x: tensor<33xf32>) -> tensor<33xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.exp %x : tensor<33xf32>
    %1 = rune.log1p %0 : tensor<33xf32>
    %2 = rune.exp %1 : tensor<33xf32>
    return %2 : tensor<33xf32>
  }

  // CHECK: rows_meet: {{.*}} alone has other bits
  func.func @rows_meet(%x: tensor<?x3xf32, #rune.dims<[b, 3]>>) -> tensor<?x3xf32, #rune.dims<[b, 3]>>
      attributes {rune.entry, rune.symbols = ["b"], differential.rows} {
    %0 = rune.reduce_sum %x [0] : tensor<?x3xf32, #rune.dims<[b, 3]>>
    %1 = rune.broadcast %0 : tensor<3xf32> to tensor<?x3xf32, #rune.dims<[b, 3]>>
    return %1 : tensor<?x3xf32, #rune.dims<[b, 3]>>
  }

  // CHECK: 2 entries, 2 failures
}
