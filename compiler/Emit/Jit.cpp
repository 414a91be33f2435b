// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Object.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace rune;

Jit::Jit() = default;
Jit::~Jit() = default;

llvm::Expected<std::unique_ptr<Jit>> Jit::create(LlvmModule module, const TargetDesc &target) {
  llvm::Expected<std::string> object = emitCode(module, target, CodeKind::Object);
  if (!object)
    return object.takeError();
  auto created = llvm::orc::LLJITBuilder().create();
  if (!created)
    return created.takeError();
  std::unique_ptr<Jit> result(new Jit);
  result->jit = std::move(*created);
  // The functions of the runtime that compiled code calls.
  auto &session = result->jit->getExecutionSession();
  llvm::orc::SymbolMap runtime;
  runtime[session.intern("rune_run_hooks")] = {llvm::orc::ExecutorAddr::fromPtr(&rune_run_hooks),
                                               llvm::JITSymbolFlags::Exported};
  runtime[session.intern("rune_parallel_for")] = {llvm::orc::ExecutorAddr::fromPtr(&rune_parallel_for),
                                                  llvm::JITSymbolFlags::Exported};
  runtime[session.intern("rune_trace_site")] = {llvm::orc::ExecutorAddr::fromPtr(&rune_trace_site),
                                                llvm::JITSymbolFlags::Exported};
  runtime[session.intern("rune_tracing")] = {llvm::orc::ExecutorAddr::fromPtr(&rune_tracing),
                                             llvm::JITSymbolFlags::Exported};
  if (auto error = result->jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(runtime))))
    return std::move(error);
  if (auto error = result->jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(*object)))
    return std::move(error);
  return result;
}

rune_kernel Jit::lookup(const std::string &symbol) const {
  auto address = jit->lookup(symbol);
  if (!address) {
    llvm::consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<rune_kernel>();
}
