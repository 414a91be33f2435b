// RUN: rune-opt --expand-math --split-input-file --verify-diagnostics %s

func.func @halfPrecision(%x: f16) -> f16 {
  // expected-error @+1 {{expected f32 or f64, or a 1-D vector of them, but got 'f16'}}
  %0 = math.exp %x : f16
  return %0 : f16
}

// -----

func.func @tensor(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected f32 or f64, or a 1-D vector of them, but got 'tensor<4xf32>'}}
  %0 = math.tanh %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @matrix(%x: vector<4x4xf32>) -> vector<4x4xf32> {
  // expected-error @+1 {{expected f32 or f64, or a 1-D vector of them, but got 'vector<4x4xf32>'}}
  %0 = math.log %x : vector<4x4xf32>
  return %0 : vector<4x4xf32>
}

// -----

func.func @noExpansion(%x: f32) -> f32 {
  // expected-error @+1 {{'math.tan' op has no expansion}}
  %0 = math.tan %x : f32
  return %0 : f32
}
