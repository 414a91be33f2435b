// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts))' | FileCheck %s

// The exact values stay, row-major and first; panels of pairs lie beside them: 16 columns, two rows of words.
// CHECK: state_bytes = 192
// CHECK: rune.parameter @weight {{.*}} {storages = [#rune.storage<offset = 0, lanes = 0{{[^>]*}}>, #rune.storage<offset = 64, lanes = 16, batch = 1, n = 5, k = 3, batchStride = 0, nStride = 3, kStride = 1, bf16 = true>]}
// CHECK: rune.matmul bf16 %{{.*}} {storage = 1 : i64}
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @weight : tensor<5x3xf32>
  func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x5xf32> attributes {rune.entry} {
    %w = rune.get @weight : tensor<5x3xf32>
    %t = rune.transpose %w [1, 0] : tensor<5x3xf32>
    %0 = rune.matmul bf16 %x, %t : tensor<2x3xf32>, tensor<3x5xf32>
    return %0 : tensor<2x5xf32>
  }
}
