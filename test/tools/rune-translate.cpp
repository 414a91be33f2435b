// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: prints the functions of a file at the stage `loops` as the C++ of the Highway back end.
//
//   rune-translate FILE.mlir [--prelude]     with the functions of the prelude that they use
//   rune-translate --ops                     the ops that have C++

#include "Codegen/Register.h"
#include "Emit/HighwayPrelude.h"
#include "Emit/HighwayPrinter.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace rune;

static int listOps() {
  std::set<std::string> names;
  for (const auto &printer : opPrinters())
    names.insert(printer.first().str());
  for (const std::string &name : names)
    llvm::outs() << name << '\n';
  return 0;
}

int main(int argc, char **argv) {
  llvm::StringRef argument = argc > 1 ? argv[1] : "";
  if (argument == "--ops")
    return listOps();
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(argument, sources, &context);
  if (!module)
    return 1;
  HighwayNames names(*module, /*freestanding=*/false);
  std::string text;
  for (auto function : module->getOps<mlir::func::FuncOp>()) {
    if (function.isDeclaration())
      continue;
    auto printed = HighwayPrinter(function, names).print();
    if (mlir::failed(printed))
      return 1;
    text += "\n" + *printed;
  }
  llvm::outs() << (argc > 2 ? prelude(names.helpers) : "") << text;
  return 0;
}
