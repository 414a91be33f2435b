// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Frontend.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"

#include <CLI/CLI.hpp>

using namespace rune;

namespace {

struct Arguments {
  std::vector<std::string> specs;
  std::string spec, emit, dtype = "f32";
  std::vector<std::string> defines;
  bool debugInfo = false;
};

} // namespace

static bool readOptions(const Arguments &arguments, FrontendOptions &options) {
  options.f64 = arguments.dtype == "f64";
  for (const std::string &define : arguments.defines) {
    size_t equals = define.find('=');
    if (equals == std::string::npos || equals == 0) {
      llvm::errs() << "runec: error: -D expects argument=value, got '" << define << "'\n";
      return false;
    }
    options.defines.push_back({define.substr(0, equals), define.substr(equals + 1)});
  }
  return true;
}

static int check(const Arguments &arguments, const FrontendOptions &options) {
  Diagnostics diagnostics(llvm::errs());
  for (const std::string &path : arguments.specs) {
    std::unique_ptr<LoadedSpec> spec = loadSpec(path, diagnostics);
    if (!spec || !spec->entry())
      continue;
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    if (std::unique_ptr<ModuleTree> tree = instantiate(*spec, options, diagnostics))
      (void)importModule(*tree, *spec, options, context, diagnostics);
  }
  return diagnostics.hasErrors();
}

static int print(const Arguments &arguments, const FrontendOptions &options) {
  Diagnostics diagnostics(llvm::errs());
  std::unique_ptr<LoadedSpec> spec = loadSpec(arguments.spec, diagnostics);
  std::unique_ptr<ModuleTree> tree = spec ? instantiate(*spec, options, diagnostics) : nullptr;
  if (!tree || diagnostics.hasErrors())
    return 1;
  llvm::outs() << printTree(*tree) << '\n';
  return 0;
}

static int build(const Arguments &arguments, const FrontendOptions &options) {
  Diagnostics diagnostics(llvm::errs());
  std::unique_ptr<LoadedSpec> spec = loadSpec(arguments.spec, diagnostics);
  std::unique_ptr<ModuleTree> tree = spec ? instantiate(*spec, options, diagnostics) : nullptr;
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = tree ? importModule(*tree, *spec, options, context, diagnostics) : nullptr;
  if (!module || diagnostics.hasErrors())
    return 1;
  mlir::OpPrintingFlags flags;
  if (arguments.debugInfo)
    flags.enableDebugInfo(true, false);
  module->print(llvm::outs(), flags);
  llvm::outs() << '\n';
  return 0;
}

int main(int argc, char **argv) {
  CLI::App app("Compiles a YAML description of a neural network.", "runec");
  app.require_subcommand(1);
  Arguments arguments;
  auto addCommon = [&](CLI::App *command) {
    command->add_option("-D", arguments.defines, "ARGUMENT=VALUE for the entry module")->allow_extra_args(false);
    command->add_option("--dtype", arguments.dtype, "What f32 in a spec means")->check(CLI::IsMember({"f32", "f64"}));
  };
  CLI::App *checkCommand = app.add_subcommand("check", "Only diagnoses; all errors of all files in one run");
  checkCommand->add_option("specs", arguments.specs, "Specifications")->required();
  CLI::App *printCommand = app.add_subcommand("print", "Prints the module tree as PyTorch does");
  printCommand->add_option("spec", arguments.spec, "Specification")->required();
  CLI::App *buildCommand = app.add_subcommand("build", "Compiles a specification");
  buildCommand->add_option("spec", arguments.spec, "Specification")->required();
  buildCommand->add_option("--emit", arguments.emit, "The stage to print")
      ->required()
      ->check(CLI::IsMember({"module"}));
  buildCommand->add_flag("--mlir-print-debuginfo", arguments.debugInfo, "Print locations");
  for (CLI::App *command : {checkCommand, printCommand, buildCommand})
    addCommon(command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  FrontendOptions options;
  if (!readOptions(arguments, options))
    return 2;
  options.checking = checkCommand->parsed();
  if (options.checking)
    return check(arguments, options);
  return printCommand->parsed() ? print(arguments, options) : build(arguments, options);
}
