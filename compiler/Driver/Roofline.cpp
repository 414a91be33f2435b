// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/Roofline.h"

#include "Driver/Compilation.h"

#include "Codegen/Passes.h"
#include "Emit/Describe.h"
#include "Emit/Object.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <chrono>
#include <memory>

using namespace rune;

namespace {

constexpr int chains = 12; // enough for two units of four cycles; with one operand they fit in 16 registers

std::string listed(int count, llvm::function_ref<std::string(const std::string &)> text, const char *separator = ", ") {
  std::string result;
  for (int i = 0; i < count; ++i)
    result += (i ? separator : "") + text(std::to_string(i));
  return result;
}

/// A function as entries are: `symbols[0]` steps over `state`, carrying vectors that it writes to `workspace`.
std::string loopText(llvm::StringRef name, const TargetDesc &target, int64_t step,
                     llvm::function_ref<std::string(const std::string &)> next) {
  std::string vector = "vector<" + std::to_string(target.lanes(32)) + "xf32>";
  std::string lanes = std::to_string(target.lanes(32));
  auto carried = [&](const char *prefix) { return listed(chains, [&](const std::string &i) { return prefix + i; }); };
  return "func.func @" + name.str() +
         "(%arguments: memref<?xi64>, %symbols: memref<?xi64>, %state: memref<?xi8>, %workspace: memref<?xi8>, "
         "%context: memref<?xi8>) -> i32 {\n"
         "%c0 = arith.constant 0 : index\n%step = arith.constant " +
         std::to_string(step) +
         " : index\n%word = memref.load %symbols[%c0] : memref<?xi64>\n%end = arith.index_cast %word : i64 to index\n"
         "%in = memref.view %state[%c0][%end] : memref<?xi8> to memref<?xf32>\n"
         "%out = memref.view %workspace[%c0][%end] : memref<?xi8> to memref<?xf32>\n"
         "%x = vector.load %in[%c0] : memref<?xf32>, " +
         vector + "\n%sums:" + std::to_string(chains) + " = scf.for %i = %c0 to %end step %step iter_args(" +
         listed(chains, [](const std::string &i) { return "%a" + i + " = %x"; }) + ") -> (" +
         listed(chains, [&](const std::string &) { return vector; }) + ") {\n" +
         listed(
             chains, [&](const std::string &i) { return next(i); }, "\n") +
         "\nscf.yield " + carried("%b") + " : " + listed(chains, [&](const std::string &) { return vector; }) +
         "\n}\n" +
         listed(
             chains,
             [&](const std::string &i) {
               return "%p" + i + " = arith.constant " + i + " : index\n%l" + i + " = arith.constant " + lanes +
                      " : index\n%o" + i + " = arith.muli %p" + i + ", %l" + i + " : index\nvector.store %sums#" + i +
                      ", %out[%o" + i + "] : memref<?xf32>, " + vector;
             },
             "\n") +
         "\n%fine = arith.constant 0 : i32\nreturn %fine : i32\n}\n";
}

std::string arithmeticText(const TargetDesc &target) {
  std::string vector = "vector<" + std::to_string(target.lanes(32)) + "xf32>";
  return loopText("arithmetic", target, 1, [&](const std::string &i) {
    if (target.fma)
      return "%b" + i + " = vector.fma %x, %x, %a" + i + " : " + vector;
    return "%m" + i + " = arith.mulf %x, %a" + i + " : " + vector + "\n%b" + i + " = arith.addf %m" + i +
           ", %x : " + vector;
  });
}

/// Each chain reads its own part of the buffer.
std::string readingText(const TargetDesc &target) {
  std::string vector = "vector<" + std::to_string(target.lanes(32)) + "xf32>";
  return loopText("reading", target, target.lanes(32), [&](const std::string &i) {
    return "%c_" + i + " = arith.constant " + i + " : index\n%s_" + i + " = arith.muli %end, %c_" + i +
           " : index\n%p_" + i + " = arith.addi %i, %s_" + i + " : index\n%v" + i + " = vector.load %in[%p_" + i +
           "] : memref<?xf32>, " + vector + "\n%b" + i + " = arith.addf %v" + i + ", %a" + i + " : " + vector;
  });
}

/// The best of some calls.
double secondsOf(rune_kernel kernel, int64_t size, const float *state, int calls) {
  alignas(64) static float sums[chains * 16];
  double best = 1e30;
  for (int call = 0; call < calls; ++call) {
    auto start = std::chrono::steady_clock::now();
    kernel(nullptr, &size, state, sums, nullptr);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

} // namespace

std::optional<Roofline> rune::measureRoofline(mlir::MLIRContext &context) {
  std::optional<TargetDesc> target = findTarget("native");
  if (!target)
    return std::nullopt;
  auto module = mlir::parseSourceString<mlir::ModuleOp>(arithmeticText(*target) + readingText(*target), &context);
  mlir::PassManager passes(&context);
  passes.addPass(createLoopsToLLVM());
  if (!module || mlir::failed(passes.run(*module)))
    return std::nullopt;
  ModelDescription names;
  names.stem = "roofline";
  for (const char *name : {"arithmetic", "reading"}) {
    names.entries.emplace_back();
    names.entries.back().function = kernelSymbol(names.stem, name);
  }
  auto llvm = emitLlvm(*module, names, *target, /*table=*/"");
  auto jit = llvm ? Jit::create(std::move(*llvm), *target) : llvm.takeError();
  if (!jit) {
    reportError(llvm::toString(jit.takeError()));
    return std::nullopt;
  }
  rune_kernel arithmetic = (*jit)->lookup(names.entries[0].function);
  rune_kernel reading = (*jit)->lookup(names.entries[1].function);
  Roofline result;
  constexpr int64_t rounds = 1 << 20;
  // A vector that lies across two lines of the cache costs twice.
  constexpr size_t line = 64;
  std::vector<float> memory((result.levels.back().size + line) / sizeof(float), 0.5F);
  void *start = memory.data();
  size_t space = memory.size() * sizeof(float);
  auto *buffer = static_cast<float *>(std::align(line, result.levels.back().size, start, space));
  result.flops = 2.0 * chains * static_cast<double>(target->lanes(32) * rounds) /
                 secondsOf(arithmetic, rounds, buffer, /*calls=*/20);
  for (Roofline::Level &level : result.levels) {
    int64_t each = level.size / static_cast<int64_t>(sizeof(float)) / chains / target->lanes(32) * target->lanes(32);
    int calls = static_cast<int>(std::clamp<int64_t>((1 << 30) / level.size, 4, 2000));
    level.bytes = static_cast<double>(each * chains * static_cast<int64_t>(sizeof(float))) /
                  secondsOf(reading, each, buffer, calls);
  }
  return result;
}
