// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: compiles a spec with both back ends, runs all that they compile on the same drawn inputs, and
// compares every byte of what they compute.
//
//   rune-backends SPEC --work DIR --compile "c++ -O1 …" [--target-cpu x86-64-v3] [--dtype f64] [--steps 20]
//       --sizes n=7,m=1 --sizes n=0,m=3 [--range x=0.1:0.9] [--below index=5]
//
// The compiler is called with the C++ file and `-o` a shared library.

#include "Trace.h"

#include "Driver/JustInTime.h"
#include "Emit/Header.h"
#include "Emit/Highway.h"
#include "Emit/Tables.h"

#include "CLI/CLI.hpp"

#include <dlfcn.h>
#include <iostream>

using namespace rune;

static std::unique_ptr<Jit> compileLlvm(Compilation &compilation, const TargetDesc &target, const std::string &cpu) {
  return compilation.load() && compilation.import() ? compileHere(compilation, target, cpu, /*hooks=*/true) : nullptr;
}

static const rune_model *compileHighway(Compilation &compilation, const std::string &work,
                                        const std::string &compiler) {
  if (!compilation.load() || !compilation.import() || !compilation.lower(Stage::Memory, PipelineOptions()))
    return nullptr;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> owned;
  std::vector<mlir::ModuleOp> modules;
  for (const HighwayWidth &width : highwayWidths()) {
    owned.push_back(compilation.loopsFor(width.targetCpu, width.fma, /*threads=*/true));
    if (!owned.back())
      return nullptr;
    modules.push_back(*owned.back());
  }
  std::string table = modelSymbol(compilation.description(), defaultClass(compilation.description()));
  auto source = emitHighway(modules, compilation.description(), table, compilation.stem() + ".yaml");
  std::string base = work + "/" + compilation.stem();
  if (mlir::failed(source) || !writeFile(base + ".cc", *source))
    return nullptr;
  if (std::system((compiler + " " + base + ".cc -o " + base + ".so").c_str()) != 0)
    return nullptr;
  void *library = dlopen((base + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::cerr << dlerror() << '\n';
    return nullptr;
  }
  return static_cast<const rune_model *>(dlsym(library, table.c_str()));
}

static int compare(const test::Trace &left, const test::Trace &right) {
  if (left.size() != right.size()) {
    std::cout << left.size() << " values, but " << right.size() << '\n';
    return 1;
  }
  for (size_t i = 0; i < left.size(); ++i)
    if (left[i] != right[i]) {
      size_t at = 0;
      while (at < left[i].second.size() && left[i].second[at] == right[i].second[at])
        ++at;
      std::cout << left[i].first << " differs at byte " << at << " of " << left[i].second.size() << '\n';
      return 1;
    }
  std::cout << left.size() << " values alike\n";
  return 0;
}

int main(int argc, char **argv) {
  CLI::App app("Compares the back ends");
  std::string spec, work, compiler, cpu = "x86-64-v3", dtype = "f32";
  std::vector<std::string> sizes, ranges, below;
  int steps = 20;
  app.add_option("spec", spec)->required();
  app.add_option("--work", work)->required();
  app.add_option("--compile", compiler)->required();
  app.add_option("--target-cpu", cpu);
  app.add_option("--dtype", dtype);
  app.add_option("--steps", steps);
  app.add_option("--sizes", sizes)->expected(1)->take_all();
  app.add_option("--range", ranges)->expected(1)->take_all();
  app.add_option("--below", below)->expected(1)->take_all();
  CLI11_PARSE(app, argc, argv);

  auto target = findTarget(cpu);
  FrontendOptions frontend;
  frontend.f64 = dtype == "f64";
  if (!target)
    return 2;
  Compilation llvm(spec, frontend), highway(spec, frontend);
  std::unique_ptr<Jit> jit = compileLlvm(llvm, *target, cpu);
  const rune_model *table = compileHighway(highway, work, compiler);
  if (!jit || !table)
    return 2;
  Tables tables(llvm.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });

  test::Drawing drawing = test::readDrawing(ranges, below);
  int status = 0;
  for (const std::string &one : sizes.empty() ? std::vector<std::string>{""} : sizes) {
    drawing.setSizes(one);
    try {
      std::cout << one << (one.empty() ? "" : ": ");
      status |= compare(test::traceOf(tables.model(), drawing, steps), test::traceOf(*table, drawing, steps));
    } catch (const std::exception &error) {
      std::cout << error.what() << '\n';
      status = 1;
    }
  }
  return status;
}
