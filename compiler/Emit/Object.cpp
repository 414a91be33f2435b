// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Object.h"

#include "Emit/Describe.h"
#include "Emit/ObjectTables.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace rune;

/// The architectures besides this machine's.
static void initialiseOthers() {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeRISCVTargetInfo();
  LLVMInitializeRISCVTarget();
  LLVMInitializeRISCVTargetMC();
  LLVMInitializeRISCVAsmPrinter();
}

static std::unique_ptr<llvm::TargetMachine> createMachine(const TargetDesc &target, llvm::Error &error) {
  static const bool initialised = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialised;
  if (!target.triple.empty())
    initialiseOthers();
  llvm::Triple triple(target.triple.empty() ? llvm::sys::getDefaultTargetTriple() : target.triple);
  std::string message;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!backend) {
    error = llvm::createStringError(message);
    return nullptr;
  }
  std::unique_ptr<llvm::MCSubtargetInfo> processors(backend->createMCSubtargetInfo(triple, "", ""));
  if (processors && !processors->isCPUStringValid(target.cpu)) {
    error = llvm::createStringError("unknown processor '" + target.cpu + "' of " + triple.str());
    return nullptr;
  }
  llvm::TargetOptions options;
  options.MCOptions.ABIName = target.abi;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.FunctionSections = true;
  return std::unique_ptr<llvm::TargetMachine>(backend->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_, {}, llvm::CodeGenOptLevel::Aggressive));
}

/// The symbols that the tables name.
static llvm::StringSet<> namedFunctions(const ModelDescription &description) {
  llvm::StringSet<> names;
  forEachEntry(description, [&](const EntryDescription &entry) {
    names.insert(entry.function);
    names.insert(entry.hookedFunction);
  });
  for (const InitStepDescription &step : description.initSteps)
    names.insert(step.function);
  return names;
}

/// Entries get the names that the tables know; kernels become internal.
static void nameFunctions(llvm::Module &module, const ModelDescription &description, const TargetDesc &target,
                          bool tables) {
  llvm::StringSet<> named = namedFunctions(description);
  auto isEntry = [&](llvm::Function &function) {
    return function.getReturnType()->isIntegerTy(32) &&
           named.contains(kernelSymbol(description.stem, function.getName()));
  };
  // A kernel may be called as an entry is going to be.
  std::vector<llvm::Function *> entries;
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && isEntry(function))
      entries.push_back(&function);
    else if (!function.isDeclaration())
      function.setName("kernel." + function.getName());
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    bool isNamed = llvm::is_contained(entries, &function);
    if (isNamed)
      function.setName(kernelSymbol(description.stem, function.getName()));
    function.setLinkage(isNamed && !tables ? llvm::GlobalValue::ExternalLinkage : llvm::GlobalValue::InternalLinkage);
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    if (target.vectorBytes == 64)
      function.addFnAttr("prefer-vector-width", "512");
  }
}

/// Instructions; beyond, calls of kernels cost nothing beside what kernels do, and only what kernels need is run: it
/// gives the same inner loops in a third of the time.
static constexpr unsigned largeModule = 5'000;
static constexpr const char *essentialPasses =
    "always-inline,globaldce,function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop-mssa(loop-rotate,licm),gvn,instcombine<no-verify-fixpoint>,adce,simplifycfg)";

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  // Vectors are ours already: LLVM's vectorisers would only widen what was left scalar on purpose.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder passes(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager manager;
  if (module.getInstructionCount() <= largeModule)
    manager = passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
  else
    llvm::cantFail(passes.parsePassPipeline(manager, essentialPasses));
  manager.run(module, modules);
}

llvm::Expected<LlvmModule> rune::emitLlvm(mlir::ModuleOp module, const ModelDescription &description,
                                          const TargetDesc &target, llvm::StringRef table) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  LlvmModule result;
  result.context = std::make_unique<llvm::LLVMContext>();
  result.module = mlir::translateModuleToLLVMIR(module, *result.context, description.stem);
  if (!result.module)
    return llvm::createStringError("translation to LLVM IR failed");
  llvm::Error failure = llvm::Error::success();
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, failure);
  if (failure)
    return std::move(failure);
  result.module->setDataLayout(machine->createDataLayout());
  result.module->setTargetTriple(machine->getTargetTriple());
  result.module->setPICLevel(llvm::PICLevel::BigPIC);
  nameFunctions(*result.module, description, target, !table.empty());
  if (!table.empty())
    addObjectTables(*result.module, description, table);
  optimise(*result.module, *machine);
  return result;
}

llvm::Expected<std::string> rune::emitCode(LlvmModule &module, const TargetDesc &target, CodeKind kind) {
  llvm::Error failure = llvm::Error::success();
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, failure);
  if (failure)
    return std::move(failure);
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream os(buffer);
  llvm::legacy::PassManager passes;
  auto type = kind == CodeKind::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, os, nullptr, type))
    return llvm::createStringError("this target emits no such file");
  passes.run(*module.module);
  return std::string(buffer.begin(), buffer.end());
}
