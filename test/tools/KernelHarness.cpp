// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "KernelHarness.h"

#include "Codegen/Passes.h"
#include "Codegen/Pipeline.h"
#include "Codegen/Register.h"
#include "Emit/Describe.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/TargetParser/Host.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace rune;
using namespace rune::test;

GuardedBuffer::GuardedBuffer(size_t bytes) : bytes(bytes) {
  size_t page = sysconf(_SC_PAGESIZE), usable = (bytes + page - 1) / page * page;
  mapped = usable + page;
  base = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(base + usable, page, PROT_NONE);
  start = base + usable - bytes;
}

GuardedBuffer::~GuardedBuffer() { munmap(base, mapped); }

static bool isNumber(const std::string &dim) { return dim.find_first_not_of("0123456789") == std::string::npos; }

std::string test::memref(const Dims &dims, const std::string &element) {
  std::string text = "memref<";
  for (const std::string &dim : dims)
    text += (isNumber(dim) ? dim : "?") + "x";
  return text + element + ">";
}

std::string test::argument(const std::string &name, const Dims &dims, const std::string &element) {
  std::string text = "%" + name + ": " + memref(dims, element) + " {rune.dims = #rune.dims<[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "") + dims[i];
  return text + "]>}";
}

std::string test::function(const std::vector<std::string> &arguments, unsigned inputs,
                           const std::vector<std::string> &symbols, const std::string &body) {
  std::string text = "func.func @forward(%state: memref<?xi8>, %workspace: memref<?xi8>, %context: memref<?xi8>, "
                     "%training: memref<?xi8>";
  for (const std::string &argument : arguments)
    text += ", " + argument;
  std::string names;
  for (const std::string &symbol : symbols) {
    text += ", %" + symbol + ": index";
    names += (names.empty() ? "\"" : ", \"") + symbol + "\"";
  }
  text += ") attributes {rune.entry = \"forward\", rune.inputs = " + std::to_string(inputs) +
          " : i64, rune.outputs = " + std::to_string(arguments.size() - inputs) + " : i64, rune.symbols = [" + names +
          "]} {\n";
  return text + body + "  return\n}\n";
}

static void fail(const std::string &message, const std::string &text) {
  llvm::errs() << message << "\n" << text << "\n";
  exit(1);
}

Program::Program(const std::string &text, const TargetDesc &target) {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    fail("no IR", text);
  mlir::PassManager passes(&context);
  PipelineOptions options;
  options.targetCpu = target.cpu;
  options.fma = target.fma;
  addStages(passes, Stage::Memory, Stage::Loops, options);
  passes.addPass(createLoopsToLLVM());
  if (mlir::failed(passes.run(*module)))
    fail("does not compile", text);
  ModelDescription description;
  description.stem = "kernels";
  EntryDescription entry;
  entry.function = kernelSymbol(description.stem, "forward");
  description.entries.push_back(entry);
  auto code = emitLlvm(*module, description, target, /*table=*/"");
  if (!code)
    fail(llvm::toString(code.takeError()), text);
  auto created = Jit::create(std::move(*code), target);
  if (!created)
    fail(llvm::toString(created.takeError()), text);
  jit = std::move(*created);
  kernel = jit->lookup(entry.function);
  if (!kernel)
    fail("no function", text);
}

int32_t Program::call(const std::vector<void *> &arguments, const std::vector<int64_t> &symbols, void *workspace) {
  return kernel(arguments.data(), symbols.data(), nullptr, workspace, nullptr);
}

bool test::canRun(const TargetDesc &target) {
  auto host = llvm::sys::getHostCPUFeatures();
  if (target.vectorBytes == 64)
    return host.lookup("avx512f") && host.lookup("avx512vl") && host.lookup("avx512bw") && host.lookup("avx512dq");
  return target.vectorBytes < 32 || (host.lookup("avx2") && (!target.fma || host.lookup("fma")));
}

void test::failDifference(const std::string &what, size_t place, double actual, double expected) {
  llvm::errs() << what << ": element " << place << " is " << actual << ", expected " << expected << "\n";
  exit(1);
}
