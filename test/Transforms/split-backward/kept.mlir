// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(split-backward))' | FileCheck %s

// The first half returns what the second reads of it, and nothing else; inputs and parameters are read again.
// CHECK-LABEL: func @loss
// CHECK-SAME: -> (tensor<f32>{{.*}}, tensor<3xf32> {rune.name = "saved.0"})
// CHECK-SAME: rune.role = "loss"
// CHECK: %[[EXP:.*]] = rune.exp
// CHECK: rune.log
// CHECK: %[[LOSS:.*]] = rune.reduce_sum
// CHECK-NOT: rune.set
// CHECK: return %[[LOSS]], %[[EXP]]

// CHECK-LABEL: func @backward
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>{{.*}}, %[[SAVED:.*]]: tensor<3xf32>
// CHECK-SAME: rune.role = "backward"
// CHECK-NOT: rune.exp
// CHECK-NOT: rune.log
// CHECK: %[[W:.*]] = rune.get @w
// CHECK: rune.mul %[[SAVED]], %[[X]]
// CHECK: rune.set @"#.grad.w"
// CHECK: return
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @w : tensor<3xf32>
  rune.slot @"#.grad.w" "grad" gradient of @w : tensor<3xf32> {phase = 0 : i64}
  func.func @gradients(%x: tensor<3xf32> {rune.name = "x"}) -> (tensor<f32> {rune.name = "loss"}) attributes {rune.model_inputs = 1 : i64, rune.phase = 0 : i64, rune.role = "gradients"} {
    %w = rune.get @w : tensor<3xf32>
    %0 = rune.mul %w, %x : tensor<3xf32>
    %1 = rune.exp %0 : tensor<3xf32>
    %2 = rune.log %1 : tensor<3xf32>
    %3 = rune.reduce_sum %2 [0] : tensor<3xf32>
    %4 = rune.mul %1, %x : tensor<3xf32>
    %5 = rune.mul %4, %w : tensor<3xf32>
    rune.set @"#.grad.w", %5 updates @w : tensor<3xf32>
    return %3 : tensor<f32>
  }
}
