// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Pipeline.h"

#include "Codegen/Passes.h"
#include "Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace rune;

static void cleanUp(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

static RecomputeOptions recomputeOptions(const PipelineOptions &options) {
  RecomputeOptions recompute;
  recompute.budget = options.memoryBudget;
  for (const auto &[name, size] : options.sizes)
    recompute.sizes.push_back(name + "=" + std::to_string(size));
  return recompute;
}

static void addStage(OpPassManager &passes, Stage stage, const PipelineOptions &options) {
  switch (stage) {
  case Stage::Module:
    return;
  case Stage::Registry:
    passes.addNestedPass<RuneModuleOp>(createRegisterParameters());
    return;
  case Stage::Graph:
    passes.addNestedPass<RuneModuleOp>(createInlineModules({options.hooks}));
    passes.addNestedPass<RuneModuleOp>(createInferShapes());
    passes.addNestedPass<RuneModuleOp>(createSimplify({options.exact}));
    // A module's boundary inside would keep the hooked variant from it, which has another rounding then.
    if (!options.exact)
      passes.addNestedPass<RuneModuleOp>(createFuseAttention());
    return;
  case Stage::Grad:
    passes.addNestedPass<RuneModuleOp>(createAutodiff());
    passes.addNestedPass<RuneModuleOp>(createSimplify({options.exact}));
    if (options.bf16)
      passes.addNestedPass<RuneModuleOp>(createReducePrecision());
    passes.addNestedPass<RuneModuleOp>(createSplitBackward());
    return;
  case Stage::Linalg:
    passes.addNestedPass<RuneModuleOp>(createPanelUpdates());
    passes.addNestedPass<RuneModuleOp>(createChooseLayouts());
    passes.addPass(createConvertToLinalg());
    passes.addNestedPass<func::FuncOp>(createFuse());
    passes.addNestedPass<func::FuncOp>(createFuseSiblings());
    // No common subexpressions here: two ops that start from equal tensors must not share one destination.
    passes.addPass(createCanonicalizerPass());
    return;
  case Stage::Memory:
    passes.addPass(createBufferize());
    cleanUp(passes);
    passes.addNestedPass<func::FuncOp>(createHoistUpdates());
    if (options.memoryBudget > 0)
      passes.addPass(createRecompute(recomputeOptions(options)));
    passes.addNestedPass<func::FuncOp>(createPlanMemory());
    cleanUp(passes);
    return;
  case Stage::Loops:
    passes.addPass(createSchedule({options.targetCpu, options.threads}));
    passes.addPass(createCSEPass()); // a call is not known to be like another
    passes.addPass(createExpandMath({/*splitFma=*/!options.fma, /*outline=*/true}));
    cleanUp(passes);
    return;
  }
}

void rune::addStages(OpPassManager &passes, Stage from, Stage to, const PipelineOptions &options) {
  for (int stage = static_cast<int>(from) + 1; stage <= static_cast<int>(to); ++stage)
    addStage(passes, static_cast<Stage>(stage), options);
}
