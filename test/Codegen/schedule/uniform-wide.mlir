// RUN: rune-opt %s --to-loops=target-cpu=x86-64-v3 | FileCheck %s
//
// A double that is the same for all elements stays a scalar: it does not halve the vectors.

// CHECK-LABEL: func.func private @mul
// CHECK: arith.truncf %{{.*}} : f64 to f32
// CHECK: arith.mulf %{{.*}}, %{{.*}} : vector<8xf32>
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @forward(%x: tensor<64xf32>, %scale: tensor<f64>) -> tensor<64xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.cast %scale to f32 : tensor<f64>
    %1 = rune.broadcast %0 : tensor<f32> to tensor<64xf32>
    %2 = rune.mul %x, %1 : tensor<64xf32>
    return %2 : tensor<64xf32>
  }
}
