// RUN: rune-opt %s --split-input-file --verify-diagnostics

func.func @reshape_c1(%x: tensor<2x3xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{(C1) cannot view [2, 3] as [5]}}
  %0 = rune.reshape %x : tensor<2x3xf32> to tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

func.func @broadcast_c1(%x: tensor<2x3xf32>) -> tensor<4x3xf32> {
  // expected-error @+1 {{(C1) cannot broadcast [2, 3] to [4, 3]}}
  %0 = rune.broadcast %x : tensor<2x3xf32> to tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

func.func @transpose_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{(C1) a permutation of the dimensions expected}}
  %0 = rune.transpose %x [0, 0] : tensor<2x3xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{(C1) starts, sizes and steps for 2 dimensions expected}}
  %0 = rune.slice %x from <[0]> size <[1]> step [1] : tensor<2x3xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<3xf32>) {
  // expected-error @+1 {{(C2) positive steps expected}}
  %0 = rune.slice %x from <[0]> size <[1]> step [0] : tensor<3xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<3xf32>) {
  // expected-error @+1 {{(C3) slice of dimension 0 ends at 3, beyond size 3}}
  %0 = rune.slice %x from <[1]> size <[2]> step [2] : tensor<3xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @+1 {{(C1) non-negative padding for 1 dimensions expected}}
  %0 = rune.pad %x, %v low <[-1]> high <[0]> : tensor<3xf32>, tensor<f32>
  return
}

// -----

func.func @pad_c2(%x: tensor<3xf32>, %v: tensor<1xf32>) {
  // expected-error @+1 {{(C2) a scalar of the input's dtype expected as value}}
  %0 = rune.pad %x, %v low <[1]> high <[0]> : tensor<3xf32>, tensor<1xf32>
  return
}

// -----

func.func @concat_c1() {
  // expected-error @+2 {{(C1) an input expected}}
  // expected-error @+1 {{failed to infer returned types}}
  %0 = "rune.concat"() {dim = 0 : i64} : () -> tensor<3xf32>
  return
}

// -----

func.func @concat_c2(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @+1 {{(C2) cannot concatenate [2, 4] to [2, 3] along dimension 0}}
  %0 = rune.concat %x, %y dim 0 : tensor<2x3xf32>, tensor<2x4xf32>
  return
}

// -----

func.func @concat_c3(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{(C3) dimension 2 of a tensor of rank 2}}
  %0 = rune.concat %x dim 2 : tensor<2x3xf32>
  return
}

// -----

func.func @gather_c1(%x: tensor<2x3xf32>, %i: tensor<4x4xi64>) {
  // expected-error @+1 {{(C1) indices of shape [4, 4] do not fit [2, 3] but for dimension 0}}
  %0 = rune.gather %x, %i dim 0 : tensor<2x3xf32>, tensor<4x4xi64>
  return
}

// -----

func.func @gather_c2(%x: tensor<3xf32>, %i: tensor<4xi64>) {
  // expected-error @+1 {{(C2) dimension 1 of a tensor of rank 1}}
  %0 = rune.gather %x, %i dim 1 : tensor<3xf32>, tensor<4xi64>
  return
}

// -----

func.func @scatter_add_c1(%x: tensor<2x3xf32>, %i: tensor<4x4xi64>, %s: tensor<4x4xf32>) {
  // expected-error @+1 {{(C1) indices of shape [4, 4] do not fit [2, 3] but for dimension 0}}
  %0 = rune.scatter_add %x, %i, %s dim 0 : tensor<2x3xf32>, tensor<4x4xi64>, tensor<4x4xf32>
  return
}

// -----

func.func @scatter_add_c2(%x: tensor<3xf32>, %i: tensor<4xi64>, %s: tensor<4xf32>) {
  // expected-error @+1 {{(C2) dimension 1 of a tensor of rank 1}}
  %0 = rune.scatter_add %x, %i, %s dim 1 : tensor<3xf32>, tensor<4xi64>, tensor<4xf32>
  return
}

// -----

func.func @scatter_add_c3(%x: tensor<3xf32>, %i: tensor<4xi64>, %s: tensor<5xf32>) {
  // expected-error @+1 {{(C3) a source of shape [4] and the input's dtype expected}}
  %0 = rune.scatter_add %x, %i, %s dim 0 : tensor<3xf32>, tensor<4xi64>, tensor<5xf32>
  return
}

// -----

func.func @reduce_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{(C1) ascending dimensions of a tensor of rank 2 expected}}
  %0 = rune.reduce_sum %x [1, 0] : tensor<2x3xf32>
  return
}

// -----

func.func @argmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{(C1) ascending dimensions of a tensor of rank 2 expected}}
  %0 = rune.argmax %x dim 2 : tensor<2x3xf32>
  return
}

// -----

func.func @matmul_c1(%x: tensor<3xf32>, %y: tensor<3x4xf32>) {
  // expected-error @+1 {{(C1) matrices of one dtype expected}}
  %0 = rune.matmul %x, %y : tensor<3xf32>, tensor<3x4xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) {
  // expected-error @+1 {{(C2) inner dimensions of [2, 3] and [4, 5] differ}}
  %0 = rune.matmul %x, %y : tensor<2x3xf32>, tensor<4x5xf32>
  return
}

// -----

func.func @matmul_c4(%x: tensor<2x3xf64>, %y: tensor<3x5xf64>) {
  // expected-error @+1 {{(C4) f32 expected, which is rounded to bf16}}
  %0 = rune.matmul bf16 %x, %y : tensor<2x3xf64>, tensor<3x5xf64>
  return
}

// -----

func.func @matmul_c3(%x: tensor<7x2x3xf32>, %y: tensor<6x3x5xf32>) {
  // expected-error @+1 {{(C3) leading dimensions of [7, 2, 3] and [6, 3, 5] differ}}
  %0 = rune.matmul %x, %y : tensor<7x2x3xf32>, tensor<6x3x5xf32>
  return
}

// -----

func.func @attention_c1(%x: tensor<2x3xf32>, %y: tensor<1x2x3xf32>) {
  // expected-error @+1 {{(C1) matrices of one dtype and the same leading dimensions expected}}
  %0, %1 = rune.attention %x, %y, %x scale 1.0 : tensor<2x3xf32>, tensor<1x2x3xf32>, tensor<2x3xf32>
  return
}

// -----

func.func @attention_c2(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) {
  // expected-error @+1 {{(C2) [2, 3], [4, 5] and [4, 5] do not fit}}
  %0, %1 = rune.attention %x, %y, %y scale 1.0 : tensor<2x3xf32>, tensor<4x5xf32>, tensor<4x5xf32>
  return
}

// -----

func.func @attention_c3(%x: tensor<2x?xf32, #rune.dims<[2, n]>>) {
  // expected-error @+1 {{(C3) the last dimensions have to be constants}}
  %0, %1 = rune.attention %x, %x, %x scale 1.0 : tensor<2x?xf32, #rune.dims<[2, n]>>, tensor<2x?xf32, #rune.dims<[2, n]>>, tensor<2x?xf32, #rune.dims<[2, n]>>
  return
}

// -----

func.func @attention_grad_c1(%x: tensor<2x3xf32>, %l: tensor<2xf32>, %y: tensor<3x3xf32>) {
  // expected-error @+1 {{(C1) what attention gave does not fit}}
  %0, %1, %2 = rune.attention_grad %x, %x, %x, %x, %l, %y scale 1.0 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>, tensor<3x3xf32>
  return
}

// -----

func.func @select_shape(%c: tensor<2xi1>, %x: tensor<3xf32>) {
  // expected-error @+1 {{condition of shape [3] expected, got [2]}}
  %0 = rune.select %c, %x, %x : tensor<2xi1>, tensor<3xf32>
  return
}

// -----

// expected-error @+1 {{expected a polynomial over dimension names}}
func.func @dims(%x: tensor<?xf32, #rune.dims<["n +"]>>) {
  return
}

// -----

rune.module @Net dtype f32 {
  func.func @hook_types(%x: tensor<2xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{expects results of its operands' types}}
    %0 = rune.hook @a. pre inputs 1(%x) : (tensor<2xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}

// -----

rune.module @Net dtype f32 {
  func.func @hook_places(%x: tensor<2xf32>) -> tensor<2xf32> {
    // expected-error @+1 {{expects the place of each gradient, and how many inputs and outputs there are}}
    %0 = rune.hook @a. backward pre inputs 0(%x) places [0, 1] arity [1, 1] : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}
