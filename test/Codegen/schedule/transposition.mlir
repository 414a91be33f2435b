// RUN: rune-opt %s --to-loops=target-cpu=x86-64-v3 | FileCheck %s
// RUN: rune-opt %s --to-loops=target-cpu=highway-8 | FileCheck %s --check-prefix=HIGHWAY

// Squares of eight by eight change places in registers; what is left over goes by gathers, and so do the portable
// back end's.
// CHECK-LABEL: func.func private @transpose
// CHECK-COUNT-8: vector.load
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 1, 2, 3, 8, 9, 10, 11] : vector<8xf32>, vector<8xf32>
// CHECK-NEXT: vector.shuffle %{{.*}}, %{{.*}} [4, 5, 6, 7, 12, 13, 14, 15] : vector<8xf32>, vector<8xf32>
// CHECK-COUNT-22: vector.shuffle
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-8: vector.store
// CHECK-LABEL: func.func private @transpose
// CHECK-NOT: vector.shuffle
// CHECK: return
// HIGHWAY-NOT: vector.shuffle
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @forward(%x: tensor<16x32xf32>, %y: tensor<16x30xf32>) -> (tensor<32x16xf32>, tensor<30x16xf32>) attributes {rune.entry, rune.symbols = []} {
    %0 = rune.transpose %x [1, 0] : tensor<16x32xf32>
    %1 = rune.transpose %y [1, 0] : tensor<16x30xf32>
    return %0, %1 : tensor<32x16xf32>, tensor<30x16xf32>
  }
}
