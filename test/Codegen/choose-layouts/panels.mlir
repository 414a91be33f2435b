// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts))' | FileCheck %s

// Panels for the products; row-major too for what reads @both otherwise; @bias has no product.
// CHECK: state_bytes = {{[0-9]+}}
// CHECK: rune.parameter @weight {{.*}} {storages = [#rune.storage<offset = 0, lanes = [[LANES:16]], batch = 1, n = 5, k = 3, batchStride = 0, nStride = 3, kStride = 1>]}
// CHECK: rune.parameter @both {{.*}} {storages = [#rune.storage<{{.*}}lanes = 0{{.*}}>, #rune.storage<{{.*}}lanes = [[LANES]]{{.*}}>]}
// CHECK: rune.parameter @bias {{.*}} {storages = [#rune.storage<{{.*}}lanes = 0{{.*}}>]}
// CHECK: rune.matmul %{{.*}} {storage = 0 : i64}
// CHECK: rune.matmul %{{.*}} {storage = 1 : i64}
// What is computed has no storage.
// CHECK-LABEL: func @computed
// CHECK-NOT: storage
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @weight : tensor<5x3xf32>
  rune.parameter @both : tensor<5x3xf32>
  rune.parameter @bias : tensor<5xf32>
  func.func @forward(%x: tensor<2x3xf32>) -> (tensor<2x5xf32>, tensor<2x3xf32>, tensor<5x3xf32>) attributes {rune.entry} {
    %w = rune.get @weight : tensor<5x3xf32>
    %t = rune.transpose %w [1, 0] : tensor<5x3xf32>
    %0 = rune.matmul %x, %t : tensor<2x3xf32>, tensor<3x5xf32>
    %b = rune.get @bias : tensor<5xf32>
    %1 = rune.broadcast %b : tensor<5xf32> to tensor<2x5xf32>
    %2 = rune.add %0, %1 : tensor<2x5xf32>
    %v = rune.get @both : tensor<5x3xf32>
    %3 = rune.matmul %2, %v : tensor<2x5xf32>, tensor<5x3xf32>
    %4 = rune.exp %v : tensor<5x3xf32>
    return %2, %3, %4 : tensor<2x5xf32>, tensor<2x3xf32>, tensor<5x3xf32>
  }
  func.func @computed(%x: tensor<2x3xf32>, %y: tensor<3x5xf32>) -> tensor<2x5xf32> {
    %0 = rune.matmul %x, %y : tensor<2x3xf32>, tensor<3x5xf32>
    return %0 : tensor<2x5xf32>
  }
}
