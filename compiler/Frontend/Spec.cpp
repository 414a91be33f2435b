// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Spec.h"
#include "Frontend/CheckSpec.h"
#include "Frontend/Frontend.h"
#include "Frontend/Library.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace rune;

const Node *ModuleDecl::find(llvm::StringRef section) const {
  for (const Entry *entry : sections)
    if (entry->key.text == section)
      return &entry->value;
  return nullptr;
}

const FunctionDecl *ModuleDecl::findFunction(llvm::StringRef function) const {
  for (const auto &decl : functions)
    if (decl->name == function)
      return decl.get();
  return nullptr;
}

//===-- Files ---------------------------------------------------------------------------------------------------===//

bool LoadedSpec::load(llvm::StringRef path, SourceLoc from) {
  llvm::SmallString<256> real;
  if (llvm::sys::fs::real_path(path, real))
    real = path;
  if (llvm::is_contained(includeStack, real.str())) {
    diagnostics->error(from, "'" + path + "' includes itself: " + llvm::join(includeStack, " -> ") + " -> " + real);
    return false;
  }
  if (llvm::is_contained(paths, path.str()) || !loaded.insert(real).second)
    return true;
  std::unique_ptr<SourceFile> file = readSourceFile(path, *diagnostics);
  if (!file) {
    if (from)
      diagnostics->note(from, "included here");
    return false;
  }
  paths.push_back(path.str());
  sources.push_back(std::move(file));
  std::optional<Node> parsed = parseDocument(*sources.back(), *diagnostics);
  if (!parsed)
    return false;
  roots.push_back(std::make_unique<Node>(std::move(*parsed)));
  const Node &node = *roots.back();
  if (!from)
    root = &node;
  if (!checkDocument(node, !from, *diagnostics))
    return false;
  declare(node, false);
  bool ok = true;
  includeStack.push_back(real.str().str());
  if (const Node *include = node.find("include"); include && include->isSequence())
    for (const Node &item : include->items) {
      llvm::SmallString<256> target(llvm::sys::path::parent_path(path));
      llvm::sys::path::append(target, item.text);
      if (llvm::sys::path::is_absolute(item.text))
        target = item.text;
      ok &= load(target, item.loc);
    }
  includeStack.pop_back();
  if (const Node *inputs = node.find("inputs"); !from && inputs && inputs->isMapping())
    for (const Entry &entry : inputs->entries)
      if (std::optional<InputDecl> input = parseInput(entry, true, *diagnostics))
        entryInputs.push_back(std::move(*input));
  return ok;
}

void LoadedSpec::declareAll(const Node *section, llvm::StringMap<Declared> &into, const char *what, bool isStandard) {
  if (!section || !section->isMapping())
    return;
  for (const Entry &entry : section->entries) {
    if (!isValidName(entry.key.text)) {
      diagnostics->error(entry.key.loc, llvm::Twine("the name of a ") + what +
                                            " is up to 128 letters, digits and underscores, without a digit first");
      continue;
    }
    Declared &declared = into[entry.key.text];
    if (declared.entry) {
      diagnostics->error(entry.key.loc, llvm::Twine("two ") + what + "s are named '" + entry.key.text + "'");
      diagnostics->note(declared.entry->key.loc, "the first one is here");
      continue;
    }
    declared.entry = &entry;
    declared.isStandard = isStandard;
  }
}

void LoadedSpec::declare(const Node &node, bool isStandard) {
  declareAll(node.find("modules"), isStandard ? libraryModules : modules, "module", isStandard);
  declareAll(node.find("functions"), isStandard ? libraryFunctions : functions, "function", isStandard);
}

bool LoadedSpec::loadLibraryFile(const LibraryFile &embedded) {
  auto file = std::make_unique<SourceFile>();
  file->name = ("<" + embedded.name + ">").str();
  if (!loaded.insert(file->name).second)
    return true;
  file->text = embedded.text.str();
  file->embedded = true;
  sources.push_back(std::move(file));
  std::optional<Node> parsed = parseDocument(*sources.back(), *diagnostics);
  if (!parsed)
    return false;
  roots.push_back(std::make_unique<Node>(std::move(*parsed)));
  declare(*roots.back(), true);
  return true;
}

const Node *LoadedSpec::nodeFromText(llvm::StringRef origin, llvm::StringRef text) {
  auto file = std::make_unique<SourceFile>();
  file->name = origin.str();
  file->text = text.str();
  sources.push_back(std::move(file));
  std::optional<Node> parsed = parseDocument(*sources.back(), *diagnostics);
  if (!parsed)
    return nullptr;
  roots.push_back(std::make_unique<Node>(std::move(*parsed)));
  return roots.back().get();
}

const Node *LoadedSpec::keep(Node node) {
  roots.push_back(std::make_unique<Node>(std::move(node)));
  return roots.back().get();
}

//===-- Names ---------------------------------------------------------------------------------------------------===//

bool LoadedSpec::hasModule(llvm::StringRef name) const { return modules.count(name) || findLibraryModule(name); }

bool LoadedSpec::hasFunction(llvm::StringRef name) const { return functions.count(name) || findLibraryFunction(name); }

std::vector<const Entry *> LoadedSpec::ownEntries(llvm::StringRef name) const {
  std::vector<const Entry *> entries;
  for (const auto &document : roots)
    if (const Node *section = document->find(name); section && section->isMapping() && document->find("runestone"))
      for (const Entry &entry : section->entries)
        if (entry.key.loc.file && !entry.key.loc.file->embedded)
          entries.push_back(&entry);
  return entries;
}

void LoadedSpec::reportOnce(SourceLoc loc, const llvm::Twine &message) {
  if (reported.insert({loc.file, loc.line, loc.column}).second)
    diagnostics->error(loc, message);
}

static std::string suggestion(llvm::StringRef near) {
  return near.empty() ? "" : " (did you mean '" + near.str() + "'?)";
}

std::string LoadedSpec::suggestModule(llvm::StringRef name) const {
  std::vector<llvm::StringRef> candidates = libraryModuleNames().vec();
  for (const auto &entry : modules)
    candidates.push_back(entry.first());
  llvm::sort(candidates);
  return suggestion(nearestName(name, candidates));
}

std::string LoadedSpec::suggestFunction(llvm::StringRef name) const {
  std::vector<llvm::StringRef> candidates = libraryFunctionNames().vec();
  for (const auto &entry : functions)
    candidates.push_back(entry.first());
  addBuiltinNames(candidates);
  llvm::sort(candidates);
  return suggestion(nearestName(name, candidates));
}

//===-- Declarations --------------------------------------------------------------------------------------------===//

LoadedSpec::Declared *LoadedSpec::lookUp(llvm::StringRef name, llvm::StringMap<Declared> &in, bool module) {
  if (auto it = in.find(name); it != in.end())
    return &it->second;
  llvm::StringMap<Declared> &library = module ? libraryModules : libraryFunctions;
  const LibraryFile *file = module ? findLibraryModule(name) : findLibraryFunction(name);
  if (!file || !loadLibraryFile(*file))
    return nullptr;
  auto it = library.find(name);
  return it == library.end() ? nullptr : &it->second;
}

const FunctionDecl *LoadedSpec::findFunction(llvm::StringRef name) {
  Declared *declared = lookUp(name, functions, false);
  if (!declared || declared->failed)
    return nullptr;
  if (!declared->function) {
    declared->function = parseFunction(name, declared->entry->key, declared->entry->value, *diagnostics);
    declared->failed = !declared->function;
  }
  return declared->function.get();
}

const SourceFile *LoadedSpec::findFile(llvm::StringRef name) const {
  for (const auto &source : sources)
    if (source->name == name)
      return source.get();
  return nullptr;
}

const ModuleDecl *LoadedSpec::findModule(llvm::StringRef name) {
  Declared *declared = lookUp(name, modules, true);
  if (!declared || declared->failed)
    return nullptr;
  if (declared->building) {
    diagnostics->error(declared->entry->key.loc, "module '" + name + "' extends itself");
    declared->failed = true;
    return nullptr;
  }
  if (!declared->module) {
    declared->building = true;
    bool ok = true;
    declared->module = buildModule(*declared->entry, declared->isStandard, ok);
    declared->building = false;
    declared->failed |= !declared->module || !ok;
  }
  return declared->failed ? nullptr : declared->module.get();
}

const ModuleDecl *LoadedSpec::declaredModule(llvm::StringRef name) {
  (void)findModule(name);
  Declared *declared = lookUp(name, modules, true);
  return declared ? declared->module.get() : nullptr;
}

bool LoadedSpec::addBase(ModuleDecl &decl, const Node &base) {
  if (!base.isScalar()) {
    diagnostics->error(base.loc, "'extends' names a module");
    return false;
  }
  // A module may extend the library's one of its own name.
  const ModuleDecl *extended = nullptr;
  const LibraryFile *file = findLibraryModule(base.text);
  if (base.text == decl.name && !decl.isStandard && file) {
    if (loadLibraryFile(*file)) {
      Declared &declared = libraryModules[base.text];
      bool ok = true;
      if (!declared.module && declared.entry)
        declared.module = buildModule(*declared.entry, true, ok);
      extended = declared.module.get();
    }
  } else {
    if (!hasModule(base.text)) {
      diagnostics->error(base.loc, "unknown module '" + base.text + "'" + suggestModule(base.text));
      return false;
    }
    extended = findModule(base.text);
  }
  if (!extended)
    return false;
  std::vector<const Entry *> own = std::move(decl.sections);
  decl.sections = extended->sections;
  for (const Entry *entry : own) {
    auto same = llvm::find_if(decl.sections, [&](const Entry *old) { return old->key.text == entry->key.text; });
    if (same != decl.sections.end())
      *same = entry;
    else
      decl.sections.push_back(entry);
  }
  return true;
}

std::unique_ptr<ModuleDecl> LoadedSpec::buildModule(const Entry &entry, bool isStandard, bool &ok) {
  auto decl = std::make_unique<ModuleDecl>();
  decl->name = entry.key.text;
  decl->loc = entry.key.loc;
  decl->isStandard = isStandard;
  if (!checkModuleShape(entry, ok, *diagnostics))
    return nullptr;
  const Node *base = nullptr;
  for (const Entry &section : entry.value.entries) {
    if (section.key.text == "extends")
      base = &section.value;
    else
      decl->sections.push_back(&section);
  }
  if (base)
    ok &= addBase(*decl, *base);
  if (const Node *args = decl->find("args"))
    for (const Entry &argument : args->entries) {
      if (std::optional<ArgumentDecl> parsed = parseArgument(argument, *diagnostics))
        decl->args.push_back(std::move(*parsed));
      else
        ok = false;
    }
  for (const Entry *section : decl->sections) {
    if (section->key.text == "forward") {
      decl->forward = parseFunction("forward", section->key, section->value, *diagnostics);
      ok &= decl->forward != nullptr;
    }
    if (section->key.text != "functions")
      continue;
    for (const Entry &function : section->value.entries) {
      if (!isValidName(function.key.text) || function.key.text == "forward") {
        diagnostics->error(function.key.loc, "'" + function.key.text + "' cannot be the name of a function");
        ok = false;
        continue;
      }
      if (auto parsed = parseFunction(function.key.text, function.key, function.value, *diagnostics))
        decl->functions.push_back(std::move(parsed));
      else
        ok = false;
    }
  }
  return decl;
}

//===-- Parsed text ---------------------------------------------------------------------------------------------===//

const Expr *LoadedSpec::expression(const Node &scalar) {
  auto [it, inserted] = expressions.try_emplace(&scalar);
  if (inserted)
    it->second = parseExpression(scalar, *diagnostics);
  return it->second.get();
}

const BlockKey *LoadedSpec::blockKey(const Node &key) {
  auto [it, inserted] = blockKeys.try_emplace(&key);
  if (inserted)
    if (std::optional<BlockKey> parsed = parseBlockKey(key, *diagnostics))
      it->second = std::make_unique<BlockKey>(std::move(*parsed));
  return it->second.get();
}

const FormatString *LoadedSpec::format(const Node &scalar) {
  auto [it, inserted] = formats.try_emplace(&scalar);
  if (inserted)
    if (std::optional<FormatString> parsed = parseFormat(scalar, *diagnostics))
      it->second = std::make_unique<FormatString>(std::move(*parsed));
  return it->second.get();
}

const ShapePattern *LoadedSpec::shape(const Node &node) {
  auto [it, inserted] = shapes.try_emplace(&node);
  if (inserted)
    if (std::optional<ShapePattern> parsed = parseShape(node, *diagnostics))
      it->second = std::make_unique<ShapePattern>(std::move(*parsed));
  return it->second.get();
}

std::unique_ptr<LoadedSpec> rune::loadSpec(llvm::StringRef path, Diagnostics &diagnostics) {
  auto spec = std::make_unique<LoadedSpec>(diagnostics);
  if (!spec->load(path, SourceLoc()) || !spec->files().size())
    return nullptr;
  checkSpec(*spec);
  return spec;
}
