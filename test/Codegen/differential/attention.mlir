// RUN: rune-differential %s --rounds=4 | FileCheck %s
//
// Attention and its gradients in blocks, for sizes below, at and beyond a block's, against the interpreter and its
// central differences; all processors with the same bits.

// CHECK: 8 entries, 0 failures
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"

  func.func @small(%q: tensor<2x3x5xf32>, %k: tensor<2x4x5xf32>, %v: tensor<2x4x7xf32>)
      -> (tensor<2x3x7xf32> {differential.tolerance = 1.0e-5}, tensor<2x3xf32> {differential.tolerance = 1.0e-5})
      attributes {rune.entry, rune.symbols = []} {
    %r, %l = rune.attention %q, %k, %v scale 0.5 : tensor<2x3x5xf32>, tensor<2x4x5xf32>, tensor<2x4x7xf32>
    return %r, %l : tensor<2x3x7xf32>, tensor<2x3xf32>
  }

  func.func @blocks(%q: tensor<2x100x16xf32>, %k: tensor<2x97x16xf32>, %v: tensor<2x97x33xf32>)
      -> (tensor<2x100x33xf32> {differential.tolerance = 1.0e-5}, tensor<2x100xf32> {differential.tolerance = 1.0e-5})
      attributes {rune.entry, rune.symbols = []} {
    %r, %l = rune.attention %q, %k, %v scale 0.25 : tensor<2x100x16xf32>, tensor<2x97x16xf32>, tensor<2x97x33xf32>
    return %r, %l : tensor<2x100x33xf32>, tensor<2x100xf32>
  }

  // Nothing to see.
  func.func @no_keys(%q: tensor<3x5xf32>, %k: tensor<0x5xf32>, %v: tensor<0x7xf32>) -> tensor<3x7xf32>
      attributes {rune.entry, rune.symbols = []} {
    %r, %l = rune.attention %q, %k, %v scale 0.5 : tensor<3x5xf32>, tensor<0x5xf32>, tensor<0x7xf32>
    return %r : tensor<3x7xf32>
  }

  // More rows than keys, and more keys than rows.
  func.func @causal(%q: tensor<100x3xf32>, %k: tensor<49x3xf32>, %v: tensor<49x2xf32>, %p: tensor<49x3xf32>,
                    %w: tensor<100x2xf32>, %x: tensor<100x3xf32>)
      -> (tensor<100x2xf32> {differential.tolerance = 1.0e-5}, tensor<49x2xf32> {differential.tolerance = 1.0e-5})
      attributes {rune.entry, rune.symbols = []} {
    %r, %l = rune.attention %q, %k, %v scale 1.0 causal : tensor<100x3xf32>, tensor<49x3xf32>, tensor<49x2xf32>
    %s, %m = rune.attention %p, %x, %w scale 1.0 causal : tensor<49x3xf32>, tensor<100x3xf32>, tensor<100x2xf32>
    return %r, %s : tensor<100x2xf32>, tensor<49x2xf32>
  }

  // Sizes that are known at run time, none of them too, and matrices that lie across.
  func.func @symbolic(%q: tensor<?x?x2x8xf32, #rune.dims<[b, n, 2, 8]>>, %k: tensor<?x?x2x8xf32, #rune.dims<[b, n, 2, 8]>>,
                      %v: tensor<?x?x2x4xf32, #rune.dims<[b, n, 2, 4]>>)
      -> (tensor<?x?x2x4xf32, #rune.dims<[b, n, 2, 4]>> {differential.tolerance = 1.0e-5})
      attributes {rune.entry, rune.symbols = ["b", "n"]} {
    %0 = rune.transpose %q [0, 2, 1, 3] : tensor<?x?x2x8xf32, #rune.dims<[b, n, 2, 8]>>
    %1 = rune.transpose %k [0, 2, 1, 3] : tensor<?x?x2x8xf32, #rune.dims<[b, n, 2, 8]>>
    %2 = rune.transpose %v [0, 2, 1, 3] : tensor<?x?x2x4xf32, #rune.dims<[b, n, 2, 4]>>
    %r, %l = rune.attention %0, %1, %2 scale 0.35 causal : tensor<?x2x?x8xf32, #rune.dims<[b, 2, n, 8]>>, tensor<?x2x?x8xf32, #rune.dims<[b, 2, n, 8]>>, tensor<?x2x?x4xf32, #rune.dims<[b, 2, n, 4]>>
    %3 = rune.transpose %r [0, 2, 1, 3] : tensor<?x2x?x4xf32, #rune.dims<[b, 2, n, 4]>>
    return %3 : tensor<?x?x2x4xf32, #rune.dims<[b, n, 2, 4]>>
  }

  func.func @gradients(%q: tensor<3x50x5xf64>, %k: tensor<3x60x5xf64>, %v: tensor<3x60x6xf64>, %c: tensor<3x50x6xf64>)
      -> (tensor<3x50x5xf64> {differential.tolerance = 1.0e-10}, tensor<3x60x5xf64> {differential.tolerance = 1.0e-10}, tensor<3x60x6xf64> {differential.tolerance = 1.0e-10})
      attributes {rune.entry, rune.symbols = []} {
    %r, %l = rune.attention %q, %k, %v scale 0.3 : tensor<3x50x5xf64>, tensor<3x60x5xf64>, tensor<3x60x6xf64>
    %dq, %dk, %dv = rune.attention_grad %q, %k, %v, %r, %l, %c scale 0.3 : tensor<3x50x5xf64>, tensor<3x60x5xf64>, tensor<3x60x6xf64>, tensor<3x50x6xf64>, tensor<3x50xf64>, tensor<3x50x6xf64>
    return %dq, %dk, %dv : tensor<3x50x5xf64>, tensor<3x60x5xf64>, tensor<3x60x6xf64>
  }

  func.func @causal_gradients(%q: tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, %k: tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>,
                              %v: tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>, %c: tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>)
      -> (tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>> {differential.tolerance = 1.0e-4}, tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>> {differential.tolerance = 1.0e-4},
          tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>> {differential.tolerance = 1.0e-4})
      attributes {rune.entry, rune.symbols = ["b"]} {
    %r, %l = rune.attention %q, %k, %v scale 0.5 causal : tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>
    %dq, %dk, %dv = rune.attention_grad %q, %k, %v, %r, %l, %c scale 0.5 causal : tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>, tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>, tensor<?x65xf32, #rune.dims<[b, 65]>>, tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>
    return %dq, %dk, %dv : tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x4xf32, #rune.dims<[b, 65, 4]>>, tensor<?x65x20xf32, #rune.dims<[b, 65, 20]>>
  }

  // The rule of the gradient, against differences.
  func.func @rule(%q: tensor<4x3xf64>, %k: tensor<5x3xf64>, %v: tensor<5x2xf64>, %c: tensor<4x2xf64>)
      -> (tensor<f64> {differential.tolerance = 1.0e-9}, tensor<4x3xf64> {differential.tolerance = 1.0e-9}, tensor<5x3xf64> {differential.tolerance = 1.0e-9}, tensor<5x2xf64> {differential.tolerance = 1.0e-9})
      attributes {rune.entry, rune.symbols = [], differential.gradients = [0, 1, 2]} {
    %r, %l = rune.attention %q, %k, %v scale 0.7 causal : tensor<4x3xf64>, tensor<5x3xf64>, tensor<5x2xf64>
    %0 = rune.mul %r, %c : tensor<4x2xf64>
    %1 = rune.reduce_sum %0 [0, 1] : tensor<4x2xf64>
    %dq, %dk, %dv = rune.grad %1 by %q, %k, %v : tensor<f64> by tensor<4x3xf64>, tensor<5x3xf64>, tensor<5x2xf64> -> tensor<4x3xf64>, tensor<5x3xf64>, tensor<5x2xf64>
    return %1, %dq, %dk, %dv : tensor<f64>, tensor<4x3xf64>, tensor<5x3xf64>, tensor<5x2xf64>
  }
}
