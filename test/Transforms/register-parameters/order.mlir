// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(register-parameters))' | FileCheck %s

// In state_dict order the first name of a storage owns it; its first values are the tied one's, and the draw for what
// the tie replaced is made and thrown away. A module's parameters come before its buffers and its children's.
// CHECK: rune.submodule @"." type "Net"
// CHECK-NEXT: rune.submodule @a. type "A"
// CHECK-NEXT: rune.submodule @b. type "A"
// CHECK-NEXT: rune.parameter @w : tensor<3xf32>
// CHECK-NEXT: rune.buffer @mean : tensor<3xf32>
// CHECK-NEXT: rune.parameter @a.weight : tensor<3xf32>
// CHECK-NEXT: rune.parameter @b.weight : tensor<3xf32> alias @a.weight
// CHECK-NEXT: rune.initialize @a.weight #rune.init<"normal" {{.*}} discarded
// CHECK-NEXT: rune.initialize @a.weight #rune.init<"ones" {}>
// CHECK-NEXT: rune.initialize @a.weight #rune.init<"zeros" {}>
// CHECK-NOT: rune.tie
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.submodule @a. type "A"
  rune.parameter @a.weight : tensor<3xf32>
  rune.submodule @b. type "A"
  rune.parameter @b.weight : tensor<3xf32>
  rune.buffer @mean : tensor<3xf32>
  rune.parameter @w : tensor<3xf32>
  rune.initialize @a.weight #rune.init<"normal" {mean = 0.0 : f64, std = 1.0 : f64}>
  rune.initialize @b.weight #rune.init<"ones" {}>
  rune.tie @a.weight to @b.weight
  rune.initialize @a.weight #rune.init<"zeros" {}>
}
