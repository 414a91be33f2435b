// RUN: rune-opt %s --to-loops=target-cpu=x86-64-v3 | FileCheck %s
//
// Constants of several dimensions become flat, as every buffer of a kernel is.

// CHECK: memref.global "private" constant @[[NAME:.*]] : memref<6xf32> = dense<[1.000000e+00, {{.*}}, 6.000000e+00]>
// CHECK-LABEL: func.func @forward(
// CHECK: %[[GLOBAL:.*]] = memref.get_global @[[NAME]] : memref<6xf32>
// CHECK: memref.cast %[[GLOBAL]] : memref<6xf32> to memref<?xf32>
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {rune.entry, rune.symbols = []} {
    %v = rune.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %0 = rune.add %x, %v : tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  }
}
