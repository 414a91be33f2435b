// RUN: rune-opt %s --split-input-file --verify-diagnostics

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @weight : tensor<32x5xf32>
  func.func @shape() -> tensor<2x4x16xf32> {
    // expected-error @+1 {{has type 'tensor<2x4x16xf32>', which is no panels of @weight, declared as 'tensor<32x5xf32>'}}
    %0 = rune.get_panels @weight : tensor<2x4x16xf32>
    return %0 : tensor<2x4x16xf32>
  }
}

// -----

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  func.func @name(%x: tensor<2x4x16xf32>) {
    // expected-error @+1 {{no member named @weight}}
    rune.set_panels @weight, %x : tensor<2x4x16xf32>
    return
  }
}

// -----

func.func @dtype(%x: tensor<5x4xf32>, %y: tensor<4x32xf64>) -> tensor<2x5x16xf32> {
  // expected-error @+1 {{expects two matrices of one dtype}}
  %0 = rune.matmul_panels %x, %y : tensor<5x4xf32>, tensor<4x32xf64> -> tensor<2x5x16xf32>
  return %0 : tensor<2x5x16xf32>
}

// -----

func.func @inner(%x: tensor<5x4xf32>, %y: tensor<3x32xf32>) -> tensor<2x5x16xf32> {
  // expected-error @+1 {{has 4 columns beside 3 rows}}
  %0 = rune.matmul_panels %x, %y : tensor<5x4xf32>, tensor<3x32xf32> -> tensor<2x5x16xf32>
  return %0 : tensor<2x5x16xf32>
}

// -----

func.func @result(%x: tensor<5x4xf32>, %y: tensor<4x30xf32>) -> tensor<2x5x16xf32> {
  // expected-error @+1 {{has a result of type 'tensor<2x5x16xf32>', which is no panels of the product}}
  %0 = rune.matmul_panels %x, %y : tensor<5x4xf32>, tensor<4x30xf32> -> tensor<2x5x16xf32>
  return %0 : tensor<2x5x16xf32>
}
