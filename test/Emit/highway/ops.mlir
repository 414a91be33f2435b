// RUN: rune-translate %s | FileCheck %s

// CHECK-LABEL: void scalars(
// CHECK: f[0] = a + b - a * b / -a;
// CHECK: f[1] = ScalarAbs(a);
// CHECK: f[2] = ScalarCopySign(a, b);
// CHECK: f[3] = ScalarRound(a) + ScalarFloor(a);
// CHECK: f[4] = ScalarCeil(a) + ScalarTrunc(a);
// CHECK: const auto sum = ScalarFlushSubnormal(ScalarMulAdd(ScalarSqrt(a), b, a));
// CHECK: f[5] = sum;
// CHECK: f[6] = a < b ? a : b;
// CHECK: f[7] = IsNaN(a) || IsNaN(b) ? a : b;
// CHECK: f[8] = !(a <= b) ? a : b;
func.func private @scalars(%f: memref<?xf32> {rune.name = "f"}, %a: f32 {rune.name = "a"}, %b: f32 {rune.name = "b"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %sum = arith.addf %a, %b : f32
  %product = arith.mulf %a, %b : f32
  %minus = arith.negf %a : f32
  %quotient = arith.divf %product, %minus : f32
  %0 = arith.subf %sum, %quotient : f32
  memref.store %0, %f[%c0] : memref<?xf32>
  %1 = math.absf %a : f32
  memref.store %1, %f[%c1] : memref<?xf32>
  %2 = math.copysign %a, %b : f32
  memref.store %2, %f[%c2] : memref<?xf32>
  %round = math.roundeven %a : f32
  %floor = math.floor %a : f32
  %3 = arith.addf %round, %floor : f32
  memref.store %3, %f[%c3] : memref<?xf32>
  %ceil = math.ceil %a : f32
  %trunc = math.trunc %a : f32
  %4 = arith.addf %ceil, %trunc : f32
  memref.store %4, %f[%c4] : memref<?xf32>
  %root = math.sqrt %a : f32
  %5 = math.fma %root, %b, %a : f32
  %flushed = rune.flush_subnormal %5 : f32
  memref.store %flushed, %f[%c5] : memref<?xf32>
  %less = arith.cmpf olt, %a, %b : f32
  %6 = arith.select %less, %a, %b : f32
  memref.store %6, %f[%c6] : memref<?xf32>
  %unordered = arith.cmpf uno, %a, %b : f32
  %7 = arith.select %unordered, %a, %b : f32
  memref.store %7, %f[%c7] : memref<?xf32>
  %greater = arith.cmpf ugt, %a, %b : f32
  %8 = arith.select %greater, %a, %b : f32
  memref.store %8, %f[%c8] : memref<?xf32>
  return
}

// Integers wrap, places do not.
// CHECK-LABEL: void integers(
// CHECK: const auto rest = WrapSub<int64_t>(x, int64_t{6148914691236517205});
// CHECK: out[0] = WrapMul<int64_t>(WrapAdd<int64_t>(x, y), rest);
// CHECK: out[1] = x / y == 0 ? x % y : y;
// CHECK: out[2] = ScalarMin<int64_t>(x, ScalarMax<int64_t>(x, y));
// CHECK: out[3] = ((x & y) | x) ^ y;
// CHECK: const auto bits = ScalarShiftRight<int64_t>(ScalarShiftLeft<int64_t>(x, 3), y);
// CHECK: const auto is = static_cast<uint64_t>(x) < static_cast<uint64_t>(y);
// CHECK: out[n / 4 + n % 4 - FloorDivide(n, 8)] = is ? x : y;
func.func private @integers(%p: memref<?xi64> {rune.name = "out"}, %i: i64 {rune.name = "x"}, %j: i64 {rune.name = "y"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0 : i64
  %three = arith.constant 3 : i64
  %large = arith.constant 6148914691236517205 : i64
  %sum = arith.addi %i, %j : i64
  %difference = arith.subi %i, %large : i64
  %0 = arith.muli %sum, %difference : i64
  memref.store %0, %p[%c0] : memref<?xi64>
  %quotient = arith.divsi %i, %j : i64
  %none = arith.cmpi eq, %quotient, %zero : i64
  %rest = arith.remsi %i, %j : i64
  %1 = arith.select %none, %rest, %j : i64
  memref.store %1, %p[%c1] : memref<?xi64>
  %most = arith.maxsi %i, %j : i64
  %2 = arith.minsi %i, %most : i64
  memref.store %2, %p[%c2] : memref<?xi64>
  %and = arith.andi %i, %j : i64
  %or = arith.ori %and, %i : i64
  %3 = arith.xori %or, %j : i64
  memref.store %3, %p[%c3] : memref<?xi64>
  %left = arith.shli %i, %three : i64
  %4 = arith.shrui %left, %j : i64
  memref.store %4, %p[%c4] : memref<?xi64>
  %q = arith.divui %n, %c4 : index
  %r = arith.remui %n, %c4 : index
  %s = arith.addi %q, %r : index
  %f = arith.floordivsi %n, %c8 : index
  %at = arith.subi %s, %f : index
  %below = arith.cmpi ult, %i, %j : i64
  %5 = arith.select %below, %i, %j : i64
  memref.store %5, %p[%at] : memref<?xi64>
  return
}

// CHECK-LABEL: void conversions(
// CHECK: f[0] = static_cast<float>(static_cast<double>(a));
// CHECK: f[1] = ScalarBitCast<float>(ScalarBitCast<int32_t>(a));
// CHECK: static_cast<float>(static_cast<int64_t>(static_cast<int32_t>(x)));
// CHECK: f[n] = static_cast<float>(static_cast<int64_t>(a));
// CHECK: u[0] = static_cast<uint8_t>(u[1] != 0 && !(a < 0.0f));
func.func private @conversions(%f: memref<?xf32> {rune.name = "f"}, %u: memref<?xi8> {rune.name = "u"}, %a: f32 {rune.name = "a"}, %i: i64 {rune.name = "x"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %none = arith.constant 0.0 : f32
  %true = arith.constant true
  %wide = arith.extf %a : f32 to f64
  %0 = arith.truncf %wide : f64 to f32
  memref.store %0, %f[%c0] : memref<?xf32>
  %bits = arith.bitcast %a : f32 to i32
  %1 = arith.bitcast %bits : i32 to f32
  memref.store %1, %f[%c1] : memref<?xf32>
  %low = arith.trunci %i : i64 to i32
  %again = arith.extsi %low : i32 to i64
  %2 = arith.sitofp %again : i64 to f32
  memref.store %2, %f[%c2] : memref<?xf32>
  %whole = arith.fptosi %a : f32 to i64
  %3 = arith.sitofp %whole : i64 to f32
  %word = arith.index_cast %n : index to i64
  %at = arith.index_cast %word : i64 to index
  memref.store %3, %f[%at] : memref<?xf32>
  %byte = memref.load %u[%c1] : memref<?xi8>
  %flag = arith.trunci %byte : i8 to i1
  %less = arith.cmpf olt, %a, %none : f32
  %not = arith.xori %less, %true : i1
  %both = arith.andi %flag, %not : i1
  %stored = arith.extui %both : i1 to i8
  memref.store %stored, %u[%c0] : memref<?xi8>
  return
}

// Masks have the width of what they choose among; the first so many lanes are a count.
// CHECK-LABEL: void vectors(
// CHECK-DAG: const hn::CappedTag<float, 4> f32;
// CHECK-DAG: const hn::CappedTag<int32_t, 4> i32;
// CHECK-DAG: const hn::CappedTag<uint8_t, 4> u8;
// CHECK: const auto f2 = LoadFirst(f32, f + n, 3);
// CHECK: const auto f3 = LoadStridedFirst(f32, f, n, n);
// CHECK: const auto is = hn::Lt(f2, f3);
// CHECK: hn::StoreU(hn::IfThenElse(is, f2, f3), f32, f);
// CHECK: const auto bits = hn::BitCast(i32, f2);
// CHECK: hn::IfThenElse(hn::RebindMask(i32, is), hn::And(bits, hn::Set(i32, 255)), ShiftRightBy<9>(i32, bits));
// CHECK: hn::IfThenElseZero(MaskAs(u8, f32, is), hn::Set(u8, uint8_t{1}))
// CHECK: MaskAs(f32, u8, hn::Ne(hn::LoadU(u8, u), hn::Zero(u8)))
// CHECK: StoreFirst({{.*}}, f32, f, n);
// CHECK: const auto sum = hn::Add(f2, Rotate<2>(f32, f2));
// CHECK: f[0] = hn::GetLane(sum);
// CHECK: if (!hn::AllFalse(f32, is)) {
func.func private @vectors(%f: memref<?xf32> {rune.name = "f"}, %u: memref<?xi8> {rune.name = "u"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %first = vector.constant_mask [3] : vector<4xi1>
  %x = vector.maskedload %f[%n], %first, %zero : memref<?xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  %steps = vector.broadcast %n : index to vector<4xindex>
  %lanes = arith.constant dense<[0, 1, 2, 3]> : vector<4xindex>
  %places = arith.muli %steps, %lanes : vector<4xindex>
  %some = vector.create_mask %n : vector<4xi1>
  %y = vector.gather %f[%c0] [%places], %some, %zero : memref<?xf32>, vector<4xindex>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  %less = arith.cmpf olt, %x, %y : vector<4xf32>
  %smaller = arith.select %less, %x, %y : vector<4xi1>, vector<4xf32>
  vector.store %smaller, %f[%c0] : memref<?xf32>, vector<4xf32>
  %bits = arith.bitcast %x : vector<4xf32> to vector<4xi32>
  %low = arith.constant dense<255> : vector<4xi32>
  %nine = arith.constant dense<9> : vector<4xi32>
  %kept = arith.andi %bits, %low : vector<4xi32>
  %shifted = arith.shrui %bits, %nine : vector<4xi32>
  %chosen = arith.select %less, %kept, %shifted : vector<4xi1>, vector<4xi32>
  %back = arith.bitcast %chosen : vector<4xi32> to vector<4xf32>
  vector.store %back, %f[%n] : memref<?xf32>, vector<4xf32>
  %flags = arith.extui %less : vector<4xi1> to vector<4xi8>
  vector.store %flags, %u[%n] : memref<?xi8>, vector<4xi8>
  %bytes = vector.load %u[%c0] : memref<?xi8>, vector<4xi8>
  %mask = arith.trunci %bytes : vector<4xi8> to vector<4xi1>
  %other = arith.select %mask, %x, %y : vector<4xi1>, vector<4xf32>
  vector.maskedstore %f[%c0], %some, %other : memref<?xf32>, vector<4xi1>, vector<4xf32>
  %turned = vector.shuffle %x, %x [2, 3, 0, 1] : vector<4xf32>, vector<4xf32>
  %both = arith.addf %x, %turned : vector<4xf32>
  %lane = vector.extract %both[0] : f32 from vector<4xf32>
  memref.store %lane, %f[%c0] : memref<?xf32>
  %any = vector.reduction <or>, %less : vector<4xi1> into i1
  scf.if %any {
    %again = vector.fma %x, %y, %both : vector<4xf32>
    vector.store %again, %f[%c0] : memref<?xf32>, vector<4xf32>
  }
  return
}

memref.global "private" constant @table : memref<2xf32> = dense<[1.0, 2.0]>

// What an entry finds in its arenas and arguments; the functions that it calls.
// CHECK-LABEL: // entry: (x) -> (y)
// CHECK-NEXT: static int32_t entry(
// CHECK:        float *const x = Argument<float>(arguments[0]);
// CHECK:        float *const scratch = At<float>(workspace, symbols[0] * 4 + 64);
// CHECK:        scalars(x, scratch[0], 1.0f);
// CHECK:        const auto index = reinterpret_cast<int64_t>(scratch);
// CHECK:        return 0;
func.func @entry(%arguments: memref<?xi64>, %symbols: memref<?xi64>, %state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>) -> i32
    attributes {rune.inputs = 1 : i64, rune.argument_names = ["x", "y"], rune.symbols = ["batch"]} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %one = arith.constant 1.0 : f32
  %word = memref.load %symbols[%c0] : memref<?xi64>
  %batch = arith.index_cast %word : i64 to index
  %address = memref.load %arguments[%c0] : memref<?xi64>
  %x = rune.pointer %address {rune.name = "x"} : memref<?xf32>
  %bytes = arith.muli %batch, %c4 : index
  %at = arith.addi %bytes, %c64 : index
  %y = memref.view %workspace[%at][%batch] : memref<?xi8> to memref<?xf32>
  %global = memref.get_global @table : memref<2xf32>
  %t = memref.cast %global : memref<2xf32> to memref<?xf32>
  %v = memref.load %y[%c0] : memref<?xf32>
  func.call @scalars(%x, %v, %one) : (memref<?xf32>, f32, f32) -> ()
  %place = memref.extract_aligned_pointer_as_index %y : memref<?xf32> -> index
  %pointer = arith.index_cast %place : index to i64
  %words = memref.view %workspace[%c0][%c64] : memref<?xi8> to memref<?xi64>
  memref.store %pointer, %words[%c0] : memref<?xi64>
  memref.store %pointer, %words[%c4] : memref<?xi64>
  %status = arith.constant 0 : i32
  return %status : i32
}
