// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/Commands.h"
#include "Driver/Compilation.h"
#include "Driver/Execution.h"
#include "Driver/JustInTime.h"

#include "Codegen/Passes.h"
#include "Emit/Freestanding.h"
#include "Emit/Header.h"
#include "Emit/Highway.h"
#include "Emit/Identifiers.h"
#include "Emit/Object.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace rune;

namespace {

class Build {
public:
  explicit Build(const BuildArguments &arguments)
      : arguments(arguments), compilation(arguments.spec, frontendOf(arguments)) {}

  int run() {
    auto target = findTarget(arguments.targetCpu, arguments.targetTriple);
    if (!target)
      return UsageError;
    this->target = *target;
    if (!target->isProcessor() && arguments.targetTriple.empty() && (arguments.emit.empty() || !isStage())) {
      reportError("'" + arguments.targetCpu + "' is a class of processors: its code ends at --emit=loops");
      return UsageError;
    }
    className = splitClassName(arguments.className);
    if (!arguments.className.empty() && className.empty()) {
      reportError("--class expects a C++ class name, as in models::MyModel, got '" + arguments.className + "'");
      return UsageError;
    }
    if (!arguments.stem.empty() && !isSafeIdentifier(arguments.stem)) {
      reportError("--stem expects a C identifier that is not reserved, as in my_model, got '" + arguments.stem + "'");
      return UsageError;
    }
    if (arguments.freestanding && arguments.backend == "llvm") {
      reportError("--freestanding is C++: it goes with --backend=highway");
      return UsageError;
    }
    if (!arguments.weights.empty() && !arguments.freestanding) {
      reportError("--weights goes with --freestanding: other builds load them at run time");
      return UsageError;
    }
    if (!arguments.stem.empty())
      compilation.setStem(arguments.stem);
    if (!compilation.load() || !compilation.import())
      return InputError;
    if (!refuseOverwrite(arguments.output, compilation.spec().files()))
      return UsageError;
    options.targetCpu = target->schedule;
    options.fma = this->target.fma;
    options.exact = arguments.simplify == "exact";
    return arguments.emit.empty() ? writeModel() : printStage();
  }

private:
  static FrontendOptions frontendOf(const BuildArguments &arguments) {
    FrontendOptions frontend = arguments.frontend;
    if (arguments.freestanding)
      frontend.compute = Compute::Forward;
    return frontend;
  }

  /// Everything is made before anything is written.
  int writeModel() {
    auto code = isHighway() ? highwaySource() : objectFile();
    if (!code)
      return InputError;
    std::string header = arguments.freestanding
                             ? emitFreestandingHeader(compilation.description(), !arguments.weights.empty())
                             : emitHeader(compilation.description(), className);
    std::string folder = arguments.output.empty() ? "." : arguments.output;
    if (std::error_code error = llvm::sys::fs::create_directories(folder)) {
      reportError("cannot make the folder '" + folder + "': " + error.message());
      return InputError;
    }
    std::string base = folder + "/" + compilation.stem();
    std::string extension = isHighway() ? ".cc" : ".o";
    if (!refuseOverwrite(base + ".h", compilation.spec().files()) ||
        !refuseOverwrite(base + extension, compilation.spec().files()))
      return UsageError;
    bool written =
        writeFile(base + ".h", header) && writeFile(base + extension, *code) && writeDepfile(base, extension);
    return written ? Success : InputError;
  }

  bool isHighway() const { return arguments.backend == "highway" || arguments.freestanding; }

  std::optional<std::string> objectFile() {
    auto llvm = lowerToLlvm(/*tables=*/true);
    return llvm ? check(emitCode(*llvm, target, CodeKind::Object)) : std::nullopt;
  }

  std::optional<std::string> highwaySource() {
    options.hooks &= !arguments.freestanding;
    options.threads = !arguments.freestanding;
    if (!compilation.lower(Stage::Memory, options))
      return std::nullopt;
    std::optional<FreestandingOptions> freestanding;
    if (arguments.freestanding) {
      if (std::string why = refuseFreestanding(compilation.description()); !why.empty()) {
        reportError("'" + arguments.spec + "' cannot be built with --freestanding: " + why);
        return std::nullopt;
      }
      auto state = initialState();
      if (!state)
        return std::nullopt;
      freestanding = {*state, !arguments.weights.empty()};
    }
    std::vector<mlir::OwningOpRef<mlir::ModuleOp>> owned;
    std::vector<mlir::ModuleOp> modules;
    for (const HighwayWidth &width : highwayWidths()) {
      owned.push_back(compilation.loopsFor(width.targetCpu, width.fma, options.threads));
      if (!owned.back())
        return std::nullopt;
      modules.push_back(*owned.back());
    }
    const ModelDescription &description = compilation.description();
    chooseClass();
    auto text = emitHighway(modules, description, modelSymbol(description, className),
                            llvm::sys::path::filename(arguments.spec), freestanding ? &*freestanding : nullptr);
    return mlir::succeeded(text) ? std::optional(*text) : std::nullopt;
  }

  /// The state as the compiled functions read it, made by functions that are compiled here for this alone.
  std::optional<std::string> initialState() {
    auto here = findTarget("native");
    Compilation initialisation(arguments.spec, frontendOf(arguments));
    initialisation.setStem(compilation.stem());
    if (!here || !initialisation.load() || !initialisation.import())
      return std::nullopt;
    initialisation.dropEntries();
    std::unique_ptr<Jit> jit = compileHere(initialisation, *here, "native");
    if (!jit)
      return std::nullopt;
    Execution execution(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });
    return execution.stateBytes(arguments.weights);
  }

  void chooseClass() {
    if (className.empty())
      className = defaultClass(compilation.description());
  }

  /// Make's syntax: what the object depends on.
  bool writeDepfile(const std::string &base, const std::string &extension) {
    if (arguments.depfile.empty())
      return true;
    std::string text = escape(base + extension) + " " + escape(base + ".h") + ":";
    for (const std::string &file : compilation.spec().files())
      text += " " + escape(file);
    return writeFile(arguments.depfile, text + "\n");
  }

  static std::string escape(llvm::StringRef path) {
    std::string text;
    for (char c : path) {
      if (c == ' ' || c == '#' || c == '\\')
        text += '\\';
      text += c == '$' ? "$$" : std::string(1, c);
    }
    return text;
  }

  bool isStage() const { return arguments.emit != "llvm" && arguments.emit != "asm" && arguments.emit != "obj"; }

  int printStage() {
    if (arguments.emit == "cpp") {
      auto source = highwaySource();
      return source ? write(*source) : InputError;
    }
    if (!isStage())
      return printCode();
    auto stage = llvm::StringSwitch<Stage>(arguments.emit)
                     .Case("module", Stage::Module)
                     .Case("registry", Stage::Registry)
                     .Case("graph", Stage::Graph)
                     .Case("grad", Stage::Grad)
                     .Case("linalg", Stage::Linalg)
                     .Case("memory", Stage::Memory)
                     .Default(Stage::Loops);
    options.hooks = false;
    if (!compilation.lower(stage, options))
      return InputError;
    std::string text;
    llvm::raw_string_ostream os(text);
    mlir::OpPrintingFlags flags;
    if (arguments.locations)
      flags.enableDebugInfo(true, /*prettyForm=*/false);
    compilation.module().print(os, flags);
    os << '\n';
    return write(text);
  }

  int printCode() {
    options.hooks = false;
    auto llvm = lowerToLlvm(/*tables=*/arguments.emit == "obj");
    if (!llvm)
      return InputError;
    if (arguments.emit == "llvm") {
      std::string text;
      llvm::raw_string_ostream os(text);
      llvm->module->print(os, nullptr);
      return write(text);
    }
    auto code = check(emitCode(*llvm, target, arguments.emit == "asm" ? CodeKind::Assembly : CodeKind::Object));
    return code ? write(*code) : InputError;
  }

  int write(llvm::StringRef text) {
    return writeFile(arguments.output.empty() ? "-" : arguments.output, text) ? Success : InputError;
  }

  std::optional<LlvmModule> lowerToLlvm(bool tables) {
    if (!compilation.lower(Stage::Loops, options) || !compilation.lowerToLlvmDialect())
      return std::nullopt;
    const ModelDescription &description = compilation.description();
    chooseClass();
    return check(
        emitLlvm(compilation.module(), description, target, tables ? modelSymbol(description, className) : ""));
  }

  template <typename T> static std::optional<T> check(llvm::Expected<T> value) {
    if (value)
      return std::move(*value);
    reportError(llvm::toString(value.takeError()));
    return std::nullopt;
  }

  const BuildArguments &arguments;
  Compilation compilation;
  TargetDesc target;
  PipelineOptions options;
  std::vector<std::string> className;
};

} // namespace

int rune::runBuild(const BuildArguments &arguments) { return Build(arguments).run(); }
