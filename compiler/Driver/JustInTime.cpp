// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/JustInTime.h"

using namespace rune;

std::unique_ptr<Jit> rune::compileHere(Compilation &compilation, const TargetDesc &target, const std::string &targetCpu,
                                       bool hooks) {
  PipelineOptions options;
  options.targetCpu = targetCpu;
  options.fma = target.fma;
  options.hooks = hooks;
  if (!compilation.lower(Stage::Loops, options) || !compilation.lowerToLlvmDialect())
    return nullptr;
  auto llvm = emitLlvm(compilation.module(), compilation.description(), target, /*table=*/"");
  auto jit = llvm ? Jit::create(std::move(*llvm), target) : llvm.takeError();
  if (jit)
    return std::move(*jit);
  reportError(llvm::toString(jit.takeError()));
  return nullptr;
}
