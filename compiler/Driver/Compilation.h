// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One specification on its way through the compiler, and what every command does with it.

#ifndef RUNE_DRIVER_COMPILATION_H
#define RUNE_DRIVER_COMPILATION_H

#include "Codegen/Pipeline.h"
#include "Codegen/TargetDesc.h"
#include "Dialect/RuneDialect.h"
#include "Driver/TensorShapes.h"
#include "Emit/ModelDescription.h"
#include "Frontend/Frontend.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

namespace rune {

/// Exit statuses of `runec`.
enum ExitStatus { Success = 0, InputError = 1, UsageError = 2 };

class Compilation {
public:
  Compilation(std::string path, FrontendOptions options);
  ~Compilation();

  /// YAML to the module tree.
  bool load();
  /// The tree to IR at the stage `module`.
  bool import();
  /// The IR to a stage; the description is filled on the way. False after an error, which was reported.
  bool lower(Stage to, const PipelineOptions &options);

  /// From the stage `memory` to `loops` for another target, of a copy. Null after an error, which was reported.
  mlir::OwningOpRef<mlir::ModuleOp> loopsFor(llvm::StringRef targetCpu, bool fma, bool threads);

  /// From the stage `loops` to LLVM's dialect.
  bool lowerToLlvmDialect();

  Diagnostics &diagnostics() { return messages; }
  const LoadedSpec &spec() const { return *loaded; }
  const ModuleTree &tree() const { return *instantiated; }
  mlir::ModuleOp module() { return *ir; }
  const ModelDescription &description() const { return model; }
  /// The file's name without folder and extension, as a C identifier, unless it was set.
  const std::string &stem() const { return stemName; }
  void setStem(std::string name) { stemName = std::move(name); }
  /// Without entry points: only what `init` needs is compiled, and the training functions where there are some.
  void dropEntries();
  /// The shapes of the tensors that entries will get, by name: the memory budget is for these.
  void setShapes(const TensorShapes &shapes) { givenShapes = shapes; }
  /// Where a phase's step is one function, its pieces (loss, backward, update) are not compiled.
  void keepWholeSteps() { wholeSteps = true; }

private:
  void report(mlir::Diagnostic &diagnostic);
  bool run(Stage from, Stage to, const PipelineOptions &options);
  RuneModuleOp runeModule();
  void dropPieces();
  void bindSizes();

  std::string path, stemName;
  FrontendOptions options;
  Diagnostics messages;
  std::unique_ptr<LoadedSpec> loaded;
  std::unique_ptr<ModuleTree> instantiated;
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<mlir::ScopedDiagnosticHandler> handler;
  mlir::OwningOpRef<mlir::ModuleOp> ir;
  ModelDescription model;
  TensorShapes givenShapes;
  Stage reached = Stage::Module;
  bool wholeSteps = false;
};

/// The processor that `--target-cpu` and `--target` name; nothing after an error, which was reported.
std::optional<TargetDesc> findTarget(llvm::StringRef cpu, llvm::StringRef triple = "");

/// Prints `runec: error: …`.
void reportError(const llvm::Twine &message);

/// Replaces a file by new content, whole or not at all. "-" is standard output.
bool writeFile(llvm::StringRef path, llvm::StringRef content);

/// Whether two paths are the same file.
bool isSameFile(llvm::StringRef a, llvm::StringRef b);

/// Refuses an output that would overwrite one of the inputs.
bool refuseOverwrite(llvm::StringRef output, llvm::ArrayRef<std::string> inputs);

} // namespace rune

#endif // RUNE_DRIVER_COMPILATION_H
