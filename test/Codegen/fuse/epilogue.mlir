// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts),convert-to-linalg,func.func(fuse))' | FileCheck %s

// Bias and activation are the epilogue of the product that alone feeds them.
// CHECK-LABEL: func.func @joined
// CHECK: rune.contract {{.*}} with(%{{.*}} : tensor<5xf32>)
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[BIAS:.*]]: f32):
// CHECK-NEXT: %[[BIASED:.*]] = arith.addf %[[SUM]], %[[BIAS]]
// CHECK-NEXT: %[[OUT:.*]] = math.tanh %[[BIASED]]
// CHECK-NEXT: rune.yield %[[OUT]]
// CHECK-NOT: linalg.generic

// A product that something else reads too is not changed.
// CHECK-LABEL: func.func @shared
// CHECK: rune.contract
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT: rune.yield %[[SUM]]
// CHECK: linalg.generic
// CHECK: math.tanh

// A chain is one loop, and what was broadcast in it is read in place.
// CHECK-LABEL: func.func @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: arith.mulf
// CHECK-NOT: linalg.generic
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @w : tensor<3x5xf32>
  rune.parameter @v : tensor<5xf32>
  func.func @joined(%x: tensor<2x3xf32>) -> tensor<2x5xf32> attributes {rune.entry, rune.symbols = []} {
    %w = rune.get @w : tensor<3x5xf32>
    %0 = rune.matmul %x, %w : tensor<2x3xf32>, tensor<3x5xf32>
    %v = rune.get @v : tensor<5xf32>
    %1 = rune.broadcast %v : tensor<5xf32> to tensor<2x5xf32>
    %2 = rune.add %0, %1 : tensor<2x5xf32>
    %3 = rune.tanh %2 : tensor<2x5xf32>
    return %3 : tensor<2x5xf32>
  }
  func.func @shared(%x: tensor<2x3xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>) attributes {rune.entry, rune.symbols = []} {
    %w = rune.get @w : tensor<3x5xf32>
    %0 = rune.matmul %x, %w : tensor<2x3xf32>, tensor<3x5xf32>
    %1 = rune.tanh %0 : tensor<2x5xf32>
    return %0, %1 : tensor<2x5xf32>, tensor<2x5xf32>
  }
  func.func @chain(%x: tensor<2x5xf32>, %y: tensor<5xf32>) -> tensor<2x5xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.exp %x : tensor<2x5xf32>
    %1 = rune.broadcast %y : tensor<5xf32> to tensor<2x5xf32>
    %2 = rune.mul %0, %1 : tensor<2x5xf32>
    return %2 : tensor<2x5xf32>
  }
}
