// RUN: rune-differential %s --rounds=8 | FileCheck %s
//
// Calls that fail for some inputs: the interpreter expects the same status.

// CHECK: 5 entries, 0 failures
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"

  func.func @index_out_of_range(%x: tensor<3xf32>, %i: tensor<2xi64>) -> tensor<2xf32>
      attributes {rune.entry, rune.symbols = []} {
    %0 = rune.gather %x, %i dim 0 : tensor<3xf32>, tensor<2xi64>
    return %0 : tensor<2xf32>
  }

  // What nothing reads is not checked.
  func.func @unread(%x: tensor<3xf32>, %i: tensor<2xi64>) -> tensor<3xf32> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.gather %x, %i dim 0 : tensor<3xf32>, tensor<2xi64>
    return %x : tensor<3xf32>
  }

  // An index that is repeated for no element is not wrong.
  func.func @repeated_for_nothing(%x: tensor<3x?xf32, #rune.dims<[3, b]>>, %i: tensor<2x1xi64>)
      -> tensor<2x?xf32, #rune.dims<[2, b]>> attributes {rune.entry, rune.symbols = ["b"]} {
    %0 = rune.broadcast %i : tensor<2x1xi64> to tensor<2x?xi64, #rune.dims<[2, b]>>
    %1 = rune.gather %x, %0 dim 0 : tensor<3x?xf32, #rune.dims<[3, b]>>, tensor<2x?xi64, #rune.dims<[2, b]>>
    return %1 : tensor<2x?xf32, #rune.dims<[2, b]>>
  }

  // The first of two checks that fails gives the status.
  func.func @checks(%x: tensor<2xi1>) -> tensor<2xi1> attributes {rune.entry, rune.symbols = []} {
    %0 = rune.slice %x from <[0]> size <[1]> step [1] : tensor<2xi1>
    %1 = rune.reshape %0 : tensor<1xi1> to tensor<i1>
    rune.check %1, "the first" : tensor<i1>
    %2 = rune.slice %x from <[1]> size <[1]> step [1] : tensor<2xi1>
    %3 = rune.reshape %2 : tensor<1xi1> to tensor<i1>
    rune.check %3, "the second" : tensor<i1>
    return %x : tensor<2xi1>
  }

  func.func @empty_table(%x: tensor<?xf32, #rune.dims<[b]>>, %i: tensor<2xi64> {differential.below = #rune.dims<[b]>})
      -> tensor<2xf32> attributes {rune.entry, rune.symbols = ["b"]} {
    %0 = rune.gather %x, %i dim 0 : tensor<?xf32, #rune.dims<[b]>>, tensor<2xi64>
    return %0 : tensor<2xf32>
  }
}
