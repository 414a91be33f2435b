// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts),convert-to-linalg)' | FileCheck %s
//
// What has no element may start at the very end of a dimension, which the tensor dialect refuses.

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"

  // CHECK-LABEL: func.func @slice_nothing
  // CHECK-NOT: tensor.extract_slice
  // CHECK: tensor.empty() : tensor<0x3xf32>
  func.func @slice_nothing(%x: tensor<4x3xf32>) -> tensor<0x3xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.slice %x from <[4, 0]> size <[0, 3]> step [1, 1] : tensor<4x3xf32>
    return %0 : tensor<0x3xf32>
  }

  // CHECK-LABEL: func.func @slice_last
  // CHECK: tensor.extract_slice %{{.*}}[3, 0] [1, 3] [1, 1]
  func.func @slice_last(%x: tensor<4x3xf32>) -> tensor<1x3xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.slice %x from <[3, 0]> size <[1, 3]> step [1, 1] : tensor<4x3xf32>
    return %0 : tensor<1x3xf32>
  }

  // CHECK-LABEL: func.func @pad_nothing
  // CHECK: linalg.fill
  // CHECK-NOT: tensor.insert_slice
  // CHECK: bufferization.materialize
  func.func @pad_nothing(%x: tensor<0x3xf32>) -> tensor<2x3xf32> attributes {rune.entry, rune.symbols = []} {
    %v = rune.constant dense<1.0> : tensor<f32>
    %0 = rune.pad %x, %v low <[2, 0]> high <[0, 0]> : tensor<0x3xf32>, tensor<f32>
    return %0 : tensor<2x3xf32>
  }

  // CHECK-LABEL: func.func @concat_nothing
  // CHECK-COUNT-1: tensor.insert_slice
  // CHECK-NOT: tensor.insert_slice
  // CHECK: bufferization.materialize
  func.func @concat_nothing(%x: tensor<2x3xf32>, %y: tensor<2x0xf32>) -> tensor<2x3xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.concat %x, %y dim 1 : tensor<2x3xf32>, tensor<2x0xf32>
    return %0 : tensor<2x3xf32>
  }

  // CHECK-LABEL: func.func @reshape_nothing
  // CHECK-NOT: tensor.collapse_shape
  // CHECK: tensor.empty(%{{.*}}) : tensor<3x3x?x0xf32>
  func.func @reshape_nothing(%x: tensor<?x1x0x9xf32, #rune.dims<[n, 1, 0, 9]>>)
      -> tensor<3x3x?x0xf32, #rune.dims<[3, 3, n, 0]>> attributes {rune.entry, rune.symbols = ["n"]} {
    %0 = rune.reshape %x : tensor<?x1x0x9xf32, #rune.dims<[n, 1, 0, 9]>> to tensor<3x3x?x0xf32, #rune.dims<[3, 3, n, 0]>>
    return %0 : tensor<3x3x?x0xf32, #rune.dims<[3, 3, n, 0]>>
  }
}
