// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(fuse-attention))' | FileCheck %s

rune.module @Net dtype f32 {
  // With a scale, and a mask of the keys behind the row. What the keys were transposed by goes.
  // CHECK-LABEL: func.func @causal
  // CHECK-SAME: (%[[Q:.*]]: tensor<2x4x8xf32>, %[[K:.*]]: tensor<2x6x8xf32>, %[[V:.*]]: tensor<2x6x5xf32>)
  // CHECK-NEXT: %[[R:.*]], %{{.*}} = rune.attention %[[Q]], %[[K]], %[[V]] scale 2.500000e-01 causal
  // CHECK-NEXT: return %[[R]]
  func.func @causal(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x5xf32>) -> tensor<2x4x5xf32> {
    %kt = rune.transpose %k [0, 2, 1] : tensor<2x6x8xf32>
    %0 = rune.matmul %q, %kt : tensor<2x4x8xf32>, tensor<2x8x6xf32>
    %scale = rune.constant dense<2.5e-1> : tensor<f32>
    %1 = rune.broadcast %scale : tensor<f32> to tensor<2x4x6xf32>
    %2 = rune.mul %0, %1 : tensor<2x4x6xf32>
    %row = rune.iota <[4]>
    %3 = rune.reshape %row : tensor<4xi64> to tensor<4x1xi64>
    %4 = rune.broadcast %3 : tensor<4x1xi64> to tensor<4x6xi64>
    %key = rune.iota <[6]>
    %5 = rune.broadcast %key : tensor<6xi64> to tensor<4x6xi64>
    %6 = rune.compare ge %4, %5 : tensor<4x6xi64>
    %7 = rune.broadcast %6 : tensor<4x6xi1> to tensor<2x4x6xi1>
    %lowest = rune.constant dense<0xFF800000> : tensor<f32>
    %8 = rune.broadcast %lowest : tensor<f32> to tensor<2x4x6xf32>
    %9 = rune.select %7, %2, %8 : tensor<2x4x6xi1>, tensor<2x4x6xf32>
    %10 = rune.reduce_max %9 [2] : tensor<2x4x6xf32>
    %11 = rune.reshape %10 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %12 = rune.detach %11 : tensor<2x4x1xf32>
    %13 = rune.broadcast %12 : tensor<2x4x1xf32> to tensor<2x4x6xf32>
    %14 = rune.sub %9, %13 : tensor<2x4x6xf32>
    %15 = rune.exp %14 : tensor<2x4x6xf32>
    %16 = rune.reduce_sum %15 [2] : tensor<2x4x6xf32>
    %17 = rune.reshape %16 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %18 = rune.broadcast %17 : tensor<2x4x1xf32> to tensor<2x4x6xf32>
    %19 = rune.div %15, %18 : tensor<2x4x6xf32>
    %20 = rune.matmul %19, %v : tensor<2x4x6xf32>, tensor<2x6x5xf32>
    return %20 : tensor<2x4x5xf32>
  }

  // Where the weights are wanted too they have to be made.
  // CHECK-LABEL: func.func @weights
  // CHECK-NOT: rune.attention
  func.func @weights(%q: tensor<2x4x8xf32>, %kt: tensor<2x8x6xf32>, %v: tensor<2x6x5xf32>)
      -> (tensor<2x4x5xf32>, tensor<2x4x6xf32>) {
    %0 = rune.matmul %q, %kt : tensor<2x4x8xf32>, tensor<2x8x6xf32>
    %1 = rune.reduce_max %0 [2] : tensor<2x4x6xf32>
    %2 = rune.reshape %1 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %3 = rune.broadcast %2 : tensor<2x4x1xf32> to tensor<2x4x6xf32>
    %4 = rune.sub %0, %3 : tensor<2x4x6xf32>
    %5 = rune.exp %4 : tensor<2x4x6xf32>
    %6 = rune.reduce_sum %5 [2] : tensor<2x4x6xf32>
    %7 = rune.reshape %6 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %8 = rune.broadcast %7 : tensor<2x4x1xf32> to tensor<2x4x6xf32>
    %9 = rune.div %5, %8 : tensor<2x4x6xf32>
    %10 = rune.matmul %9, %v : tensor<2x4x6xf32>, tensor<2x6x5xf32>
    return %10, %9 : tensor<2x4x5xf32>, tensor<2x4x6xf32>
  }

  // A mask the other way round, keys before the row, is no such mask.
  // CHECK-LABEL: func.func @other_mask
  // CHECK-NOT: rune.attention
  func.func @other_mask(%q: tensor<2x4x8xf32>, %kt: tensor<2x8x4xf32>, %v: tensor<2x4x5xf32>) -> tensor<2x4x5xf32> {
    %0 = rune.matmul %q, %kt : tensor<2x4x8xf32>, tensor<2x8x4xf32>
    %number = rune.iota <[4]>
    %1 = rune.reshape %number : tensor<4xi64> to tensor<4x1xi64>
    %2 = rune.broadcast %1 : tensor<4x1xi64> to tensor<4x4xi64>
    %3 = rune.broadcast %number : tensor<4xi64> to tensor<4x4xi64>
    %4 = rune.compare le %2, %3 : tensor<4x4xi64>
    %5 = rune.broadcast %4 : tensor<4x4xi1> to tensor<2x4x4xi1>
    %lowest = rune.constant dense<0xFF800000> : tensor<f32>
    %6 = rune.broadcast %lowest : tensor<f32> to tensor<2x4x4xf32>
    %7 = rune.select %5, %0, %6 : tensor<2x4x4xi1>, tensor<2x4x4xf32>
    %8 = rune.reduce_max %7 [2] : tensor<2x4x4xf32>
    %9 = rune.reshape %8 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %10 = rune.broadcast %9 : tensor<2x4x1xf32> to tensor<2x4x4xf32>
    %11 = rune.sub %7, %10 : tensor<2x4x4xf32>
    %12 = rune.exp %11 : tensor<2x4x4xf32>
    %13 = rune.reduce_sum %12 [2] : tensor<2x4x4xf32>
    %14 = rune.reshape %13 : tensor<2x4xf32> to tensor<2x4x1xf32>
    %15 = rune.broadcast %14 : tensor<2x4x1xf32> to tensor<2x4x4xf32>
    %16 = rune.div %12, %15 : tensor<2x4x4xf32>
    %17 = rune.matmul %16, %v : tensor<2x4x4xf32>, tensor<2x4x5xf32>
    return %17 : tensor<2x4x5xf32>
  }
}
