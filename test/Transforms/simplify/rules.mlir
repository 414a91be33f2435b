// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(simplify))' | FileCheck %s

// CHECK-LABEL: func @numbers
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>)
// CHECK-DAG: %[[HALF:.*]] = rune.constant dense<5.000000e-01>
// CHECK: %[[SCALED:.*]] = rune.mul %[[X]], %{{.*}}
// CHECK-NOT: rune.div
// CHECK: return %[[X]], %[[SCALED]], %[[X]], %[[X]]

// Division by 3 rounds once, a product with its reciprocal twice; x + 0 turns -0 into 0.
// CHECK-LABEL: func @kept
// CHECK: rune.div
// CHECK: rune.add
// CHECK: return

// CHECK-LABEL: func @product
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[Y:.*]]: tensor<3x5xf32>)
// CHECK-DAG: %[[YT:.*]] = rune.transpose %[[Y]] [1, 0]
// CHECK-DAG: %[[XT:.*]] = rune.transpose %[[X]] [1, 0]
// CHECK: %[[OUT:.*]] = rune.matmul %[[YT]], %[[XT]]
// CHECK: return %[[OUT]]

// CHECK-LABEL: func @known
// CHECK-NOT: rune.check
// CHECK-NOT: rune.select
// CHECK: return %arg0
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @numbers(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
    %one = rune.constant dense<1.0> : tensor<3xf32>
    %two = rune.constant dense<2.0> : tensor<3xf32>
    %zero = rune.constant dense<0.0> : tensor<3xf32>
    %0 = rune.mul %x, %one : tensor<3xf32>
    %1 = rune.div %x, %two : tensor<3xf32>
    %2 = rune.sub %x, %zero : tensor<3xf32>
    %3 = rune.cast %x to f32 : tensor<3xf32>
    return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
  }
  func.func @kept(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
    %three = rune.constant dense<3.0> : tensor<3xf32>
    %zero = rune.constant dense<0.0> : tensor<3xf32>
    %0 = rune.div %x, %three : tensor<3xf32>
    %1 = rune.add %x, %zero : tensor<3xf32>
    return %0, %1 : tensor<3xf32>, tensor<3xf32>
  }
  func.func @product(%x: tensor<2x3xf32>, %y: tensor<3x5xf32>) -> tensor<5x2xf32> {
    %0 = rune.matmul %x, %y : tensor<2x3xf32>, tensor<3x5xf32>
    %1 = rune.transpose %0 [1, 0] : tensor<2x5xf32>
    return %1 : tensor<5x2xf32>
  }
  func.func @known(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
    %true = rune.constant dense<true> : tensor<3xi1>
    %yes = rune.constant dense<true> : tensor<i1>
    rune.check %yes, "never" : tensor<i1>
    %0 = rune.select %true, %x, %y : tensor<3xi1>, tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}
