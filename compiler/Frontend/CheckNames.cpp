// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/CheckNames.h"
#include "Frontend/Inputs.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

void NameChecker::error(SourceLoc loc, const llvm::Twine &message) { spec.reportOnce(loc, message); }

static std::string suggestion(llvm::StringRef word, const llvm::StringSet<> &known) {
  if (word.size() < 3)
    return "";
  std::vector<llvm::StringRef> candidates;
  for (const auto &entry : known)
    candidates.push_back(entry.first());
  llvm::sort(candidates);
  llvm::StringRef near = nearestName(word, candidates);
  return near.empty() ? "" : " (did you mean '" + near.str() + "'?)";
}

static bool isPredefined(llvm::StringRef name) {
  static const llvm::StringRef known[] = {"pi", "inf", "nan", "f32", "f64", "i64", "bool", "float"};
  return llvm::is_contained(known, name);
}

bool NameChecker::isKnown(llvm::StringRef name) const {
  return names.contains(name) || llvm::any_of(templates, [&](const auto &pieces) {
           return name.size() > pieces.first.size() + pieces.second.size() && name.starts_with(pieces.first) &&
                  name.ends_with(pieces.second);
         });
}

void NameChecker::declare(llvm::StringRef name) {
  if (name.contains('{'))
    templates.push_back({name.split('{').first.str(), name.rsplit('}').second.str()});
  names.insert(name);
}

void NameChecker::name(const Expr &expr) {
  if (!isKnown(expr.text) && !isPredefined(expr.text))
    error(expr.loc, "undefined name '" + expr.text + "'" + suggestion(expr.text, names));
}

void NameChecker::call(const Expr &expr) {
  const Expr &callee = *expr.operands[0];
  if (callee.kind != Expr::Name) {
    expression(&callee);
  } else if (!functions.contains(callee.text) && !isKnown(callee.text) && !spec.hasFunction(callee.text) &&
             !isBuiltinFunction(callee.text)) {
    std::string hint = spec.hasModule(callee.text) ? "; the module of this name is made in 'submodules'"
                                                   : spec.suggestFunction(callee.text);
    if (hint.empty())
      hint = suggestion(callee.text, functions);
    error(expr.loc, "unknown function '" + callee.text + "'" + hint);
  }
  for (const ExprPtr &argument : llvm::drop_begin(expr.operands))
    expression(argument.get());
  for (const Keyword &keyword : expr.keywords)
    expression(keyword.value.get());
}

void NameChecker::expression(const Expr *expr) {
  if (!expr)
    return;
  if (expr->kind == Expr::Name)
    return name(*expr);
  if (expr->kind == Expr::Call)
    return call(*expr);
  std::vector<std::string> added;
  if (expr->kind == Expr::Comprehension)
    for (const std::string &target : expr->names)
      if (names.insert(target).second)
        added.push_back(target);
  for (const ExprPtr &operand : expr->operands)
    expression(operand.get());
  for (const std::string &target : added)
    names.erase(target);
}

void NameChecker::value(const Node &node) {
  if (node.isScalar())
    return expression(spec.expression(node));
  for (const Node &item : node.items)
    value(item);
  if (node.isMapping())
    error(node.loc, "expected an expression, not a mapping");
  if (node.kind == Node::Null)
    error(node.loc, "expected an expression");
}

void NameChecker::format(const Node &node) {
  if (!node.isScalar())
    return error(node.loc, "expected a text");
  if (const FormatString *parsed = spec.format(node))
    for (const FormatString::Part &part : parsed->parts)
      expression(part.value.get());
}

void NameChecker::shape(const Node &node) {
  const ShapePattern *parsed = spec.shape(node);
  if (!parsed)
    return;
  expression(parsed->whole.get());
  for (const PatternItem &item : parsed->items)
    expression(item.expr.get());
}

void NameChecker::pattern(const InputDecl &input) {
  if (!input.pattern)
    return;
  for (const PatternItem &item : input.pattern->items)
    if (item.expr && item.expr->kind == Expr::Name && item.kind == PatternItem::Size)
      names.insert(item.expr->text);
    else
      expression(item.expr.get());
}

void NameChecker::declareEntries(const Node *map) {
  if (!map)
    return;
  for (const Entry &entry : map->entries) {
    const BlockKey *key = spec.blockKey(entry.key);
    if (!key || key->kind == BlockKey::Plain) {
      declare(entry.key.text);
      continue;
    }
    for (const std::string &target : key->names)
      names.insert(target);
    declareEntries(&entry.value);
  }
}

void NameChecker::declareStatements(const Node &node) {
  for (const Node &item : node.items)
    declareStatements(item);
  for (const Entry &entry : node.entries) {
    if (entry.key.text == "return" || entry.key.text == "check")
      continue;
    const BlockKey *key = spec.blockKey(entry.key);
    if (key && key->kind != BlockKey::Plain) {
      for (const std::string &target : key->names)
        names.insert(target);
      declareStatements(entry.value);
      continue;
    }
    llvm::SmallVector<llvm::StringRef> targets;
    llvm::StringRef(entry.key.text).split('[').first.split(targets, ',');
    for (llvm::StringRef target : targets)
      declare(target.trim());
  }
}

void NameChecker::declareInputs(const std::vector<InputDecl> &inputs) {
  for (const InputDecl &input : inputs)
    names.insert(input.name);
}

void NameChecker::checks(const Node &node) {
  if (!node.isMapping())
    return error(node.loc, "'check' is a mapping of conditions to messages");
  for (const Entry &entry : node.entries) {
    expression(spec.expression(entry.key));
    format(entry.value);
  }
}

static bool isTarget(llvm::StringRef key) {
  if (key.contains('{'))
    return true;
  llvm::StringRef indices;
  if (size_t open = key.find('['); open != llvm::StringRef::npos && key.ends_with("]")) {
    indices = key.slice(open + 1, key.size() - 1);
    key = key.take_front(open);
  }
  llvm::SmallVector<llvm::StringRef> targets;
  key.split(targets, ',');
  if (!indices.empty())
    indices.split(targets, ',');
  return llvm::all_of(targets, [](llvm::StringRef target) { return isValidName(target.trim()); });
}

void NameChecker::statements(const Node &node) {
  if (node.isSequence()) {
    for (const Node &item : node.items)
      if (item.isMapping() && !item.entries.empty())
        statements(item);
      else
        error(item.loc, "expected a statement: 'name: expression', 'return:', 'check:', 'if …:' or 'for …:'");
    return;
  }
  for (const Entry &entry : node.entries) {
    if (entry.key.text == "check") {
      checks(entry.value);
      continue;
    }
    const BlockKey *key = spec.blockKey(entry.key);
    if (!key)
      continue;
    if (key->kind != BlockKey::Plain) {
      if (&entry == &node.entries.front() && (key->kind == BlockKey::Elif || key->kind == BlockKey::Else))
        error(entry.key.loc, "'" + entry.key.text + "' without an 'if' before it");
      expression(key->expr.get());
      if (entry.value.isSequence() || entry.value.isMapping())
        statements(entry.value);
      else
        error(entry.value.loc ? entry.value.loc : entry.key.loc, "expected a list of statements");
      continue;
    }
    if (entry.key.text != "return" && !isTarget(entry.key.text))
      error(entry.key.loc, "'" + llvm::StringRef(entry.key.text).take_front(40) + "' is not a name");
    value(entry.value);
  }
}

void NameChecker::function(const FunctionDecl &function) {
  llvm::StringSet<> outer = names;
  declareInputs(function.inputs);
  for (const InputDecl &input : function.inputs)
    pattern(input);
  for (const InputDecl &input : function.inputs)
    if (input.defaultValue && input.isTensor)
      value(*input.defaultValue);
  if (function.body && function.body->isScalar()) {
    value(*function.body);
  } else if (function.body) {
    declareStatements(*function.body);
    if (function.body->isSequence())
      statements(*function.body);
    else
      error(function.body->loc, "'do' is an expression or a list of statements");
  }
  names = std::move(outer);
}

//===-- Uses of modules
//-----------------------------------------------------------------------------------------------===//

static bool isBesideKey(llvm::StringRef key) {
  return key == "if" || key == "init" || key == "requires_grad" || key == "training";
}

void UseChecker::arguments(const Node &name, const Node *given) {
  if (!spec.hasModule(name.text)) {
    std::string hint = spec.suggestModule(name.text);
    llvm::StringRef key = nearestName(name.text, {"if", "init", "layers", "repeat", "requires_grad", "training"});
    if (hint.empty() && !key.empty())
      hint = " (did you mean '" + key.str() + "'?)";
    return names.error(name.loc, "unknown module '" + name.text + "'" + hint);
  }
  const ModuleDecl *decl = spec.findModule(name.text);
  if (!decl || !given || given->kind == Node::Null)
    return;
  if (!given->isMapping())
    return names.error(given->loc,
                       "the arguments of '" + decl->name + "' are a mapping, as in {" + decl->name + ": {…}}");
  for (const Entry &entry : given->entries) {
    auto declared =
        llvm::find_if(decl->args, [&](const ArgumentDecl &argument) { return argument.name == entry.key.text; });
    if (declared == decl->args.end()) {
      std::vector<llvm::StringRef> known;
      for (const ArgumentDecl &argument : decl->args)
        known.push_back(argument.name);
      llvm::StringRef near = nearestName(entry.key.text, known);
      names.error(entry.key.loc, "'" + decl->name + "' has no argument '" + entry.key.text + "'" +
                                     (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
      continue;
    }
    bool modules = llvm::any_of(declared->type.alternatives, [](const ArgumentType::Alternative &alternative) {
      return alternative.base == ArgumentType::Alternative::Modules ||
             alternative.base == ArgumentType::Alternative::Module;
    });
    // Texts that are no expressions of values here are told, better, where the argument's type is known.
    bool text = entry.value.isScalar() && !declared->type.words.empty();
    bool loose = entry.value.isScalar() && isLooseBool(entry.value.text);
    if (!modules && !text && !loose && !entry.value.isMapping() && entry.value.kind != Node::Null)
      names.value(entry.value);
  }
}

void UseChecker::module(const Node &node) {
  if (node.isScalar())
    return arguments(node, nullptr);
  if (node.isSequence())
    return layers(node);
  if (!node.isMapping())
    return names.error(node.loc, "expected a module: a name, or {Name: {arguments}}");
  bool repeat = node.find("repeat") && node.find("of");
  for (const Entry &entry : node.entries) {
    llvm::StringRef key = entry.key.text;
    if (key == "if" || key == "requires_grad" || key == "training" || (repeat && key == "repeat"))
      names.value(entry.value);
    else if (repeat && key == "of")
      module(entry.value);
    else if (key == "layers")
      layers(entry.value);
    else if (!isBesideKey(key))
      arguments(entry.key, &entry.value);
  }
}

void UseChecker::layer(const Node &node) {
  if (!node.isMapping() || node.entries.empty())
    return module(node);
  const BlockKey *first = spec.blockKey(node.entries.front().key);
  if (first && first->kind != BlockKey::Plain) {
    for (const Entry &entry : node.entries) {
      const BlockKey *key = spec.blockKey(entry.key);
      if (!key)
        continue;
      for (const std::string &target : key->names)
        names.names.insert(target);
      names.expression(key->expr.get());
      entry.value.isSequence() ? layers(entry.value) : layer(entry.value);
    }
    return;
  }
  const Entry &entry = node.entries.front();
  bool named = node.entries.size() == 1 && entry.key.text != "layers" && !spec.hasModule(entry.key.text) &&
               !isBesideKey(entry.key.text);
  if (!named)
    return module(node);
  // A misspelt module is told from a layer's name when it is made.
  const Node &value = entry.value;
  bool isModule = value.isScalar() || value.isSequence();
  if (value.isMapping())
    isModule = value.find("layers") || value.find("repeat") || llvm::any_of(value.entries, [&](const Entry &inner) {
                 return spec.hasModule(inner.key.text) || inner.value.isMapping();
               });
  if (isModule)
    return module(value);
  arguments(entry.key, &value);
}

void UseChecker::layers(const Node &node) {
  if (!node.isSequence())
    return names.error(node.loc, "'layers' is a list of modules");
  for (const Node &item : node.items)
    layer(item);
}

void UseChecker::submodules(const Node &node) {
  for (const Entry &entry : node.entries) {
    const BlockKey *key = spec.blockKey(entry.key);
    if (!key)
      continue;
    if (key->kind == BlockKey::Plain) {
      module(entry.value);
      continue;
    }
    names.expression(key->expr.get());
    if (entry.value.isMapping())
      submodules(entry.value);
    else
      names.error(entry.value.loc ? entry.value.loc : entry.key.loc, "expected a mapping");
  }
}
