// RUN: rune-opt --loops-to-llvm %s | FileCheck %s

// One rounding, whether or not contraction is allowed.
// CHECK-LABEL: llvm.func @fma
// CHECK-NOT: fmuladd
// CHECK: llvm.intr.fma(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<8xf32>, vector<8xf32>, vector<8xf32>) -> vector<8xf32>
// CHECK: llvm.intr.fma(%{{.*}}, %{{.*}}, %{{.*}}) : (f64, f64, f64) -> f64
func.func @fma(%x: vector<8xf32>, %y: f64, %out: memref<?xf32>, %out64: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %v = vector.fma %x, %x, %x : vector<8xf32>
  %s = math.fma %y, %y, %y : f64
  vector.store %v, %out[%c0] : memref<?xf32>, vector<8xf32>
  memref.store %s, %out64[%c0] : memref<?xf64>
  return
}
