// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs any pass of the compiler on textual IR.

#include "Codegen/Passes.h"
#include "Codegen/Pipeline.h"
#include "Codegen/Register.h"
#include "Codegen/TargetDesc.h"
#include "Interpreter/Passes.h"
#include "Transforms/Passes.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

namespace {
struct ToLoopsOptions : mlir::PassPipelineOptions<ToLoopsOptions> {
  Option<std::string> targetCpu{*this, "target-cpu", llvm::cl::desc("The processor"), llvm::cl::init("native")};
  Option<bool> hooks{*this, "hooks", llvm::cl::desc("Compile the hooked variants too"), llvm::cl::init(false)};
};
} // namespace

/// The passes that `runec build --emit=loops` runs.
static void registerToLoops() {
  static mlir::PassPipelineRegistration<ToLoopsOptions> pipeline(
      "to-loops", "From the dialect to loops for a processor",
      [](mlir::OpPassManager &passes, const ToLoopsOptions &options) {
        auto target = rune::describeTarget(options.targetCpu);
        if (!target)
          llvm::report_fatal_error(target.takeError());
        rune::PipelineOptions pipeline;
        pipeline.targetCpu = options.targetCpu;
        pipeline.fma = target->fma;
        pipeline.hooks = options.hooks;
        rune::addStages(passes, rune::Stage::Module, rune::Stage::Loops, pipeline);
      });
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  rune::registerAllDialects(registry);
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  rune::registerRuneTransformsPasses();
  rune::registerRuneCodegenPasses();
  rune::registerRuneInterpreterPasses();
  registerToLoops();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Runestone optimizer driver\n", registry));
}
