// RUN: rune-opt %s --pass-pipeline='builtin.module(func.func(fuse-siblings))' | FileCheck %s

#row = affine_map<(d0, d1) -> (d0, d1)>
#line = affine_map<(d0) -> (d0)>
#turned = affine_map<(d0, d1) -> (d1, d0)>

// Two readers of one tensor become one op; what both read is read once.
// CHECK-LABEL: @moments
// CHECK: %[[R:[a-z0-9]+]]:2 = linalg.generic {{.*}} ins(%arg0, %arg1, %arg2 : {{.*}}) outs(%{{.*}}, %{{.*}} :
// CHECK-NEXT: ^bb0(%[[G:[a-z_0-9]+]]: f32, %[[M:[a-z_0-9]+]]: f32, %[[V:[a-z_0-9]+]]: f32,
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[G]], %[[M]]
// CHECK-NEXT: %[[B:.*]] = arith.mulf %[[G]], %[[V]]
// CHECK-NEXT: linalg.yield %[[A]], %[[B]]
// CHECK: return %[[R]]#0, %[[R]]#1 :
func.func @moments(%g: tensor<?xf32>, %m: tensor<?xf32>, %v: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<?xf32>) {
  %e = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]} ins(%g, %m : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %x = arith.addf %a, %b : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  %f = tensor.empty(%n) : tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]} ins(%g, %v : tensor<?xf32>, tensor<?xf32>) outs(%f : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %x = arith.mulf %a, %b : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// One that needs the other's result stays behind it.
// CHECK-LABEL: @chain
// CHECK-COUNT-2: linalg.generic
func.func @chain(%g: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%g : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = arith.negf %a : f32
    linalg.yield %x : f32
  } -> tensor<8xf32>
  %f = tensor.empty() : tensor<8xf32>
  %1 = linalg.generic {indexing_maps = [#line, #line, #line], iterator_types = ["parallel"]} ins(%g, %0 : tensor<8xf32>, tensor<8xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %x = arith.mulf %a, %b : f32
    linalg.yield %x : f32
  } -> tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// Neither are there common loops where one reads the tensor transposed.
// CHECK-LABEL: @turned
// CHECK-COUNT-2: linalg.generic
func.func @turned(%g: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %e = tensor.empty() : tensor<8x8xf32>
  %0 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]} ins(%g : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = arith.negf %a : f32
    linalg.yield %x : f32
  } -> tensor<8x8xf32>
  %f = tensor.empty() : tensor<8x8xf32>
  %1 = linalg.generic {indexing_maps = [#turned, #row], iterator_types = ["parallel", "parallel"]} ins(%g : tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = arith.mulf %a, %a : f32
    linalg.yield %x : f32
  } -> tensor<8x8xf32>
  return %0, %1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// What reads a result of an op that joined another reads one of the joined op, and is a sibling of its other readers.
// CHECK-LABEL: @readers
// CHECK: %[[R:[a-z0-9]+]]:2 = linalg.generic {{.*}} ins(%arg0 : {{.*}}) outs(%{{.*}}, %{{.*}} :
// CHECK: %[[S:[a-z0-9]+]]:2 = linalg.generic {{.*}} ins(%[[R]]#0 : {{.*}}) outs(%{{.*}}, %{{.*}} :
// CHECK: return %[[R]]#0, %[[R]]#1, %[[S]]#0, %[[S]]#1 :
func.func @readers(%g: tensor<?xf32>, %n: index) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %e = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%g : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = math.exp %a : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%g : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = math.absf %a : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = arith.mulf %a, %a : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  %3 = linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]} ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %x = arith.addf %a, %a : f32
    linalg.yield %x : f32
  } -> tensor<?xf32>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
