// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(register-parameters))' --split-input-file --verify-diagnostics

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  // expected-error @+1 {{module 'a.b' comes before its parent}}
  rune.submodule @a.b. type "Linear"
}

// -----

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  // expected-error @+1 {{no module registers this member}}
  rune.parameter @a.weight : tensor<3xf32>
}

// -----

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @a : tensor<3xf32>
  rune.buffer @b : tensor<3xf32>
  // expected-error @+1 {{expects two parameters}}
  rune.tie @a to @b
}

// -----

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @a : tensor<3xf32>
  rune.parameter @b : tensor<4xf32>
  // expected-error @+1 {{cannot tie 'tensor<3xf32>' to 'tensor<4xf32>'}}
  rune.tie @a to @b
}

// -----

rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @a : tensor<3xf32>
  // expected-error @+1 {{ties a parameter to itself}}
  rune.tie @a to @a
}
