// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(autodiff))' --verify-diagnostics

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func private @a.forward(%x: tensor<2xf32>) -> tensor<2xf32> {
    return %x : tensor<2xf32>
  }
  func.func @forward(%x: tensor<2xf32>) -> tensor<2xf32> {
    // expected-error @+1 {{there is no gradient of 'call'}}
    %0 = rune.call @a.forward(%x) : (tensor<2xf32>) -> tensor<2xf32>
    %g = rune.grad %0 by %x : tensor<2xf32> by tensor<2xf32> -> tensor<2xf32>
    return %g : tensor<2xf32>
  }
}
