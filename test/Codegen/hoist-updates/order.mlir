// RUN: rune-opt %s --pass-pipeline='builtin.module(func.func(hoist-updates))' --split-input-file | FileCheck %s

// The update of a member stands behind the last reading of its old value, with the gradient that only it reads; what
// counts the steps, and is read by all, comes first.
// CHECK-LABEL: func.func @step
// CHECK: memref.copy %{{.*}}, %[[A:.*]] : memref<?x16xf32> to
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[RATE:.*]] : memref<f32>)
// CHECK: linalg.generic {{.*}} ins(%[[RATE]] : memref<f32>)
// CHECK: linalg.generic {{.*}} ins(%[[A]], %[[W:[a-z0-9_]+]] : memref<?x16xf32>, memref<16xf32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel"]} ins(%[[A]] : memref<?x16xf32>) outs(%[[G:.*]] : memref<16xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[G]], %[[RATE]] : memref<16xf32>, memref<f32>) outs(%[[W]] : memref<16xf32>)
// CHECK: memref.copy %{{.*}}, %{{.*}} : memref<?x16xf32>
// CHECK: return
#id = affine_map<(n, i) -> (n, i)>
#row = affine_map<(n, i) -> (i)>
#one = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @step(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %training: memref<?xi8>, %x: memref<?x16xf32>, %y: memref<?x16xf32>, %n: index) attributes {rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = ["n"]} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %w = memref.view %state[%c0][] : memref<?xi8> to memref<16xf32>
  %a = memref.alloc(%n) : memref<?x16xf32>
  memref.copy %x, %a : memref<?x16xf32> to memref<?x16xf32>
  %b = memref.alloc(%n) : memref<?x16xf32>
  linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %w : memref<?x16xf32>, memref<16xf32>) outs(%b : memref<?x16xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %r = arith.mulf %p, %q : f32
    linalg.yield %r : f32
  }
  memref.copy %b, %y : memref<?x16xf32> to memref<?x16xf32>
  %g = memref.alloc() : memref<16xf32>
  linalg.fill ins(%zero : f32) outs(%g : memref<16xf32>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["reduction", "parallel"]} ins(%a : memref<?x16xf32>) outs(%g : memref<16xf32>) {
  ^bb0(%p: f32, %out: f32):
    %r = arith.addf %p, %out : f32
    linalg.yield %r : f32
  }
  %rate = memref.alloc() : memref<f32>
  linalg.fill ins(%zero : f32) outs(%rate : memref<f32>)
  linalg.generic {indexing_maps = [#one, #none, #one], iterator_types = ["parallel"]} ins(%g, %rate : memref<16xf32>, memref<f32>) outs(%w : memref<16xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %r = arith.mulf %p, %q : f32
    %s = arith.subf %out, %r : f32
    linalg.yield %s : f32
  }
  %v = memref.view %state[%c64][] : memref<?xi8> to memref<8xf32>
  linalg.generic {indexing_maps = [#none, #one], iterator_types = ["parallel"]} ins(%rate : memref<f32>) outs(%v : memref<8xf32>) {
  ^bb0(%q: f32, %out: f32):
    %s = arith.subf %out, %q : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Nothing is written before a check that may fail; a check comes as early as what it reads.
// CHECK-LABEL: func.func @checked
// CHECK-SAME: %[[Y:[a-z0-9]+]]: memref<4xi64>, %[[Z:[a-z0-9]+]]: memref<4xi64>) attributes
// CHECK: memref.copy %{{.*}}, %[[Y]]
// CHECK: rune.check_index
// CHECK: memref.copy %{{.*}}, %{{.*}} : memref<16xf32>
// CHECK: memref.copy %{{.*}}, %[[Z]]
// CHECK: return
func.func @checked(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %training: memref<?xi8>, %x: memref<16xf32>, %i: memref<4xi64>, %y: memref<4xi64>, %z: memref<4xi64>) attributes {rune.inputs = 2 : i64, rune.outputs = 1 : i64, rune.symbols = []} {
  %c0 = arith.constant 0 : index
  %c9 = arith.constant 9 : index
  %w = memref.view %state[%c0][] : memref<?xi8> to memref<16xf32>
  memref.copy %i, %y : memref<4xi64> to memref<4xi64>
  memref.copy %i, %z : memref<4xi64> to memref<4xi64>
  rune.check_index %i in %c9 : memref<4xi64>
  memref.copy %x, %w : memref<16xf32> to memref<16xf32>
  return
}

// -----

// Hooks may look at anything: the order stays.
// CHECK-LABEL: func.func @hooked
// CHECK: rune.run_hooks
// CHECK: rune.check_index
func.func @hooked(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %training: memref<?xi8>, %i: memref<4xi64>) attributes {rune.inputs = 1 : i64, rune.outputs = 0 : i64, rune.symbols = []} {
  %c9 = arith.constant 9 : index
  rune.run_hooks 0(%i : memref<4xi64>)
  rune.check_index %i in %c9 : memref<4xi64>
  return
}
