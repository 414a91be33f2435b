// RUN: rune-opt %s --pass-pipeline='builtin.module(func.func(plan-memory))' --split-input-file --verify-diagnostics | FileCheck %s

// a and c do not live at one time: they share a place. Sizes are multiples of the line of 64 bytes in each zone, and the
// zones' sums are the workspace: 128 of constants, 2 × 64 for each n.
// CHECK-LABEL: func.func @share
// CHECK-SAME: rune.workspace = #rune.dims<["128*n + 192"]>
// CHECK-NOT: memref.alloc
func.func @share(%state: memref<?xi8>, %training: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %x: memref<16xf32>, %y: memref<16xf32>, %n: index) attributes {rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = ["n"]} {
  %a = memref.alloc() : memref<16xf32>
  memref.copy %x, %a : memref<16xf32> to memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  memref.copy %a, %b : memref<16xf32> to memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  memref.copy %b, %c : memref<16xf32> to memref<16xf32>
  memref.copy %c, %y : memref<16xf32> to memref<16xf32>
  %d = memref.alloc(%n) : memref<?x16xf32>
  %e = memref.alloc(%n) : memref<?x16xf32>
  memref.copy %d, %e : memref<?x16xf32> to memref<?x16xf32>
  memref.copy %e, %d : memref<?x16xf32> to memref<?x16xf32>
  return
}

// -----

// The size of a view is known from what it views.
// CHECK-LABEL: func.func @view
// CHECK-SAME: rune.workspace = #rune.dims<["128*n + 64"]>
func.func @view(%state: memref<?xi8>, %training: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %x: memref<?x16xf32> {rune.dims = #rune.dims<[n, 16]>}, %n: index) attributes {rune.inputs = 1 : i64, rune.outputs = 0 : i64, rune.symbols = ["n"]} {
  %c0 = arith.constant 0 : index
  %a = memref.alloc(%n) : memref<?x16xf32>
  %wide = memref.expand_shape %a [[0, 1], [2]] output_shape [1, %n, 16] : memref<?x16xf32> into memref<1x?x16xf32>
  %c1 = arith.constant 1 : index
  %size = memref.dim %wide, %c1 : memref<1x?x16xf32>
  %b = memref.alloc(%size) : memref<?x16xf32>
  memref.copy %a, %b : memref<?x16xf32> to memref<?x16xf32>
  memref.copy %b, %a : memref<?x16xf32> to memref<?x16xf32>
  return
}

// -----

func.func @unknown(%state: memref<?xi8>, %training: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %n: index, %m: index) attributes {rune.inputs = 0 : i64, rune.outputs = 0 : i64, rune.symbols = ["m"]} {
  // expected-error @+1 {{has a size that is not an expression of the entry's symbols}}
  %a = memref.alloc(%n) : memref<?xf32>
  memref.copy %a, %a : memref<?xf32> to memref<?xf32>
  return
}
