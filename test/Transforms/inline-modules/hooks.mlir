// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(inline-modules))' | FileCheck %s --check-prefix=PLAIN
// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(inline-modules{hooks=true}))' | FileCheck %s

// PLAIN-LABEL: func @forward(
// PLAIN-NEXT: rune.exp
// PLAIN-SAME: scope = "a"
// PLAIN-NEXT: return
// PLAIN-NOT: rune.call
// PLAIN-NOT: rune.hook
// PLAIN-NOT: private

// A body with calls inside keeps the path of the innermost module; functions beside the model have no boundary.
// CHECK-LABEL: func @forward(
// CHECK-NOT: rune.hook
// CHECK-LABEL: func @forward.hooked(
// CHECK-SAME: rune.hooked
// CHECK-NEXT: %[[IN:.*]] = rune.hook @a. pre inputs 1(%arg0)
// CHECK-NEXT: %[[OUT:.*]] = rune.exp %[[IN]]
// CHECK-NEXT: %[[AFTER:.*]]:2 = rune.hook @a. inputs 1(%[[IN]], %[[OUT]])
// CHECK-NEXT: return %[[AFTER]]#1
// CHECK-LABEL: func @gradients(
// CHECK-NOT: rune.hook
// CHECK-LABEL: func @hooked_gradients(
// CHECK: rune.hook @a. pre
// CHECK: rune.hook @a. inputs 1
// CHECK-NEXT: rune.neg
// CHECK-NEXT: return
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.submodule @a. type "Exp"
  func.func @forward(%x: tensor<2xf32>) -> tensor<2xf32> attributes {rune.entry} {
    %0 = rune.call @a.forward(%x) module @a. : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func private @a.forward(%x: tensor<2xf32>) -> tensor<2xf32> {
    %0 = rune.exp %x : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func private @"#.loss.forward"(%x: tensor<2xf32>) -> tensor<2xf32> {
    %0 = rune.neg %x : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func @gradients(%x: tensor<2xf32>) -> tensor<2xf32> attributes {rune.role = "gradients"} {
    %0 = rune.call @a.forward(%x) module @a. : (tensor<2xf32>) -> tensor<2xf32>
    %1 = rune.call @"#.loss.forward"(%0) module @"#.loss." : (tensor<2xf32>) -> tensor<2xf32>
    return %1 : tensor<2xf32>
  }
}
