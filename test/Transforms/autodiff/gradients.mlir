// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(autodiff))' | FileCheck %s

// CHECK-LABEL: func @product
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[Y:.*]]: tensor<3xf32>)
// CHECK: %[[ONES:.*]] = rune.broadcast %{{.*}} : tensor<f32> to tensor<3xf32>
// CHECK-DAG: %[[DX:.*]] = rune.mul %[[ONES]], %[[Y]]
// CHECK-DAG: %[[DY:.*]] = rune.mul %[[ONES]], %[[X]]
// CHECK: return %[[DX]], %[[DY]]

// What was broadcast is summed. No gradient is made for y, which nobody asks for.
// CHECK-LABEL: func @broadcast
// CHECK-SAME: %[[Y:[^ ]*]]: tensor<?x3xf32
// CHECK: rune.mul
// CHECK: %[[WIDE:.*]] = rune.mul %{{.*}}, %[[Y]]
// CHECK-NEXT: %[[SUM:.*]] = rune.reduce_sum %[[WIDE]] [1]
// CHECK-NEXT: %[[DX:.*]] = rune.reshape %[[SUM]]
// CHECK-NEXT: return %[[DX]]

// A derivative of a derivative: exp twice over, its value each time the one of the forward.
// CHECK-LABEL: func @second
// CHECK: %[[EXP:.*]] = rune.exp
// CHECK: %[[FIRST:.*]] = rune.mul %{{.*}}, %[[EXP]]
// CHECK: rune.mul %{{.*}}, %[[EXP]]
// CHECK-NOT: rune.exp
// CHECK-NOT: rune.grad

// All names of a parameter count for it; what no loss reaches is not updated.
// CHECK-LABEL: func @gradients
// CHECK: %[[EXP:.*]] = rune.exp
// CHECK-DAG: %[[A:.*]] = rune.mul %{{.*}}, %[[EXP]]
// CHECK-DAG: %[[B:.*]] = rune.mul %{{.*}}, %arg0
// CHECK: %[[SUM:.*]] = rune.add %[[B]], %[[A]]
// CHECK: rune.set @"#.grad.w", %[[SUM]]
// CHECK-NOT: rune.set @"#.grad.unused"
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @w : tensor<3xf32>
  rune.parameter @tied : tensor<3xf32> alias @w
  rune.parameter @unused : tensor<3xf32>
  rune.slot @"#.grad.w" "grad" gradient of @w : tensor<3xf32> {phase = 0 : i64}
  rune.slot @"#.grad.unused" "grad" gradient of @unused : tensor<3xf32> {phase = 0 : i64}
  func.func @product(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
    %0 = rune.mul %x, %y : tensor<3xf32>
    %g:2 = rune.grad %0 by %x, %y : tensor<3xf32> by tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>, tensor<3xf32>
    return %g#0, %g#1 : tensor<3xf32>, tensor<3xf32>
  }
  func.func @broadcast(%y: tensor<?x3xf32, #rune.dims<[n, 3]>>, %x: tensor<?x1xf32, #rune.dims<[n, 1]>>) -> tensor<?x1xf32, #rune.dims<[n, 1]>> {
    %0 = rune.broadcast %x : tensor<?x1xf32, #rune.dims<[n, 1]>> to tensor<?x3xf32, #rune.dims<[n, 3]>>
    %1 = rune.mul %0, %y : tensor<?x3xf32, #rune.dims<[n, 3]>>
    %g = rune.grad %1 by %x : tensor<?x3xf32, #rune.dims<[n, 3]>> by tensor<?x1xf32, #rune.dims<[n, 1]>> -> tensor<?x1xf32, #rune.dims<[n, 1]>>
    return %g : tensor<?x1xf32, #rune.dims<[n, 1]>>
  }
  func.func @second(%x: tensor<3xf32>) -> tensor<3xf32> {
    %0 = rune.exp %x : tensor<3xf32>
    %1 = rune.grad %0 by %x : tensor<3xf32> by tensor<3xf32> -> tensor<3xf32>
    %2 = rune.grad %1 by %x : tensor<3xf32> by tensor<3xf32> -> tensor<3xf32>
    return %2 : tensor<3xf32>
  }
  func.func @gradients(%x: tensor<3xf32>) -> tensor<3xf32> attributes {rune.phase = 0 : i64, rune.role = "gradients"} {
    %w = rune.get @w : tensor<3xf32>
    %t = rune.get @tied : tensor<3xf32>
    %u = rune.get @unused : tensor<3xf32>
    %0 = rune.mul %x, %w : tensor<3xf32>
    %1 = rune.exp %t : tensor<3xf32>
    %2 = rune.add %0, %1 : tensor<3xf32>
    %g:2 = rune.grad %2 by %w, %u : tensor<3xf32> by tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>, tensor<3xf32>
    rune.set @"#.grad.w", %g#0 updates @w : tensor<3xf32>
    rune.set @"#.grad.unused", %g#1 updates @unused : tensor<3xf32>
    return %2 : tensor<3xf32>
  }
}
