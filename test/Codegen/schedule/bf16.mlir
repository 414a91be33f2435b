// RUN: rune-opt %s --to-loops=target-cpu=sapphirerapids | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: rune-opt %s --to-loops=target-cpu=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,MODE
// RUN: rune-opt %s --to-loops=target-cpu=highway-8 | FileCheck %s --check-prefixes=CHECK,SELECT --implicit-check-not=rune.flush_begin
//
// One row takes the instruction where there is one; many rows multiply and add, two for a word, in the mode in which
// subnormal sums are zero; where there is no such mode each sum is looked at.

// CHECK-LABEL: func.func private @matmul_0
// DOT: rune.dot_bf16 %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32>, vector<16xi32>, vector<16xf32>
// MODE: %[[BEFORE:.*]] = rune.flush_begin
// MODE-NOT: rune.flush_subnormal
// MODE: rune.flush_end %[[BEFORE]]
// SELECT: rune.flush_subnormal %{{.*}} : vector<8xf32>

// CHECK-LABEL: func.func private @matmul_2
// DOT-NOT: rune.dot_bf16
// DOT: rune.flush_begin
// DOT: vector.fma
// DOT: rune.flush_end
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @one_row(%x: tensor<1x32xf32>, %y: tensor<32x16xf32>) -> tensor<1x16xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.matmul bf16 %x, %y : tensor<1x32xf32>, tensor<32x16xf32>
    return %0 : tensor<1x16xf32>
  }
  func.func @rows(%x: tensor<8x32xf32>, %y: tensor<32x16xf32>) -> tensor<8x16xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.matmul bf16 %x, %y : tensor<8x32xf32>, tensor<32x16xf32>
    return %0 : tensor<8x16xf32>
  }
}
