// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(autodiff))' | FileCheck %s
// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(autodiff,split-backward))' | FileCheck %s --check-prefix=SPLIT

// The gradient enters @a. where the forward leaves it. The inputs of @b. need no gradient: its hooks run at once.
// CHECK-LABEL: func @gradients
// CHECK: %[[GIVEN:.*]] = rune.hook @a. backward pre inputs 0({{.*}}) places [0] arity [2, 1]
// CHECK-NEXT: %[[INNER:.*]] = rune.neg %[[GIVEN]]
// CHECK-NEXT: %[[LEFT:.*]]:2 = rune.hook @a. backward inputs 1(%[[INNER]], %[[GIVEN]]) places [1, 0] arity [2, 1]
// CHECK-NEXT: %[[B:.*]] = rune.hook @b. backward pre inputs 0(%[[LEFT]]#0) places [0] arity [1, 1]
// CHECK-NEXT: rune.hook @b. backward inputs 0(%[[B]]) places [0] arity [1, 1]
// CHECK: rune.set @"#.grad.w"

// Other gradients are values like any, and pass.
// CHECK-LABEL: func @inner
// CHECK-NOT: backward
// CHECK: return

// SPLIT-LABEL: func @loss
// SPLIT-COUNT-4: rune.hook
// SPLIT-NOT: rune.hook
// SPLIT-LABEL: func @backward
// SPLIT-COUNT-4: rune.hook @{{[ab]}}. backward
// SPLIT-NOT: rune.hook
// SPLIT-LABEL: func @inner
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.submodule @a. type "A"
  rune.submodule @b. type "B"
  rune.parameter @w : tensor<3xf32>
  rune.slot @"#.grad.w" "grad" gradient of @w : tensor<3xf32> {phase = 0 : i64}
  func.func @gradients(%x: tensor<3xf32>) -> tensor<3xf32> attributes {rune.phase = 0 : i64, rune.role = "gradients"} {
    %w = rune.get @w : tensor<3xf32>
    %0 = rune.hook @b. pre inputs 1(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = rune.mul %0, %w : tensor<3xf32>
    %2:2 = rune.hook @b. inputs 1(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
    %3:2 = rune.hook @a. pre inputs 2(%x, %2#1) : (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
    %4 = rune.neg %3#1 : tensor<3xf32>
    %5:3 = rune.hook @a. inputs 2(%3#0, %3#1, %4) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
    %g = rune.grad %5#2 by %w : tensor<3xf32> by tensor<3xf32> -> tensor<3xf32>
    rune.set @"#.grad.w", %g updates @w : tensor<3xf32>
    return %5#2 : tensor<3xf32>
  }
  func.func @inner(%x: tensor<3xf32>) -> tensor<3xf32> {
    %0 = rune.hook @a. pre inputs 1(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %1 = rune.exp %0 : tensor<3xf32>
    %2:2 = rune.hook @a. inputs 1(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
    %g = rune.grad %2#1 by %x : tensor<3xf32> by tensor<3xf32> -> tensor<3xf32>
    return %g : tensor<3xf32>
  }
}
