// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: compiles every entry of a module for several processors, calls it on drawn inputs in memory that
// ends at a guard page, and compares with the interpreter, and processors of one kind with each other bit for bit.
//
//   rune-differential FILE [--cpus=x86-64-v2,x86-64-v3] [--rounds=N] [--seed=N]
//
// Attributes guide it. Of an argument: `differential.below`, a size that its elements are indices of; of a result:
// `differential.tolerance`, how far elements may be off, in place of no bit; of a function: `differential.rows`, that
// dimension 0, the symbol `b`, of everything is a batch of rows that do not meet: each alone has the same bits;
// `differential.gradients`, arguments by which the results after the first are gradients of the first.

#include "DifferentialCalls.h"

#include "Codegen/Register.h"
#include "Transforms/Passes.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace rune;
using namespace rune::test;

namespace cl = llvm::cl;
static cl::opt<std::string> file(cl::Positional, cl::Required, cl::desc("FILE"));
static cl::list<std::string> cpus("cpus", cl::CommaSeparated, cl::desc("The processors to compile for"));
static cl::opt<unsigned> rounds("rounds", cl::init(3), cl::desc("Calls of each entry"));
static cl::opt<unsigned> seed("seed", cl::init(0), cl::desc("What inputs are drawn from"));

static std::vector<TargetDesc> targets() {
  std::vector<std::string> names(cpus.begin(), cpus.end());
  if (names.empty())
    names = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
  std::vector<TargetDesc> result;
  for (const std::string &name : names) {
    auto target = describeTarget(name);
    if (!target) {
      llvm::errs() << "rune-differential: " << llvm::toString(target.takeError()) << "\n";
      exit(2);
    }
    if (canRun(*target))
      result.push_back(*target);
  }
  return result;
}

/// Runs the calls in a process of their own, which may crash.
static bool passes(mlir::func::FuncOp function, const std::vector<Compiled> &compiled) {
  llvm::outs().flush();
  pid_t child = fork();
  if (child == 0) {
    std::string problem = checkCalls(function, compiled, rounds, seed);
    if (!problem.empty())
      llvm::outs() << function.getSymName() << ": " << problem << "\n" << function << "\n";
    llvm::outs().flush();
    _exit(problem.empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    llvm::outs() << function.getSymName() << ": ended by signal " << WTERMSIG(status) << "\n" << function << "\n";
  return status == 0;
}

int main(int count, char **words) {
  cl::ParseCommandLineOptions(count, words);
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(file, &context);
  if (!module)
    return 2;
  mlir::PassManager gradients(&context);
  gradients.addNestedPass<RuneModuleOp>(createAutodiff());
  if (mlir::failed(gradients.run(*module)))
    return 2;
  std::vector<Compiled> compiled;
  for (const TargetDesc &target : targets())
    compiled.push_back(compile(*module, target));
  unsigned entries = 0, failures = 0;
  module->walk([&](mlir::func::FuncOp function) {
    if (!function->hasAttr("rune.entry"))
      return;
    ++entries;
    failures += !passes(function, compiled);
  });
  llvm::outs() << entries << " entries, " << failures << " failures\n";
  return entries == 0 || failures != 0;
}
