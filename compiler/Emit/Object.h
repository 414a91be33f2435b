// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The end of the LLVM path: from the LLVM dialect to optimised IR, assembly, an object file, or code in this process.

#ifndef RUNE_EMIT_OBJECT_H
#define RUNE_EMIT_OBJECT_H

#include "Codegen/TargetDesc.h"
#include "Emit/ModelDescription.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace rune {

/// A module in LLVM IR with the context that owns its types.
struct LlvmModule {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// Translates and optimises. Functions that the model's tables name get the symbols that they have there; with
/// `tables`, the tables join the module and are all that it exports.
llvm::Expected<LlvmModule> emitLlvm(mlir::ModuleOp module, const ModelDescription &description,
                                    const TargetDesc &target, llvm::StringRef table);

enum class CodeKind { Assembly, Object };
llvm::Expected<std::string> emitCode(LlvmModule &module, const TargetDesc &target, CodeKind kind);

/// Compiled functions of a model, as long as this lives.
class Jit {
public:
  static llvm::Expected<std::unique_ptr<Jit>> create(LlvmModule module, const TargetDesc &target);
  ~Jit();
  /// The address of a symbol, null where there is none.
  rune_kernel lookup(const std::string &symbol) const;

private:
  Jit();
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace rune

#endif // RUNE_EMIT_OBJECT_H
