// RUN: rune-opt --expand-math --split-input-file %s | FileCheck %s

// Clamp, reduce, polynomial, and two multiplications by the exponent's bits, which are zero where the result is: no
// underflow. Each constant once, at the start.
// CHECK-LABEL: func.func @exp(
// CHECK-COUNT-15: arith.constant
// CHECK-NOT: arith.constant
// CHECK: %[[VANISHES:.*]] = arith.cmpf olt, %arg0,
// CHECK: %[[LOW:.*]] = arith.select %[[VANISHES]], %{{.*}}, %arg0
// CHECK: %[[X:.*]] = arith.select {{.*}}, %{{.*}}, %[[LOW]]
// CHECK: %[[SHIFTED:.*]] = math.fma %[[X]],
// CHECK: %[[HALF:.*]] = arith.subf %[[SHIFTED]],
// CHECK: %[[R:.*]] = math.fma %[[HALF]], %{{.*}}, %[[X]]
// CHECK: math.fma %[[HALF]], %{{.*}}, %[[R]]
// CHECK: %[[BITS:.*]] = arith.bitcast %[[SHIFTED]] : vector<8xf32> to vector<8xi32>
// CHECK: %[[EXPONENT:.*]] = arith.shli %[[BITS]],
// CHECK: %[[POWER:.*]] = arith.bitcast %[[EXPONENT]] : vector<8xi32> to vector<8xf32>
// CHECK: %[[SCALE:.*]] = arith.select %[[VANISHES]], %{{.*}}, %[[POWER]]
// CHECK-COUNT-7: math.fma
// CHECK: %[[ONCE:.*]] = arith.mulf %{{.*}}, %[[SCALE]]
// CHECK: %[[TWICE:.*]] = arith.mulf %[[ONCE]], %[[SCALE]]
// CHECK: return %[[TWICE]]
func.func @exp(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.exp %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// -----

// One set of constants for both calls.
// CHECK-LABEL: func.func @shared(
// CHECK-COUNT-15: arith.constant
// CHECK-NOT: arith.constant
// CHECK: return
func.func @shared(%x: f32, %y: f32) -> (f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.exp %y : f32
  return %0, %1 : f32, f32
}

// -----

// One division, and none by a polynomial.
// CHECK-LABEL: func.func @tanh(
// CHECK-COUNT-1: arith.divf
// CHECK-NOT: arith.divf
// CHECK: return
func.func @tanh(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.tanh %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

// CHECK-LABEL: func.func @divisionFree(
// CHECK-NOT: arith.divf
// CHECK: return
func.func @divisionFree(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.erf %x : vector<16xf32>
  %1 = math.log %0 : vector<16xf32>
  %2 = math.log1p %1 : vector<16xf32>
  %3 = math.expm1 %2 : vector<16xf32>
  return %3 : vector<16xf32>
}

// -----

// The way for huge arguments is taken where any lane needs it.
// CHECK-LABEL: func.func @sin(
// CHECK: %[[HUGE:.*]] = arith.cmpi slt, {{.*}} : vector<4xi32>
// CHECK: %[[ANY:.*]] = vector.reduction <or>, %[[HUGE]] : vector<4xi1> into i1
// CHECK: scf.if %[[ANY]] -> (vector<4xf32>, vector<4xi32>)
// CHECK: arith.select %[[HUGE]], {{.*}} : vector<4xi1>, vector<4xf32>
// CHECK: arith.select %[[HUGE]], {{.*}} : vector<4xi1>, vector<4xi32>
// CHECK: } else {
func.func @sin(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.sin %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// -----

// CHECK-LABEL: func.func @scalarCos(
// CHECK-NOT: vector.reduction
// CHECK: %[[HUGE:.*]] = arith.cmpi slt, {{.*}} : i64
// CHECK: scf.if %[[HUGE]] -> (f64, i64)
func.func @scalarCos(%x: f64) -> f64 {
  %0 = math.cos %x : f64
  return %0 : f64
}

// -----

// What is one instruction stays.
// CHECK-LABEL: func.func @instructions(
// CHECK-NEXT: math.floor
// CHECK-NEXT: math.ceil
// CHECK-NEXT: math.trunc
// CHECK-NEXT: math.roundeven
// CHECK-NEXT: math.sqrt
// CHECK-NEXT: math.absf
// CHECK-NEXT: math.copysign
// CHECK-NEXT: math.fma
// CHECK-NEXT: return
func.func @instructions(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.floor %x : vector<8xf32>
  %1 = math.ceil %0 : vector<8xf32>
  %2 = math.trunc %1 : vector<8xf32>
  %3 = math.roundeven %2 : vector<8xf32>
  %4 = math.sqrt %3 : vector<8xf32>
  %5 = math.absf %4 : vector<8xf32>
  %6 = math.copysign %5, %x : vector<8xf32>
  %7 = math.fma %6, %6, %x : vector<8xf32>
  return %7 : vector<8xf32>
}
