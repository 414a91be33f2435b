// RUN: rune-opt %s --to-loops=target-cpu=x86-64-v3 | FileCheck %s
//
// A table that may be empty is read only where it is not: no clamped index is good then.

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"

  // CHECK-LABEL: func.func private @gather(
  // CHECK: %[[COUNT:.*]] = arith.muli %{{.*}}, %c2
  // CHECK: %[[SOME:.*]] = arith.cmpi ne, %[[COUNT]], %c0
  // CHECK: scf.if %[[SOME]] {
  // CHECK: scf.for
  // CHECK-LABEL: func.func @maybe_empty(
  func.func @maybe_empty(%x: tensor<?x2xf32, #rune.dims<[n, 2]>>, %i: tensor<3x2xi64>) -> tensor<3x2xf32>
      attributes {rune.entry, rune.symbols = ["n"]} {
    %0 = rune.gather %x, %i dim 0 : tensor<?x2xf32, #rune.dims<[n, 2]>>, tensor<3x2xi64>
    return %0 : tensor<3x2xf32>
  }

  // CHECK-LABEL: func.func private @gather_{{[0-9]}}(
  // CHECK-NOT: scf.if
  // CHECK-LABEL: func.func @never_empty(
  func.func @never_empty(%x: tensor<?x2xf32, #rune.dims<["n + 1", 2]>>, %i: tensor<3x2xi64>) -> tensor<3x2xf32>
      attributes {rune.entry, rune.symbols = ["n"]} {
    %0 = rune.gather %x, %i dim 0 : tensor<?x2xf32, #rune.dims<["n + 1", 2]>>, tensor<3x2xi64>
    return %0 : tensor<3x2xf32>
  }

  // CHECK-LABEL: func.func private @gather_{{[0-9]}}(
  // CHECK-NOT: memref.load
  // CHECK: return
  // CHECK-LABEL: func.func @always_empty(
  func.func @always_empty(%x: tensor<0x2xf32>, %i: tensor<3x2xi64>) -> tensor<3x2xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.gather %x, %i dim 0 : tensor<0x2xf32>, tensor<3x2xi64>
    return %0 : tensor<3x2xf32>
  }
}
