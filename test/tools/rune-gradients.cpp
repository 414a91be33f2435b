// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool of the tests: compiles the training of a spec in f64 and compares its gradients, by every parameter and
// floating input, with central differences of its loss, for each of the sizes given.
//
//   rune-gradients SPEC --sizes n=7,m=1 --sizes n=0,m=3 [--range x=0.1:0.9] [--below index=5]

#include "CentralDifferences.h"

#include "Driver/JustInTime.h"
#include "Emit/Tables.h"

#include "CLI/CLI.hpp"

using namespace rune;

int main(int argc, char **argv) {
  CLI::App app("Compares gradients with central differences");
  std::string spec;
  std::vector<std::string> sizes, ranges, below;
  app.add_option("spec", spec)->required();
  app.add_option("--sizes", sizes)->expected(1)->take_all();
  app.add_option("--range", ranges)->expected(1)->take_all();
  app.add_option("--below", below)->expected(1)->take_all();
  CLI11_PARSE(app, argc, argv);

  auto target = findTarget("native");
  FrontendOptions frontend;
  frontend.f64 = true;
  Compilation compilation(spec, frontend);
  if (!target || !compilation.load() || !compilation.import())
    return 2;
  std::unique_ptr<Jit> jit = compileHere(compilation, *target, "native");
  if (!jit)
    return 2;
  Tables tables(compilation.description(), [&](const std::string &symbol) { return jit->lookup(symbol); });

  test::Drawing drawing = test::readDrawing(ranges, below);
  int status = 0;
  for (const std::string &one : sizes.empty() ? std::vector<std::string>{""} : sizes) {
    drawing.setSizes(one);
    try {
      const int64_t compared = test::compareGradients(tables.model(), drawing);
      std::cout << one << (one.empty() ? "" : ": ") << compared << " elements\n";
    } catch (const std::exception &error) {
      std::cout << one << (one.empty() ? "" : ": ") << error.what() << '\n';
      status = 1;
    }
  }
  return status;
}
