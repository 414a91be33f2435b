// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(panel-updates))' | FileCheck %s
// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(panel-updates,choose-layouts))' | FileCheck %s --check-prefix=LAYOUT

// The weight and its moment lie in panels alone; what a norm reads, or has no whole panels, stays row-major.
// LAYOUT: rune.parameter @weight {{.*}}{storages = [#rune.storage<offset = 0, lanes = 16, batch = 1, n = 32, k = 5, batchStride = 0, nStride = 5, kStride = 1>]}
// LAYOUT: rune.parameter @normed {{.*}}{storages = [#rune.storage<{{[^>]*}}lanes = 0
// LAYOUT: rune.parameter @odd {{.*}}{storages = [#rune.storage<{{[^>]*}}lanes = 0
// LAYOUT: rune.slot {{.*}}{phase = 0 : i64, storages = [#rune.storage<offset = 0, lanes = 16, batch = 1, n = 32, k = 5,

// CHECK-LABEL: func.func @step
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x5xf32>, %[[DY:[a-z0-9]+]]: tensor<4x32xf32>
// CHECK: %[[W:.*]] = rune.get_panels @weight : tensor<2x5x16xf32>
// CHECK: %[[XT:.*]] = rune.transpose %[[X]] [1, 0]
// CHECK: %[[G:.*]] = rune.matmul_panels %[[XT]], %[[DY]] : tensor<5x4xf32>, tensor<4x32xf32> -> tensor<2x5x16xf32>
// CHECK: %[[M:.*]] = rune.get_panels @moment : tensor<2x5x16xf32>
// CHECK: %[[N:.*]] = rune.add %[[M]], %[[G]] : tensor<2x5x16xf32>
// CHECK: %[[L:.*]] = rune.broadcast %{{.*}} : tensor<f32> to tensor<2x5x16xf32>
// CHECK: %[[S:.*]] = rune.mul %[[L]], %[[N]] : tensor<2x5x16xf32>
// CHECK: %[[V:.*]] = rune.sub %[[W]], %[[S]] : tensor<2x5x16xf32>
// CHECK: rune.set_panels @moment, %[[N]]
// CHECK: rune.set_panels @weight, %[[V]]
// CHECK: rune.set @normed
// CHECK: rune.set @odd
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @weight : tensor<32x5xf32>
  rune.parameter @normed : tensor<32x5xf32>
  rune.parameter @odd : tensor<33x5xf32>
  rune.slot @moment "moment" state of @weight : tensor<32x5xf32> {phase = 0 : i64}
  func.func @step(%x: tensor<4x5xf32>, %dy: tensor<4x32xf32>, %dz: tensor<4x33xf32>) -> (tensor<4x32xf32>, tensor<4x32xf32>, tensor<4x33xf32>, tensor<f32>) {
    %w = rune.get @weight : tensor<32x5xf32>
    %t = rune.transpose %w [1, 0] : tensor<32x5xf32>
    %y = rune.matmul %x, %t : tensor<4x5xf32>, tensor<5x32xf32>
    %dyt = rune.transpose %dy [1, 0] : tensor<4x32xf32>
    %g = rune.matmul %dyt, %x : tensor<32x4xf32>, tensor<4x5xf32>
    %m = rune.get @moment : tensor<32x5xf32>
    %n = rune.add %m, %g : tensor<32x5xf32>
    %rate = rune.constant dense<0.5> : tensor<f32>
    %l = rune.broadcast %rate : tensor<f32> to tensor<32x5xf32>
    %s = rune.mul %l, %n : tensor<32x5xf32>
    %v = rune.sub %w, %s : tensor<32x5xf32>
    rune.set @moment, %n : tensor<32x5xf32>
    rune.set @weight, %v : tensor<32x5xf32>

    %w2 = rune.get @normed : tensor<32x5xf32>
    %t2 = rune.transpose %w2 [1, 0] : tensor<32x5xf32>
    %y2 = rune.matmul %x, %t2 : tensor<4x5xf32>, tensor<5x32xf32>
    %g2 = rune.matmul %dyt, %x : tensor<32x4xf32>, tensor<4x5xf32>
    %norm = rune.reduce_sum %g2 [0, 1] : tensor<32x5xf32>
    %v2 = rune.sub %w2, %g2 : tensor<32x5xf32>
    rune.set @normed, %v2 : tensor<32x5xf32>

    %w3 = rune.get @odd : tensor<33x5xf32>
    %t3 = rune.transpose %w3 [1, 0] : tensor<33x5xf32>
    %y3 = rune.matmul %x, %t3 : tensor<4x5xf32>, tensor<5x33xf32>
    %dzt = rune.transpose %dz [1, 0] : tensor<4x33xf32>
    %g3 = rune.matmul %dzt, %x : tensor<33x4xf32>, tensor<4x5xf32>
    %v3 = rune.sub %w3, %g3 : tensor<33x5xf32>
    rune.set @odd, %v3 : tensor<33x5xf32>
    return %y, %y2, %y3, %norm : tensor<4x32xf32>, tensor<4x32xf32>, tensor<4x33xf32>, tensor<f32>
  }
}
