// RUN: rune-opt --loops-to-llvm %s | FileCheck %s

// A load and a branch where there is no profile.
// CHECK-LABEL: llvm.func @forward
// CHECK:         %[[FLAG:.*]] = llvm.mlir.addressof @rune_tracing
// CHECK-NEXT:    %[[TRACING:.*]] = llvm.load %[[FLAG]] : !llvm.ptr -> i32
// CHECK:         llvm.cond_br %{{.*}}, ^[[ON:.*]], ^[[OFF:.*]]
// CHECK:       ^[[ON]]:
// CHECK-NEXT:    %[[SITE:.*]] = llvm.mlir.addressof @rune_site_0
// CHECK-NEXT:    llvm.call @rune_trace(%[[SITE]]) : (!llvm.ptr) -> ()
// CHECK:       ^[[OFF]]:
// CHECK:         %[[NONE:.*]] = llvm.mlir.zero : !llvm.ptr
// CHECK:         llvm.call @rune_trace(%[[NONE]]) : (!llvm.ptr) -> ()
// CHECK:       llvm.mlir.global internal constant @rune_text_{{[0-9]+}}("forward\00")
// CHECK:       llvm.mlir.global internal constant @rune_text_{{[0-9]+}}("fc1_relu\00")
// CHECK:       llvm.mlir.global internal constant @rune_site_0()
func.func @forward() {
  rune.trace "fc1_relu" does "fc1: matmul" at "digits_mlp.yaml:11" costs <[8192, 4096]>
  rune.trace_end
  return
}
