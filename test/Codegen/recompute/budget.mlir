// RUN: rune-opt %s --pass-pipeline='builtin.module(recompute{budget=24640 sizes=n=64},func.func(plan-memory))' --split-input-file --verify-diagnostics | FileCheck %s

// %a is kept from its making to its last reading, over two buffers that are read in between: the budget has room for
// three of them, not for four. What made it is repeated, from the input.
// CHECK-LABEL: func.func @step
// CHECK-SAME: rune.workspace = #rune.dims<["384*n + 64"]>
// CHECK-SAME: rune.workspace_bound = #rune.dims<["384*n + 64"]>
// CHECK: memref.copy %[[X:arg[0-9]+]], %[[A:.*]] :
// CHECK: linalg.generic {{.*}} ins(%[[A]] {{.*}} outs(%[[B:.*]] :
// CHECK: linalg.generic {{.*}} ins(%[[B]] {{.*}} outs(%[[C:.*]] :
// CHECK: linalg.generic {{.*}} ins(%[[B]], %[[C]] {{.*}} outs(%[[D:.*]] :
// CHECK: memref.copy %[[X]], %[[AGAIN:.*]] :
// CHECK: linalg.generic {{.*}} ins(%[[AGAIN]], %[[D]] {{.*}} outs(%{{.*}} :
#id = affine_map<(n, i) -> (n, i)>
// expected-remark @+1 {{'step' needs a workspace of 24.6 kB instead of 32.8 kB, and computes 1 kernel again: 0.00 MFLOP}}
func.func @step(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, %training: memref<?xi8>, %x: memref<?x32xf32> {rune.dims = #rune.dims<[n, 32]>}, %y: memref<?x32xf32> {rune.dims = #rune.dims<[n, 32]>}, %n: index) attributes {rune.inputs = 1 : i64, rune.outputs = 1 : i64, rune.symbols = ["n"]} {
  %a = memref.alloc(%n) : memref<?x32xf32>
  memref.copy %x, %a : memref<?x32xf32> to memref<?x32xf32>
  %b = memref.alloc(%n) : memref<?x32xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : memref<?x32xf32>) outs(%b : memref<?x32xf32>) {
  ^bb0(%p: f32, %out: f32):
    %r = arith.addf %p, %p : f32
    linalg.yield %r : f32
  }
  %c = memref.alloc(%n) : memref<?x32xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%b : memref<?x32xf32>) outs(%c : memref<?x32xf32>) {
  ^bb0(%p: f32, %out: f32):
    %r = arith.mulf %p, %p : f32
    linalg.yield %r : f32
  }
  %d = memref.alloc(%n) : memref<?x32xf32>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%b, %c : memref<?x32xf32>, memref<?x32xf32>) outs(%d : memref<?x32xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %r = arith.mulf %p, %q : f32
    linalg.yield %r : f32
  }
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %d : memref<?x32xf32>, memref<?x32xf32>) outs(%y : memref<?x32xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %r = arith.mulf %p, %q : f32
    linalg.yield %r : f32
  }
  return
}
