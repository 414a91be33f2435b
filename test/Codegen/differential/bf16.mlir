// RUN: rune-differential %s --rounds=4 | FileCheck %s
//
// Products of bfloat16: one row and few, in tiles and in blocks, an odd last k, panels packed here, columns as rows;
// against the interpreter, and all processors with the same bits.

// CHECK: 6 entries, 0 failures
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @weight : tensor<37x21xf32>

  func.func @member(%x: tensor<3x21xf32>) -> tensor<3x37xf32> attributes {rune.entry, rune.symbols = []} {
    %w = rune.get @weight : tensor<37x21xf32>
    %t = rune.transpose %w [1, 0] : tensor<37x21xf32>
    %0 = rune.matmul bf16 %x, %t : tensor<3x21xf32>, tensor<21x37xf32>
    return %0 : tensor<3x37xf32>
  }

  func.func @one_row(%x: tensor<1x64xf32>, %y: tensor<64x200xf32>) -> tensor<1x200xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.matmul bf16 %x, %y : tensor<1x64xf32>, tensor<64x200xf32>
    return %0 : tensor<1x200xf32>
  }

  func.func @one(%x: tensor<1x1xf32>, %y: tensor<1x1xf32>) -> tensor<1x1xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.matmul bf16 %x, %y : tensor<1x1xf32>, tensor<1x1xf32>
    return %0 : tensor<1x1xf32>
  }

  func.func @blocks(%x: tensor<45x519xf32>, %y: tensor<519x264xf32>) -> tensor<45x264xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.matmul bf16 %x, %y : tensor<45x519xf32>, tensor<519x264xf32>
    return %0 : tensor<45x264xf32>
  }

  // The gradients' forms.
  func.func @transposed(%x: tensor<?x40xf32, #rune.dims<[n, 40]>>, %y: tensor<?x17xf32, #rune.dims<[n, 17]>>)
      -> tensor<40x17xf32> attributes {rune.entry, rune.symbols = ["n"]} {
    %t = rune.transpose %x [1, 0] : tensor<?x40xf32, #rune.dims<[n, 40]>>
    %0 = rune.matmul bf16 %t, %y : tensor<40x?xf32, #rune.dims<[40, n]>>, tensor<?x17xf32, #rune.dims<[n, 17]>>
    return %0 : tensor<40x17xf32>
  }

  func.func @batches(%x: tensor<3x20x9xf32>, %y: tensor<3x11x9xf32>) -> tensor<3x20x11xf32>
      attributes {rune.entry, rune.symbols = []} {
    %t = rune.transpose %y [0, 2, 1] : tensor<3x11x9xf32>
    %0 = rune.matmul bf16 %x, %t : tensor<3x20x9xf32>, tensor<3x9x11xf32>
    return %0 : tensor<3x20x11xf32>
  }
}
