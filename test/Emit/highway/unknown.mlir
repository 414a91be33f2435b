// RUN: not rune-translate %s 2>&1 | FileCheck %s

// CHECK: unknown.mlir:[[#@LINE+3]]:8: error: 'vector.shuffle' op has no C++ for its operands' types, or at all
func.func private @reversed(%x: memref<?xf32>, %i: index) {
  %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
  %r = vector.shuffle %v, %v [3, 2, 1, 0] : vector<4xf32>, vector<4xf32>
  vector.store %r, %x[%i] : memref<?xf32>, vector<4xf32>
  return
}
