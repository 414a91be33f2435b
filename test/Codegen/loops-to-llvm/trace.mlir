// RUN: rune-opt --loops-to-llvm --split-input-file %s | FileCheck %s

// Where there are few kernels: a load and a branch beside what is called where there is a profile.
// CHECK-LABEL: llvm.func @forward
// CHECK:         %[[SITE:.*]] = llvm.mlir.addressof @rune_site_0
// CHECK:         llvm.call @trace_here(%[[SITE]]) : (!llvm.ptr) -> ()
// CHECK:         %[[NONE:.*]] = llvm.mlir.zero : !llvm.ptr
// CHECK:         llvm.call @trace_here(%[[NONE]]) : (!llvm.ptr) -> ()
// CHECK-DAG:   llvm.mlir.global internal constant @rune_site_0("forward\00fc1_relu\00fc1: matmul\00digits_mlp.yaml:11\00")
// CHECK-DAG:   llvm.func @rune_trace_site(!llvm.ptr)
// CHECK:       llvm.mlir.global external @rune_tracing() {{.*}}: i32
// CHECK:       llvm.func internal @trace_here(%[[TEXTS:.*]]: !llvm.ptr) attributes {always_inline
// CHECK:         %[[FLAG:.*]] = llvm.mlir.addressof @rune_tracing
// CHECK-NEXT:    %[[TRACING:.*]] = llvm.load %[[FLAG]] : !llvm.ptr -> i32
// CHECK:         llvm.cond_br %{{.*}}, ^[[ON:.*]], ^[[OFF:.*]]
// CHECK:       ^[[ON]]:
// CHECK-NEXT:    llvm.call preserve_mostcc @trace_cold(%[[TEXTS]])
// CHECK:       llvm.func internal preserve_mostcc @trace_cold(%{{.*}}: !llvm.ptr) attributes {no_inline
func.func @forward() {
  rune.trace "fc1_relu" does "fc1: matmul" at "digits_mlp.yaml:11" costs <[8192, 4096]>
  rune.trace_end
  return
}
