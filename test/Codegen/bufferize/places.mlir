// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(choose-layouts),convert-to-linalg,func.func(fuse),canonicalize,bufferize,canonicalize)' | FileCheck %s

// An output is written in place; the input never is.
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: %[[X:[^ ]*]]: memref<?x3xf32> {{{[^}]*}}}, %[[Y:[^ ]*]]: memref<?x3xf32>
// CHECK-NOT: memref.alloc
// CHECK: linalg.generic {{.*}} ins(%[[X]] : memref<?x3xf32>) outs(%[[Y]] : memref<?x3xf32>)
// CHECK-NOT: memref.copy

// An input that is an output is copied, nothing else.
// CHECK-LABEL: func.func @itself(
// CHECK: memref.copy
// CHECK-NEXT: return

// The runtime may write what hooks see: a copy of the input, the next op's operand in place.
// CHECK-LABEL: func.func @hooked(
// CHECK-SAME: %[[X:[^ ]*]]: memref<2x3xf32>, %[[Y:[^ ]*]]: memref<2x3xf32>
// CHECK: %[[COPY:.*]] = memref.alloc
// CHECK-NEXT: memref.copy %[[X]], %[[COPY]]
// CHECK: rune.run_hooks 0(%[[COPY]] : memref<2x3xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[COPY]] : memref<2x3xf32>) outs(%[[Y]] : memref<2x3xf32>)
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.submodule @a. type "A"
  func.func @forward(%x: tensor<?x3xf32, #rune.dims<[n, 3]>>) -> tensor<?x3xf32, #rune.dims<[n, 3]>> attributes {rune.entry, rune.symbols = ["n"]} {
    %0 = rune.exp %x : tensor<?x3xf32, #rune.dims<[n, 3]>>
    return %0 : tensor<?x3xf32, #rune.dims<[n, 3]>>
  }
  func.func @itself(%x: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {rune.entry, rune.symbols = []} {
    return %x : tensor<2x3xf32>
  }
  func.func @hooked(%x: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.hook @a. pre inputs 1(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = rune.exp %0 : tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
}
