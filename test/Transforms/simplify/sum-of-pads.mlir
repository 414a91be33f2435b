// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(simplify))' | FileCheck %s

rune.module @Net dtype f32 {
  // Three parts, in any order, side by side.
  // CHECK-LABEL: func.func @whole
  // CHECK-SAME: (%[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<2x1xf32>, %[[C:.*]]: tensor<2x4xf32>)
  // CHECK-NEXT: %[[ALL:.*]] = rune.concat %[[A]], %[[B]], %[[C]] dim 1
  // CHECK-NEXT: return %[[ALL]]
  func.func @whole(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>, %c: tensor<2x4xf32>) -> tensor<2x8xf32> {
    %zero = rune.constant dense<0.0> : tensor<f32>
    %0 = rune.pad %c, %zero low <[0, 4]> high <[0, 0]> : tensor<2x4xf32>, tensor<f32>
    %1 = rune.pad %b, %zero low <[0, 3]> high <[0, 4]> : tensor<2x1xf32>, tensor<f32>
    %2 = rune.pad %a, %zero low <[0, 0]> high <[0, 5]> : tensor<2x3xf32>, tensor<f32>
    %3 = rune.add %0, %1 : tensor<2x8xf32>
    %4 = rune.add %3, %2 : tensor<2x8xf32>
    return %4 : tensor<2x8xf32>
  }

  // With a gap, and over each other, they stay.
  // CHECK-LABEL: func.func @apart
  // CHECK-COUNT-2: rune.add
  func.func @apart(%a: tensor<2xf32>, %b: tensor<3xf32>) -> (tensor<6xf32>, tensor<4xf32>) {
    %zero = rune.constant dense<0.0> : tensor<f32>
    %0 = rune.pad %a, %zero low <[0]> high <[4]> : tensor<2xf32>, tensor<f32>
    %1 = rune.pad %b, %zero low <[3]> high <[0]> : tensor<3xf32>, tensor<f32>
    %2 = rune.add %0, %1 : tensor<6xf32>
    %3 = rune.pad %a, %zero low <[0]> high <[2]> : tensor<2xf32>, tensor<f32>
    %4 = rune.pad %b, %zero low <[1]> high <[0]> : tensor<3xf32>, tensor<f32>
    %5 = rune.add %3, %4 : tensor<4xf32>
    return %2, %5 : tensor<6xf32>, tensor<4xf32>
  }
}
