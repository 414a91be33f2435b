// RUN: rune-translate %s | FileCheck %s

// Loops carry variables, which change where their next value is computed; places become part of what uses them.
// CHECK-LABEL: static HWY_NOINLINE void dot(float *HWY_RESTRICT out, const float *HWY_RESTRICT x, int64_t n) {
// CHECK-NEXT:   const hn::CappedTag<float, 8> f32;
// CHECK-NEXT:   auto sum = hn::Zero(f32);
// CHECK-NEXT:   auto sum2 = hn::Set(f32, 1.5f);
// CHECK-NEXT:   for (int64_t i = 0; i < n; i += 8) {
// CHECK-NEXT:     const auto x2 = hn::LoadU(f32, x + i * 2 + 3);
// CHECK-NEXT:     sum = hn::MulAdd(x2, x2, sum);
// CHECK-NEXT:     sum2 = hn::Sub(sum2, x2);
// CHECK-NEXT:   }
// CHECK-NEXT:   hn::StoreU(hn::Add(sum, sum2), f32, out);
// CHECK-NEXT: }
func.func private @dot(%out: memref<?xf32> {rune.name = "out"}, %x: memref<?xf32> {rune.name = "x"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant dense<0.0> : vector<8xf32>
  %start = arith.constant dense<1.5> : vector<8xf32>
  %r:2 = scf.for %i = %c0 to %n step %c8 iter_args(%a = %zero, %b = %start) -> (vector<8xf32>, vector<8xf32>) {
    %twice = arith.muli %i, %c2 : index
    %at = arith.addi %twice, %c3 : index
    %v = vector.load %x[%at] : memref<?xf32>, vector<8xf32>
    %next = vector.fma %v, %v, %a : vector<8xf32>
    %less = arith.subf %b, %v : vector<8xf32>
    scf.yield %next, %less : vector<8xf32>, vector<8xf32>
  }
  %sum = arith.addf %r#0, %r#1 : vector<8xf32>
  vector.store %sum, %out[%c0] : memref<?xf32>, vector<8xf32>
  return
}

// Values that a loop exchanges are not lost: what reads a changed variable is computed before.
// CHECK-LABEL: static HWY_NOINLINE void fibonacci(
// CHECK:   int64_t sum = 0;
// CHECK:   int64_t sum2 = 1;
// CHECK:   for (int64_t i = 0; i < 9; ++i) {
// CHECK-NEXT:     const auto at = WrapAdd<int64_t>(sum, sum2);
// CHECK-NEXT:     sum = sum2;
// CHECK-NEXT:     sum2 = at;
// CHECK-NEXT:   }
// CHECK-NEXT:   argument[0] = sum;
func.func private @fibonacci(%out: memref<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %a0 = arith.constant 0 : i64
  %b0 = arith.constant 1 : i64
  %r:2 = scf.for %i = %c0 to %c9 step %c1 iter_args(%a = %a0, %b = %b0) -> (i64, i64) {
    %sum = arith.addi %a, %b : i64
    scf.yield %b, %sum : i64, i64
  }
  memref.store %r#0, %out[%c0] : memref<?xi64>
  return
}

// A load does not move behind a store.
// CHECK-LABEL: static HWY_NOINLINE void exchange(
// CHECK:        const auto x2 = x[0];
// CHECK-NEXT:   x[0] = x[1];
// CHECK-NEXT:   x[1] = x2;
func.func private @exchange(%x: memref<?xf32> {rune.name = "x"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.load %x[%c0] : memref<?xf32>
  %b = memref.load %x[%c1] : memref<?xf32>
  memref.store %b, %x[%c0] : memref<?xf32>
  memref.store %a, %x[%c1] : memref<?xf32>
  return
}

// CHECK-LABEL: static HWY_NOINLINE void branches(
// CHECK:        float result = 2.0f;
// CHECK-NOT:    else
// CHECK:        if (n > 3) {
// CHECK-NEXT:     result = x[0];
// CHECK-NEXT:   }
// CHECK-NEXT:   if (n != 0) {
// CHECK-NEXT:     x[1] = result;
// CHECK-NEXT:   } else {
// CHECK-NEXT:     x[2] = -result;
// CHECK-NEXT:   }
func.func private @branches(%x: memref<?xf32> {rune.name = "x"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %two = arith.constant 2.0 : f32
  %large = arith.cmpi sgt, %n, %c3 : index
  %r = scf.if %large -> (f32) {
    %v = memref.load %x[%c0] : memref<?xf32>
    scf.yield %v : f32
  } else {
    scf.yield %two : f32
  }
  %some = arith.cmpi ne, %n, %c0 : index
  scf.if %some {
    memref.store %r, %x[%c1] : memref<?xf32>
  } else {
    %minus = arith.negf %r : f32
    memref.store %minus, %x[%c2] : memref<?xf32>
  }
  return
}

// Operators keep the tree of the IR: parentheses where C++ would group otherwise.
// CHECK-LABEL: static HWY_NOINLINE void grouping(
// CHECK: x[0] = (a + b) * (a - (a - b));
// CHECK: x[i * (n - 1) + n % (n / 2)] = a / (b * a);
func.func private @grouping(%x: memref<?xf32> {rune.name = "x"}, %a: f32 {rune.name = "a"}, %b: f32 {rune.name = "b"}, %n: index {rune.name = "n"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %minus_one = arith.constant -1 : index
  %sum = arith.addf %a, %b : f32
  %inner = arith.subf %a, %b : f32
  %outer = arith.subf %a, %inner : f32
  %product = arith.mulf %sum, %outer : f32
  memref.store %product, %x[%c0] : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %less = arith.addi %n, %minus_one : index
    %row = arith.muli %i, %less : index
    %half = arith.divui %n, %c2 : index
    %rest = arith.remui %n, %half : index
    %at = arith.addi %row, %rest : index
    %q = arith.mulf %b, %a : f32
    %r = arith.divf %a, %q : f32
    memref.store %r, %x[%at] : memref<?xf32>
  }
  return
}

// Work for several threads is a part of its own; what it keeps beside it lies on the stack.
// CHECK-LABEL: static HWY_NOINLINE void scale_part(const float *HWY_RESTRICT x, float *HWY_RESTRICT out, int64_t begin, int64_t end) {
// CHECK:         alignas(64) float block[32];
// CHECK:         for (int64_t i = begin; i < end; ++i) {
// CHECK-NEXT:      hwy::Prefetch(x + i + 64);
func.func private @scale_part(%x: memref<?xf32> {rune.name = "x"}, %out: memref<?xf32> {rune.name = "out"}, %begin: index {rune.name = "begin"}, %end: index {rune.name = "end"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %block = memref.alloca() {alignment = 64 : i64} : memref<32xf32>
  scf.for %i = %begin to %end step %c1 {
    %next = arith.addi %i, %c64 : index
    memref.prefetch %x[%next], read, locality<3>, data : memref<?xf32>
    %v = memref.load %x[%i] : memref<?xf32>
    memref.store %v, %block[%c0] : memref<32xf32>
    %w = memref.load %block[%c0] : memref<32xf32>
    memref.store %w, %out[%i] : memref<?xf32>
  }
  return
}

// CHECK-LABEL: static HWY_NOINLINE void scale(const float *HWY_RESTRICT x, float *HWY_RESTRICT out, int64_t n) {
// CHECK-NEXT:    const auto part = [=](int64_t begin, int64_t end) { scale_part(x, out, begin, end); };
// CHECK-NEXT:    Parallel(n, part);
// CHECK-NEXT:  }
func.func private @scale(%x: memref<?xf32> {rune.name = "x"}, %out: memref<?xf32> {rune.name = "out"}, %n: index {rune.name = "n"}) {
  rune.parallel @scale_part(%x, %out) to %n : memref<?xf32>, memref<?xf32>
  return
}

// Each call says to the profile what it is for: texts that fit on a line, whatever they hold.
// CHECK-LABEL: static HWY_NOINLINE void traced() {
// CHECK-NEXT:    Trace("traced", "fc1_relu", "fc1: matmul, add; \"act\": select",
// CHECK-NEXT:          "digits_mlp.yaml:11, 12; a spec whose name is long: so long that it does not fit on a l ...");
// CHECK-NEXT:    TraceEnd();
func.func private @traced() {
  rune.trace "fc1_relu" does "fc1: matmul, add; \22act\22: select" at "digits_mlp.yaml:11, 12; a spec whose name is long: so long that it does not fit on a line of C++" costs <[8192, 4096]>
  rune.trace_end
  return
}
