// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Emit/Highway.h"

#include "Emit/Describe.h"
#include "Emit/Freestanding.h"
#include "Emit/HighwayPrelude.h"
#include "Emit/HighwayPrinter.h"
#include "Emit/SourceTables.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace rune;

ArrayRef<HighwayWidth> rune::highwayWidths() {
  // Scalable vectors are capped at 16 bytes: what CappedTag then gives is the same on all of them.
  static const HighwayWidth widths[] = {
      {"highway-16", 16, true, "HWY_MAX_BYTES == 64 && !HWY_HAVE_SCALABLE", "vectors of 16 floats: AVX-512"},
      {"highway-8", 8, true, "HWY_MAX_BYTES == 32 && !HWY_HAVE_SCALABLE && HWY_NATIVE_FMA",
       "vectors of 8 floats: AVX2"},
      {"highway-4-fma", 4, true, "HWY_NATIVE_FMA", "vectors of 4 floats, with FMA: NEON, SVE, RVV"},
      {"highway-4", 4, false, "HWY_TARGET != HWY_SCALAR",
       "vectors of 4 floats, without FMA: SSSE3, SSE4, EMU128, WASM"},
      {"highway-1", 1, false, "", "no vectors: SCALAR"},
  };
  return widths;
}

namespace {

const char *const usualIntroduction = R"(//
//   c++ -std=c++17 -O2 -I <Runestone's headers> -c @STEM@.cc
//   c++ ... @STEM@.o -lrune -lhwy
//
// The file compiles itself once for each target of Highway's; which one runs is decided at the first call. Every sum
// has one order on all of them, and every fused multiply-add is written as one, so that all targets that have FMA give
// the same bits.
)";

const char *const freestandingIntroduction = R"(//
//   c++ -std=c++17 -O2 -ffreestanding -fno-exceptions -fno-rtti -c @STEM@.cc
//
// It needs no library, no heap and no operating system, and runs on the target that the compiler's flags ask for.
)";

const char *const fileHead = R"(#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

@INCLUDES@
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace @NAMESPACE@ {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 2: loads and stores with masks for lanes of any width; 1: of 32 and 64 bits.
#undef RUNE_MASKED_MEMORY
#if HWY_HAVE_SCALABLE || (HWY_ARCH_X86 && HWY_MAX_BYTES == 64)
#define RUNE_MASKED_MEMORY 2
#elif HWY_ARCH_X86 && HWY_MAX_BYTES == 32
#define RUNE_MASKED_MEMORY 1
#else
#define RUNE_MASKED_MEMORY 0
#endif
)";

const char *const fileEnd = R"(
} // namespace HWY_NAMESPACE
} // namespace @NAMESPACE@
HWY_AFTER_NAMESPACE();
)";

const char *const fileTail = R"(
// Highway's headers define their functions anew after each change of this.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif

#ifndef RUNE_@GUARD@_OTHER_TARGETS
#define RUNE_@GUARD@_OTHER_TARGETS
// All of the above once more for each target but the one that the compiler's own flags ask for.
)";

const char *const targets[] = {"EMU128", "SCALAR",    "SSE2",        "SSSE3",    "SSE4",    "AVX2",
                               "AVX3",   "AVX3_DL",   "AVX3_ZEN4",   "AVX3_SPR", "AVX10_2", "NEON_WITHOUT_AES",
                               "NEON",   "NEON_BF16", "SVE",         "SVE2",     "SVE_256", "SVE2_128",
                               "RVV",    "WASM",      "WASM_EMU256", "PPC8",     "PPC9",    "PPC10",
                               "Z14",    "Z15",       "LSX",         "LASX"};

std::string filled(std::string text, const std::vector<std::pair<std::string, std::string>> &values) {
  for (const auto &[name, value] : values)
    for (size_t at = 0; (at = text.find(name, at)) != text.npos; at += value.size())
      text.replace(at, name.size(), value);
  return text;
}

/// Something of one module: its text, under the name that it has in the IR.
struct Part {
  std::string name, text;
};

/// The functions of one module that the model's tables need, in the order of the file.
class ModulePrinter {
public:
  ModulePrinter(ModuleOp module, const llvm::StringMap<std::string> &entries, HighwayNames &names)
      : module(module), names(names) {
    for (auto function : module.getOps<func::FuncOp>()) {
      functions[function.getName()] = function;
      if (entries.contains(function.getName()))
        collect(function);
    }
  }

  LogicalResult print(std::vector<Part> &math, std::vector<Part> &kernels, std::vector<Part> &entries) {
    std::set<std::string> known;
    for (func::FuncOp function : needed) {
      auto text = HighwayPrinter(function, names).print();
      if (failed(text))
        return failure();
      if (function->hasAttr("rune.math")) {
        // For another number of lanes the text is the same.
        if (known.insert(*text).second)
          math.push_back({text->substr(0, text->find('(')), *text});
        continue;
      }
      if (Part *called = partOf(function, kernels)) {
        called->text += "\n" + *text;
        continue;
      }
      auto &parts = function->hasAttr("rune.inputs") ? entries : kernels;
      parts.push_back({function.getName().str(), *text});
    }
    return success();
  }

private:
  /// What is called stands before what calls it.
  void collect(func::FuncOp function) {
    if (function.isDeclaration() || !seen.insert(function).second)
      return;
    function.walk([&](func::CallOp call) {
      if (auto callee = functions.lookup(call.getCallee()))
        collect(callee);
      else if (auto later = module.lookupSymbol<func::FuncOp>(call.getCallee()))
        collect(later);
    });
    function.walk([&](ParallelOp parallel) { collect(module.lookupSymbol<func::FuncOp>(parallel.getCallee())); });
    needed.push_back(function);
  }

  /// Of a kernel that has threads do its work: the part that they do, which stands before it.
  static Part *partOf(func::FuncOp function, std::vector<Part> &kernels) {
    Part *part = nullptr;
    function.walk([&](ParallelOp op) {
      part = &*llvm::find_if(kernels, [&](const Part &other) { return other.name == op.getCallee(); });
    });
    return part;
  }

  ModuleOp module;
  HighwayNames &names;
  llvm::StringMap<func::FuncOp> functions;
  llvm::DenseSet<Operation *> seen;
  std::vector<func::FuncOp> needed;
};

std::string constants(ModuleOp module, HighwayNames &names) {
  std::string text;
  for (auto global : module.getOps<memref::GlobalOp>()) {
    auto values = cast<DenseElementsAttr>(*global.getInitialValue());
    Type element = values.getElementType();
    std::vector<std::string> literals;
    for (Attribute value : values.getValues<Attribute>())
      literals.push_back(literal(value, element));
    text += wrapped("alignas(64) static const " + laneType(element) + " " + names.nameOfConstant(global.getName()) +
                        "[] = {" + llvm::join(literals, ", ") + "};",
                    0);
  }
  return text.empty() ? text : "\n" + text;
}

/// Whether all of the modules that `chosen` picks and that have the part have it alike.
bool isAlike(const std::vector<std::vector<Part>> &byWidth, const Part &part,
             llvm::function_ref<bool(const HighwayWidth &)> chosen) {
  for (auto [parts, width] : llvm::zip(byWidth, highwayWidths()))
    if (chosen(width))
      for (const Part &other : parts)
        if (other.name == part.name && other.text != part.text)
          return false;
  return true;
}

/// Elementary functions are alike wherever there is FMA, and wherever there is none.
std::string mathSections(const std::vector<std::vector<Part>> &byWidth) {
  std::string shared, sections[2];
  std::set<std::string> done[2];
  for (auto [parts, width] : llvm::zip(byWidth, highwayWidths()))
    for (const Part &part : parts) {
      bool everywhere = isAlike(byWidth, part, [](const HighwayWidth &) { return true; });
      if (!done[width.fma].insert(part.name).second || (everywhere && !done[!width.fma].insert(part.name).second))
        continue;
      (everywhere ? shared : sections[width.fma]) += "\n" + part.text;
    }
  if (!sections[0].empty() || !sections[1].empty())
    shared += "\n#if HWY_NATIVE_FMA\n" + sections[1] + "\n#else // without fused multiply-adds\n" + sections[0] +
              "\n#endif\n";
  return shared;
}

/// What all widths have alike is there once, then a section for each width.
std::string widthSections(const std::vector<std::vector<Part>> &byWidth) {
  std::vector<llvm::StringMap<llvm::StringRef>> index(byWidth.size());
  for (auto [map, parts] : llvm::zip(index, byWidth))
    for (const Part &part : parts)
      map[part.name] = part.text;
  std::string shared;
  std::vector<std::string> own(byWidth.size());
  for (auto [w, parts] : llvm::enumerate(byWidth))
    for (const Part &part : parts) {
      bool everywhere = llvm::all_of(index, [&](auto &other) { return other.lookup(part.name) == part.text; });
      if (!everywhere)
        own[w] += "\n" + part.text;
      else if (w == 0)
        shared += "\n" + part.text;
    }
  if (llvm::all_of(own, [](const std::string &text) { return text.empty(); }))
    return shared;
  for (auto [w, width] : llvm::enumerate(highwayWidths())) {
    shared += w == 0 ? "\n#if " : width.condition[0] ? "\n#elif " : "\n#else";
    shared += width.condition + std::string(" // ") + width.summary + "\n" + own[w];
  }
  return shared + "\n#endif\n";
}

} // namespace

FailureOr<std::string> rune::emitHighway(ArrayRef<ModuleOp> modules, const ModelDescription &description,
                                         llvm::StringRef table, llvm::StringRef specFile,
                                         const FreestandingOptions *freestanding) {
  // Functions of the tables, by their names in the IR.
  llvm::StringSet<> symbols;
  forEachEntry(description, [&](const EntryDescription &entry) {
    symbols.insert(entry.function);
    symbols.insert(entry.hookedFunction);
  });
  for (const InitStepDescription &step : description.initSteps)
    symbols.insert(step.function);
  llvm::StringMap<std::string> entries;
  for (auto function : ModuleOp(modules.front()).getOps<func::FuncOp>())
    if (std::string symbol = kernelSymbol(description.stem, function.getName());
        symbols.contains(symbol) && function->hasAttr("rune.inputs"))
      entries[function.getName()] = symbol;

  HighwayNames names(modules.front(), freestanding != nullptr);
  for (auto function : ModuleOp(modules.front()).getOps<func::FuncOp>())
    if (entries.contains(function.getName()))
      names.nameOf(function);
  std::vector<std::vector<Part>> math(modules.size()), kernels(modules.size()), tops(modules.size());
  for (auto [i, module] : llvm::enumerate(modules))
    if (failed(ModulePrinter(module, entries, names).print(math[i], kernels[i], tops[i])))
      return failure();

  std::string space = "rune_" + table.str();
  const std::vector<std::pair<std::string, std::string>> values = {
      {"@INCLUDES@", freestanding
                         ? "#define HWY_COMPILE_ONLY_STATIC\n#include <hwy/cache_control.h>\n#include <hwy/highway.h>\n"
                         : "#include <hwy/cache_control.h>\n#include <hwy/highway.h>\n#include <rune/table.h>\n"},
      {"@STEM@", description.stem},
      {"@NAMESPACE@", space},
      {"@GUARD@", table.upper()}};
  std::string text = commented("Generated by runec from " + specFile.str() + ": the model " + description.name +
                               " in C++17 on Highway (1.0.3 or newer).") +
                     filled(freestanding ? freestandingIntroduction : usualIntroduction, values) +
                     filled(fileHead, values) + prelude(names.helpers) + constants(modules.front(), names) +
                     mathSections(math) + widthSections(kernels) + widthSections(tops) + filled(fileEnd, values);
  if (freestanding) {
    std::vector<std::pair<std::string, std::string>> functions;
    for (auto function : ModuleOp(modules.front()).getOps<func::FuncOp>())
      if (auto it = entries.find(function.getName()); it != entries.end())
        functions.push_back({it->second, names.nameOf(function)});
    return text + "\nnamespace " + space + " {\n" +
           emitFreestandingDefinitions(description, functions, freestanding->state, freestanding->weights) +
           "\n} // namespace " + space + "\n";
  }
  text += filled(fileTail, values);
  for (const char *target : targets)
    text += std::string("#if HWY_TARGETS & ~HWY_STATIC_TARGET & HWY_") + target +
            "\n#undef HWY_TARGET\n#define HWY_TARGET HWY_" + target + "\n#include \"" + description.stem +
            ".cc\"\n#endif\n";
  text += "#undef HWY_TARGET\n#define HWY_TARGET HWY_STATIC_TARGET\n\nnamespace " + space + " {\n";
  for (auto function : ModuleOp(modules.front()).getOps<func::FuncOp>())
    if (auto it = entries.find(function.getName()); it != entries.end()) {
      std::string name = names.nameOf(function);
      text += "\nHWY_EXPORT(" + name + ");\n" +
              wrapped("static int32_t " + it->second +
                          "(const void *const *arguments, const int64_t *symbols, const void *state, void *workspace, "
                          "void *context) {",
                      0) +
              "  return HWY_DYNAMIC_DISPATCH(" + name + ")(arguments, symbols, state, workspace, context);\n}\n";
    }
  SourceTables tables = writeSourceTables(description);
  std::string arrays;
  for (llvm::StringRef line : llvm::split(llvm::StringRef(tables.arrays).rtrim(), '\n'))
    arrays += wrapped(line.str(), 0);
  text += "\n// What the runtime knows of the model: rune/table.h tells each field.\n// clang-format off\n" + arrays +
          "extern \"C\" {\nextern const rune_model " + table.str() + ";\n" +
          wrapped("const rune_model " + table.str() + " = " + tables.model + ";", 0) +
          "}\n// clang-format on\n\n} // namespace " + space + "\n\n#endif\n";
  return text;
}
