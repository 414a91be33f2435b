// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/Compilation.h"

#include "Codegen/Passes.h"
#include "Codegen/Register.h"
#include "Dialect/Origin.h"
#include "Emit/Describe.h"
#include "Emit/Identifiers.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace rune;

Compilation::Compilation(std::string path, FrontendOptions options)
    : path(std::move(path)), options(std::move(options)), messages(llvm::errs()) {
  stemName = safeIdentifier(llvm::sys::path::stem(this->path).str());
}

Compilation::~Compilation() = default;

bool Compilation::load() {
  loaded = loadSpec(path, messages);
  if (!loaded)
    return false;
  if (!loaded->entry()) {
    messages.error({&loaded->mainFile(), 1, 1}, "no 'model:'; name the entry module and its arguments there");
    return false;
  }
  instantiated = instantiate(*loaded, options, messages);
  return instantiated && !messages.hasErrors();
}

bool Compilation::import() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->printOpOnDiagnostic(false); // the message tells of the spec
  handler = std::make_unique<mlir::ScopedDiagnosticHandler>(context.get(), [this](mlir::Diagnostic &diagnostic) {
    report(diagnostic);
    return mlir::success();
  });
  ir = importModule(*instantiated, *loaded, options, *context, messages);
  return ir && !messages.hasErrors();
}

void Compilation::report(mlir::Diagnostic &diagnostic) {
  SourceLoc place;
  if (auto location = fileOf(diagnostic.getLocation()))
    if (const SourceFile *file = loaded->findFile(location.getFilename().getValue()))
      place = {file, location.getLine(), location.getColumn()};
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Error:
    messages.error(place, diagnostic.str());
    break;
  case mlir::DiagnosticSeverity::Warning:
    messages.warning(place, diagnostic.str());
    break;
  default:
    messages.note(place, diagnostic.str());
  }
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    report(note);
}

RuneModuleOp Compilation::runeModule() { return *ir->getOps<RuneModuleOp>().begin(); }

bool Compilation::run(Stage from, Stage to, const PipelineOptions &pipeline) {
  mlir::PassManager passes(context.get());
  passes.enableVerifier(false);
  PipelineOptions all = pipeline;
  all.bf16 = options.bf16;
  all.memoryBudget = options.memoryBudget;
  all.sizes = options.sizes;
  addStages(passes, from, to, all);
  if (mlir::failed(passes.run(*ir)) || messages.hasErrors()) {
    if (!messages.hasErrors())
      reportError("compilation of '" + path + "' failed");
    return false;
  }
  reached = to;
  return true;
}

void Compilation::dropEntries() {
  for (auto function : llvm::make_early_inc_range(runeModule().getOps<mlir::func::FuncOp>()))
    if (function->hasAttr("rune.entry") || function.getName() == "forward.training")
      function.erase();
}

void Compilation::dropPieces() {
  if (!model.training)
    return;
  auto drop = [&](EntryDescription &piece) {
    for (auto function : llvm::make_early_inc_range(runeModule().getOps<mlir::func::FuncOp>()))
      if (kernelSymbol(stemName, function.getName()) == piece.function)
        function.erase();
    piece.function.clear();
  };
  for (PhaseDescription &phase : model.training->phases) {
    if (phase.inputGradients)
      drop(*phase.inputGradients);
    if (phase.step)
      for (EntryDescription *piece : {&phase.loss, &phase.backward, &phase.update})
        drop(*piece);
  }
}

/// A dimension that is one symbol has the size of the tensor of that name.
void Compilation::bindSizes() {
  for (auto function : runeModule().getOps<mlir::func::FuncOp>())
    for (mlir::BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(), "rune.name");
      auto shape = name ? givenShapes.find(name.str()) : givenShapes.end();
      llvm::SmallVector<DimExpr> dims = getDims(argument);
      if (shape == givenShapes.end() || shape->second.size() != dims.size())
        continue;
      for (auto [dim, size] : llvm::zip(dims, shape->second))
        if (auto symbol = dim.getSymbol())
          options.sizes.try_emplace(symbol->str(), size);
    }
}

bool Compilation::lower(Stage to, const PipelineOptions &pipeline) {
  if (reached < Stage::Grad) {
    if (!run(reached, std::min(to, Stage::Grad), pipeline))
      return false;
    if (reached == Stage::Grad)
      model = describeGraph(runeModule(), stemName);
    if (wholeSteps)
      dropPieces();
    bindSizes();
  }
  if (to > reached && !run(reached, to, pipeline))
    return false;
  if (reached >= Stage::Memory)
    describeMemory(model, *ir, stemName);
  return true;
}

mlir::OwningOpRef<mlir::ModuleOp> Compilation::loopsFor(llvm::StringRef targetCpu, bool fma, bool threads) {
  mlir::OwningOpRef<mlir::ModuleOp> copy(ir->clone());
  PipelineOptions pipeline;
  pipeline.targetCpu = targetCpu.str();
  pipeline.fma = fma;
  pipeline.threads = threads;
  mlir::PassManager passes(context.get());
  passes.enableVerifier(false);
  addStages(passes, Stage::Memory, Stage::Loops, pipeline);
  if (mlir::succeeded(passes.run(*copy)))
    return copy;
  if (!messages.hasErrors())
    reportError("compilation of '" + path + "' failed");
  return {};
}

bool Compilation::lowerToLlvmDialect() {
  mlir::PassManager passes(context.get());
  passes.enableVerifier(false);
  passes.addPass(createLoopsToLLVM());
  if (mlir::succeeded(passes.run(*ir)))
    return true;
  reportError("compilation of '" + path + "' failed");
  return false;
}

std::optional<TargetDesc> rune::findTarget(llvm::StringRef cpu, llvm::StringRef triple) {
  auto target = describeTarget(cpu, triple);
  if (target)
    return *target;
  reportError(llvm::toString(target.takeError()));
  return std::nullopt;
}

void rune::reportError(const llvm::Twine &message) { llvm::errs() << "runec: error: " << message << '\n'; }

bool rune::isSameFile(llvm::StringRef a, llvm::StringRef b) {
  bool same = false;
  return !llvm::sys::fs::equivalent(a, b, same) && same;
}

bool rune::refuseOverwrite(llvm::StringRef output, llvm::ArrayRef<std::string> inputs) {
  for (const std::string &input : inputs)
    if (output == input || isSameFile(output, input)) {
      reportError("'" + output + "' is an input: the output needs another name");
      return false;
    }
  return true;
}

bool rune::writeFile(llvm::StringRef path, llvm::StringRef content) {
  if (path == "-") {
    llvm::outs() << content;
    return true;
  }
  // Written beside its place and renamed, so that a failure leaves what was there.
  llvm::SmallString<128> temporary;
  int descriptor = -1;
  std::error_code error =
      llvm::sys::fs::createUniqueFile(path + ".%%%%%%", descriptor, temporary, llvm::sys::fs::OF_None);
  if (!error) {
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << content;
    os.close();
    error = os.error();
    os.clear_error();
    if (!error)
      error = llvm::sys::fs::setPermissions(temporary, llvm::sys::fs::perms(0666 & ~llvm::sys::fs::getUmask()));
    if (!error)
      error = llvm::sys::fs::rename(temporary, path);
    if (error)
      llvm::sys::fs::remove(temporary); // NOLINT(bugprone-unused-return-value): the first error is the one to tell
  }
  if (error)
    reportError("cannot write '" + path + "': " + error.message());
  return !error;
}
