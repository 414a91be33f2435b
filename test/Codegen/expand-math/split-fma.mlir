// RUN: rune-opt --expand-math=split-fma %s | FileCheck %s
// RUN: rune-opt --expand-math=split-fma %s | FileCheck %s --check-prefix=NONE

// NONE-NOT: {{(math|vector)[.]fma}}

// CHECK-LABEL: func.func @fma(
// CHECK-NEXT: %[[P:.*]] = arith.mulf %arg0, %arg1 : vector<4xf32>
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[P]], %arg2 : vector<4xf32>
// CHECK-NEXT: %[[Q:.*]] = arith.mulf %[[S]], %arg1 : vector<4xf32>
// CHECK-NEXT: %[[T:.*]] = arith.addf %[[Q]], %arg2 : vector<4xf32>
// CHECK-NEXT: return %[[T]]
func.func @fma(%x: vector<4xf32>, %y: vector<4xf32>, %z: vector<4xf32>) -> vector<4xf32> {
  %0 = vector.fma %x, %y, %z : vector<4xf32>
  %1 = math.fma %0, %y, %z : vector<4xf32>
  return %1 : vector<4xf32>
}

// Any shape will do.
// CHECK-LABEL: func.func @matrix(
// CHECK-NEXT: arith.mulf {{.*}} : vector<2x4xf64>
// CHECK-NEXT: arith.addf {{.*}} : vector<2x4xf64>
func.func @matrix(%x: vector<2x4xf64>) -> vector<2x4xf64> {
  %0 = vector.fma %x, %x, %x : vector<2x4xf64>
  return %0 : vector<2x4xf64>
}

func.func @functions(%x: vector<4xf32>, %y: f64) -> (vector<4xf32>, f64) {
  %0 = math.powf %x, %x : vector<4xf32>
  %1 = math.sin %0 : vector<4xf32>
  %2 = math.log %y : f64
  %3 = math.erf %2 : f64
  return %1, %3 : vector<4xf32>, f64
}
