// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/CheckSpec.h"
#include "Frontend/CheckNames.h"
#include "Frontend/Instantiate.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

static bool expectKind(const Entry &entry, Node::Kind kind, Diagnostics &diagnostics) {
  if (entry.value.kind == kind)
    return true;
  diagnostics.error(entry.value.loc ? entry.value.loc : entry.key.loc, "'" + entry.key.text + "' is " +
                                                                           (kind == Node::Mapping    ? "a mapping"
                                                                            : kind == Node::Sequence ? "a list"
                                                                                                     : "a text"));
  return false;
}

static bool checkVersion(const Node &root, bool main, Diagnostics &diagnostics) {
  const Entry *version = root.findEntry("runestone");
  if (!version) {
    diagnostics.error(root.loc, "expected 'runestone: 1', the version of the language, at the beginning");
    return false;
  }
  if (version->value.isScalar() && version->value.text == "1" && !version->value.quoted)
    return true;
  diagnostics.error(version->value.loc, "this compiler reads version 1 of the language: 'runestone: 1'");
  return !main;
}

bool rune::checkDocument(const Node &root, bool main, Diagnostics &diagnostics) {
  if (!root.isMapping()) {
    diagnostics.error(root.loc, "a specification is a mapping, beginning with 'runestone: 1'");
    return false;
  }
  bool ok = checkVersion(root, main, diagnostics);
  checkKeys(root, {"runestone", "model", "inputs", "include", "modules", "functions", "training"}, "a specification",
            diagnostics);
  for (const Entry &entry : root.entries) {
    llvm::StringRef key = entry.key.text;
    if (key == "modules" || key == "functions" || key == "inputs" || key == "training")
      ok &= entry.value.kind == Node::Null || expectKind(entry, Node::Mapping, diagnostics);
    if (key == "include" && expectKind(entry, Node::Sequence, diagnostics))
      for (const Node &item : entry.value.items)
        if (!item.isScalar() || item.text.empty() || item.text.size() > 4096)
          diagnostics.error(item.loc, "expected the path of a file");
  }
  return ok;
}

static bool isMappingSection(llvm::StringRef key) {
  static const llvm::StringRef sections[] = {"args", "check", "constants", "parameters", "buffers", "submodules",
                                             "init", "tie",   "forward",   "functions",  "state"};
  return llvm::is_contained(sections, key);
}

bool rune::checkModuleShape(const Entry &module, bool &ok, Diagnostics &diagnostics) {
  if (!module.value.isMapping()) {
    diagnostics.error(module.value.loc ? module.value.loc : module.key.loc,
                      "module '" + module.key.text +
                          "' is a mapping of sections: args, parameters, submodules, forward, …");
    return false;
  }
  ok &= checkKeys(module.value,
                  {"args", "check", "constants", "parameters", "buffers", "submodules", "layers", "init", "tie",
                   "extends", "forward", "functions", "updates", "state", "extra_repr", "update", "schedule"},
                  "module '" + llvm::Twine(module.key.text) + "'", diagnostics);
  bool readable = true;
  for (const Entry &section : module.value.entries) {
    llvm::StringRef key = section.key.text;
    if (key == "layers" || key == "updates" || key == "update" || key == "schedule")
      readable &= expectKind(section, Node::Sequence, diagnostics);
    else if (key == "extends")
      readable &= expectKind(section, Node::Scalar, diagnostics);
    else if (key == "extra_repr" && !section.value.isScalar() && !section.value.isSequence())
      readable &= expectKind(section, Node::Scalar, diagnostics);
    else if (isMappingSection(key))
      readable &= expectKind(section, Node::Mapping, diagnostics);
  }
  const Entry *layers = module.value.findEntry("layers");
  for (const char *section : {"parameters", "buffers", "submodules", "forward"})
    if (const Entry *other = layers ? module.value.findEntry(section) : nullptr) {
      diagnostics.error(other->key.loc, "'" + other->key.text + "' beside 'layers': a sequential has its layers only");
      ok = false;
    }
  return readable;
}

//===-- Sections
//------------------------------------------------------------------------------------------------------===//

namespace {

/// One module of the specification's own files.
class ModuleChecker {
public:
  ModuleChecker(LoadedSpec &spec, const ModuleDecl &decl, const Entry &entry)
      : spec(spec), decl(decl), entry(entry), names(spec) {}

  void check();

private:
  void declare();
  void section(const Entry &section);
  void members(const Node &map, llvm::ArrayRef<llvm::StringRef> keys, bool shapeNeeded);
  void memberName(const Node &key);
  void initial(const Node &node);
  void state(const Node &map);
  void constants(const Node &map);
  void extraRepr(const Node &node);
  void inits(const Node &map);
  void ties(const Node &map);
  /// Visits the entries of a mapping, blocks flattened.
  void walk(const Node &map, llvm::function_ref<void(const Entry &)> visit);

  LoadedSpec &spec;
  const ModuleDecl &decl;
  const Entry &entry;
  NameChecker names;
};

} // namespace

void ModuleChecker::declare() {
  for (const ArgumentDecl &argument : decl.args)
    names.names.insert(argument.name);
  for (const char *section : {"constants", "parameters", "buffers", "submodules", "state"})
    names.declareEntries(decl.find(section));
  names.names.insert("training");
  for (const auto &function : decl.functions)
    names.functions.insert(function->name);
  // What an optimizer or a schedule is given.
  if (decl.find("update") || decl.find("schedule"))
    for (const char *name : {"param", "grad", "step", "lr", "momentum", "metric", "ndim"})
      names.names.insert(name);
}

void ModuleChecker::walk(const Node &map, llvm::function_ref<void(const Entry &)> visit) {
  bool open = false; // an `if` that `elif` and `else` can go on
  for (const Entry &inner : map.entries) {
    const BlockKey *key = spec.blockKey(inner.key);
    if (!key)
      continue;
    if ((key->kind == BlockKey::Elif || key->kind == BlockKey::Else) && !open)
      names.error(inner.key.loc, "'" + inner.key.text + "' without an 'if' before it");
    open = key->kind == BlockKey::If || (key->kind == BlockKey::Elif && open);
    if (key->kind == BlockKey::Plain) {
      visit(inner);
      continue;
    }
    names.expression(key->expr.get());
    if (inner.value.isMapping())
      walk(inner.value, visit);
    else if (inner.value.kind != Node::Null)
      names.error(inner.value.loc, "expected a mapping");
  }
}

void ModuleChecker::initial(const Node &node) {
  if (!node.isScalar())
    return names.value(node);
  if (isInitScheme(node.text))
    return;
  const Expr *expr = spec.expression(node);
  bool scheme = expr && expr->kind == Expr::Call && expr->operands[0]->kind == Expr::Name &&
                isInitScheme(expr->operands[0]->text);
  if (!scheme) {
    // A lone unknown word is a misspelt scheme: told when the member is made.
    bool word =
        expr && (expr->kind == Expr::Name || (expr->kind == Expr::Call && expr->operands[0]->kind == Expr::Name));
    return word ? void() : names.expression(expr);
  }
  for (const ExprPtr &argument : llvm::drop_begin(expr->operands))
    names.expression(argument.get());
  for (const Keyword &keyword : expr->keywords)
    names.expression(keyword.value.get());
}

void ModuleChecker::memberName(const Node &key) {
  if (key.text.find('{') != std::string::npos)
    names.format(key);
  else if (!isValidName(key.text))
    names.error(key.loc, "a member's name is up to 128 letters, digits and underscores, without a digit first");
}

void ModuleChecker::members(const Node &map, llvm::ArrayRef<llvm::StringRef> keys, bool shapeNeeded) {
  walk(map, [&](const Entry &member) {
    memberName(member.key);
    if (!member.value.isMapping() && !(member.value.kind == Node::Null && !shapeNeeded))
      return names.error(member.value.loc ? member.value.loc : member.key.loc,
                         "expected {shape: […], init: …} for '" + member.key.text + "'");
    for (const Entry &part : member.value.entries) {
      if (!llvm::is_contained(keys, part.key.text)) {
        llvm::StringRef near = nearestName(part.key.text, keys);
        names.error(part.key.loc, "unknown key '" + part.key.text + "' in a member" +
                                      (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      } else if (part.key.text == "shape") {
        names.shape(part.value);
      } else if (part.key.text == "init") {
        initial(part.value);
      } else {
        names.value(part.value);
      }
    }
    if (shapeNeeded && !member.value.find("shape"))
      names.error(member.key.loc, "'" + member.key.text + "' has no 'shape'");
  });
}

void ModuleChecker::constants(const Node &map) {
  walk(map, [&](const Entry &constant) {
    if (!constant.value.isMapping())
      return names.value(constant.value);
    if (const Node *shape = constant.value.find("shape"))
      names.shape(*shape);
    if (const Node *init = constant.value.find("init"))
      initial(*init);
  });
}

void ModuleChecker::extraRepr(const Node &node) {
  if (node.isScalar())
    return names.format(node);
  for (const Node &item : node.items) {
    if (!item.isMapping()) {
      names.format(item);
      continue;
    }
    for (const Entry &part : item.entries) {
      const BlockKey *key = spec.blockKey(part.key);
      if (!key || key->kind == BlockKey::Plain) {
        names.error(part.key.loc, "expected a text, or 'if …:' and 'for …:' with texts");
        continue;
      }
      names.expression(key->expr.get());
      extraRepr(part.value);
    }
  }
}

void ModuleChecker::inits(const Node &map) {
  names.names.insert("ndim");
  walk(map, [&](const Entry &pattern) { initial(pattern.value); });
}

void ModuleChecker::ties(const Node &map) {
  for (const Entry &tie : map.entries)
    if (!tie.value.isScalar())
      names.error(tie.value.loc ? tie.value.loc : tie.key.loc, "expected the name of a parameter");
}

/// Its shapes may hold the sizes that the inputs name.
void ModuleChecker::state(const Node &map) {
  llvm::StringSet<> outer = names.names;
  std::vector<const FunctionDecl *> functions = {decl.forward.get()};
  for (const auto &function : decl.functions)
    functions.push_back(function.get());
  for (const FunctionDecl *function : functions)
    for (size_t i = 0; function && i < function->inputs.size(); ++i)
      names.pattern(function->inputs[i]);
  members(map, {"shape", "init", "if", "dtype"}, false);
  names.names = std::move(outer);
}

void ModuleChecker::section(const Entry &section) {
  llvm::StringRef key = section.key.text;
  const Node &value = section.value;
  if (key == "check")
    names.checks(value);
  else if (key == "constants")
    constants(value);
  else if (key == "parameters")
    members(value, {"shape", "init", "if", "dtype", "requires_grad"}, true);
  else if (key == "buffers")
    members(value, {"shape", "init", "if", "dtype", "persistent"}, true);
  else if (key == "state")
    state(value);
  else if (key == "submodules") {
    walk(value, [&](const Entry &child) { memberName(child.key); });
    UseChecker(spec, names).submodules(value);
  } else if (key == "layers")
    UseChecker(spec, names).layers(value);
  else if (key == "extra_repr")
    extraRepr(value);
  else if (key == "init")
    inits(value);
  else if (key == "tie")
    ties(value);
}

void ModuleChecker::check() {
  declare();
  for (const Entry &part : entry.value.entries)
    section(part);
  if (decl.forward && entry.value.find("forward"))
    names.function(*decl.forward);
  if (entry.value.find("functions"))
    for (const auto &function : decl.functions)
      names.function(*function);
  // `updates` see the names of `do`.
  if (decl.forward && decl.forward->body) {
    names.declareInputs(decl.forward->inputs);
    for (const InputDecl &input : decl.forward->inputs)
      names.pattern(input);
    names.declareStatements(*decl.forward->body);
  }
  for (const char *key : {"updates", "update", "schedule"})
    if (const Node *body = entry.value.find(key)) {
      names.declareStatements(*body);
      names.statements(*body);
    }
}

void rune::checkSpec(LoadedSpec &spec) {
  for (const Entry *entry : spec.ownEntries("modules"))
    if (isValidName(entry->key.text))
      if (const ModuleDecl *decl = spec.declaredModule(entry->key.text); decl && decl->loc.line == entry->key.loc.line)
        ModuleChecker(spec, *decl, *entry).check();
  for (const Entry *entry : spec.ownEntries("functions"))
    if (isValidName(entry->key.text))
      if (const FunctionDecl *decl = spec.findFunction(entry->key.text))
        NameChecker(spec).function(*decl);
  if (const Node *model = spec.entry()) {
    NameChecker none(spec);
    UseChecker(spec, none).module(*model);
  }
  if (!spec.entry() && spec.ownEntries("modules").empty() && spec.ownEntries("functions").empty())
    spec.reportOnce(SourceLoc{&spec.mainFile(), 1, 1}, "the specification has no 'model', and no modules or functions");
  if (const Node *training = spec.section("training"))
    checkTraining(spec, *training);
}
