// RUN: rune-opt %s --schedule=target-cpu=x86-64-v3 | FileCheck %s
//
// A reduction takes the place of the fill before it only where that fill is its neutral element.

#row = affine_map<(d0, d1) -> (d0, d1)>
#sum = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func.func private @sum(
// CHECK-NOT: memref.load
// CHECK: memref.store
// CHECK-LABEL: func.func @neutral(
// CHECK-NOT: call @fill
// CHECK: call @sum(
func.func @neutral(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %x: memref<4x8xf32>,
    %y: memref<4xf32>) attributes {rune.entry, rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = []} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<4xf32>)
  linalg.generic {indexing_maps = [#row, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  }
  return
}

// A sum from 1: what was filled is added at the end.
// CHECK-LABEL: func.func @from_one(
// CHECK: call @fill
// CHECK: call @{{sum|max}}
func.func @from_one(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %x: memref<4x8xf32>,
    %y: memref<4xf32>) attributes {rune.entry, rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = []} {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<4xf32>)
  linalg.generic {indexing_maps = [#row, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  }
  return
}

// A maximum from 0, as of what relu made: negative elements do not show.
// CHECK-LABEL: func.func @maximum_from_zero(
// CHECK: call @fill
// CHECK: call @{{sum|max}}
func.func @maximum_from_zero(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>,
    %x: memref<4x8xf32>, %y: memref<4xf32>)
    attributes {rune.entry, rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = []} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<4xf32>)
  linalg.generic {indexing_maps = [#row, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x8xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.maximumf %b, %a : f32
    linalg.yield %s : f32
  }
  return
}
