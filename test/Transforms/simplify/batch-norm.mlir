// RUN: rune-opt %s --pass-pipeline='builtin.module(rune.module(simplify))' --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @forward
// CHECK-DAG: %[[EPS:.*]] = rune.constant dense<9.99999974E-6>
// CHECK-DAG: %[[ONE:.*]] = rune.constant dense<1.000000e+00>
// CHECK: %[[MM:.*]] = rune.matmul
// CHECK: %[[DEV:.*]] = rune.sqrt
// CHECK: %[[SHIFT0:.*]] = rune.sub %{{.*}}, %{{.*}} : tensor<8xf32>
// CHECK: %[[SCALE:.*]] = rune.div %{{.*}}, %[[DEV]] : tensor<8xf32>
// CHECK: %[[SHIFT:.*]] = rune.div %[[SHIFT0]], %[[DEV]] : tensor<8xf32>
// CHECK: %[[WIDE:.*]] = rune.broadcast %[[SCALE]]
// CHECK: %[[SCALED:.*]] = rune.mul %[[MM]], %[[WIDE]]
// CHECK: %[[WIDE2:.*]] = rune.broadcast %[[SHIFT]]
// CHECK: %[[OUT:.*]] = rune.add %[[SCALED]], %[[WIDE2]]
// CHECK: return %[[OUT]]

// The hooked variant keeps every rounding.
// CHECK-LABEL: func @forward.hooked
// CHECK: rune.sub %{{.*}}, %{{.*}} : tensor<?x8xf32
rune.module @Net dtype f32 {
  rune.submodule @"." type "Net"
  rune.parameter @"fc.weight" : tensor<8x4xf32>
  // expected-warning @+1 {{the bias 'fc.bias' is redundant: the batch norm after it subtracts it again}}
  rune.parameter @"fc.bias" : tensor<8xf32>
  rune.buffer @"bn.running_mean" : tensor<8xf32>
  rune.buffer @"bn.running_var" : tensor<8xf32>
  func.func @forward(%x: tensor<?x4xf32, #rune.dims<[n, 4]>>) -> tensor<?x8xf32, #rune.dims<[n, 8]>> {
    %w = rune.get @"fc.weight" : tensor<8x4xf32>
    %t = rune.transpose %w [1, 0] : tensor<8x4xf32>
    %0 = rune.matmul %x, %t : tensor<?x4xf32, #rune.dims<[n, 4]>>, tensor<4x8xf32>
    %b = rune.get @"fc.bias" : tensor<8xf32>
    %bb = rune.broadcast %b : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %1 = rune.add %0, %bb : tensor<?x8xf32, #rune.dims<[n, 8]>>
    %m = rune.get @"bn.running_mean" : tensor<8xf32>
    %mb = rune.broadcast %m : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %2 = rune.sub %1, %mb : tensor<?x8xf32, #rune.dims<[n, 8]>>
    %v = rune.get @"bn.running_var" : tensor<8xf32>
    %eps = rune.constant dense<1.0e-5> : tensor<f32>
    %epsb = rune.broadcast %eps : tensor<f32> to tensor<8xf32>
    %ve = rune.add %v, %epsb : tensor<8xf32>
    %d = rune.sqrt %ve : tensor<8xf32>
    %db = rune.broadcast %d : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %3 = rune.div %2, %db : tensor<?x8xf32, #rune.dims<[n, 8]>>
    return %3 : tensor<?x8xf32, #rune.dims<[n, 8]>>
  }
  func.func @forward.hooked(%x: tensor<?x4xf32, #rune.dims<[n, 4]>>) -> tensor<?x8xf32, #rune.dims<[n, 8]>> attributes {rune.hooked} {
    %w = rune.get @"fc.weight" : tensor<8x4xf32>
    %t = rune.transpose %w [1, 0] : tensor<8x4xf32>
    %0 = rune.matmul %x, %t : tensor<?x4xf32, #rune.dims<[n, 4]>>, tensor<4x8xf32>
    %b = rune.get @"fc.bias" : tensor<8xf32>
    %bb = rune.broadcast %b : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %1 = rune.add %0, %bb : tensor<?x8xf32, #rune.dims<[n, 8]>>
    %m = rune.get @"bn.running_mean" : tensor<8xf32>
    %mb = rune.broadcast %m : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %2 = rune.sub %1, %mb : tensor<?x8xf32, #rune.dims<[n, 8]>>
    %v = rune.get @"bn.running_var" : tensor<8xf32>
    %vb = rune.broadcast %v : tensor<8xf32> to tensor<?x8xf32, #rune.dims<[n, 8]>>
    %3 = rune.div %2, %vb : tensor<?x8xf32, #rune.dims<[n, 8]>>
    return %3 : tensor<?x8xf32, #rune.dims<[n, 8]>>
  }
}
