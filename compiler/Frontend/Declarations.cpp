// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments, inputs and shape patterns, from nodes.

#include "Frontend/Spec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace rune;

bool rune::isValidName(llvm::StringRef name, bool digits) {
  auto word = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  return !name.empty() && name.size() <= 128 && llvm::all_of(name, word) && (digits || !llvm::isDigit(name.front()));
}

bool rune::checkKeys(const Node &map, llvm::ArrayRef<llvm::StringRef> known, const llvm::Twine &where,
                     Diagnostics &diagnostics) {
  bool ok = true;
  for (const Entry &entry : map.entries) {
    if (llvm::is_contained(known, entry.key.text))
      continue;
    llvm::StringRef near = nearestName(entry.key.text, known);
    diagnostics.error(entry.key.loc, "unknown key '" + llvm::Twine(entry.key.text) + "' in " + where +
                                         (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
    ok = false;
  }
  return ok;
}

/// The parts of a text between commas outside of brackets and quotes, with their offsets.
static std::vector<std::pair<size_t, llvm::StringRef>> splitAtCommas(llvm::StringRef text) {
  std::vector<std::pair<size_t, llvm::StringRef>> parts;
  size_t start = 0;
  int depth = 0;
  char quote = 0;
  auto push = [&](size_t end) {
    llvm::StringRef part = text.slice(start, end);
    size_t lead = part.size() - part.ltrim().size();
    parts.push_back({start + lead, part.trim()});
    start = end + 1;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quote) {
      if (c == quote)
        quote = 0;
    } else if (c == '\'' || c == '"')
      quote = c;
    else if (c == '[' || c == '(' || c == '{')
      ++depth;
    else if (c == ']' || c == ')' || c == '}')
      --depth;
    else if (c == ',' && depth == 0)
      push(i);
  }
  push(text.size());
  return parts;
}

static bool addPatternItem(const Node &scalar, size_t offset, llvm::StringRef text, ShapePattern &pattern,
                           Diagnostics &diagnostics) {
  PatternItem item;
  item.loc = scalar.locationAt(offset);
  if (text.empty()) {
    diagnostics.error(item.loc, "expected a size");
    return false;
  }
  if (text == "...") {
    item.kind = PatternItem::Rest;
  } else {
    if (text.consume_front("*")) {
      item.kind = PatternItem::Splice;
      ++offset;
    }
    item.expr = parseExpression(scalar, offset, text, diagnostics);
    if (!item.expr)
      return false;
  }
  pattern.items.push_back(std::move(item));
  return true;
}

std::optional<ShapePattern> rune::parseShape(const Node &node, Diagnostics &diagnostics) {
  ShapePattern pattern;
  pattern.loc = node.loc;
  bool ok = true;
  if (node.isSequence()) {
    for (const Node &item : node.items) {
      if (!item.isScalar()) {
        diagnostics.error(item.loc, "expected a size");
        ok = false;
        continue;
      }
      llvm::StringRef text = llvm::StringRef(item.text);
      ok &= addPatternItem(item, text.size() - text.ltrim().size(), text.trim(), pattern, diagnostics);
    }
  } else if (node.isScalar()) {
    llvm::StringRef text = llvm::StringRef(node.text).rtrim();
    size_t open = text.size() - text.ltrim().size() + 1;
    if (text.ltrim().starts_with("[") && text.ends_with("]") && open < text.size() &&
        text.slice(open, text.size() - 1).find_first_of("[]") == llvm::StringRef::npos && !text.contains(" for ")) {
      llvm::StringRef inner = text.slice(open, text.size() - 1);
      if (!inner.trim().empty())
        for (auto [offset, part] : splitAtCommas(inner))
          ok &= addPatternItem(node, open + offset, part, pattern, diagnostics);
    } else {
      pattern.whole = parseExpression(node, diagnostics);
      ok = pattern.whole != nullptr;
    }
  } else {
    diagnostics.error(node.loc, "expected a shape: a list of sizes");
    return std::nullopt;
  }
  auto isRest = [](const PatternItem &item) { return item.kind == PatternItem::Rest; };
  if (llvm::count_if(pattern.items, isRest) > 1) {
    diagnostics.error(node.loc, "a shape has one '...' at most");
    ok = false;
  }
  if (!ok)
    return std::nullopt;
  return pattern;
}

static bool parseAlternative(llvm::StringRef text, ArgumentType &type) {
  ArgumentType::Alternative alternative{ArgumentType::Alternative::Int};
  using Alternative = ArgumentType::Alternative;
  if (text == "none" || text == "None")
    alternative.base = Alternative::None;
  else if (text == "bool")
    alternative.base = Alternative::Bool;
  else if (text == "module")
    alternative.base = Alternative::Module;
  else if (text == "modules")
    alternative.base = Alternative::Modules;
  else {
    if (text.consume_front("int"))
      alternative.base = Alternative::Int;
    else if (text.consume_front("float"))
      alternative.base = Alternative::Float;
    else
      return false;
    if (text == "s")
      alternative.count = -1;
    else if (text.size() == 1 && text[0] >= '1' && text[0] <= '9')
      alternative.count = text[0] - '0';
    else if (!text.empty())
      return false;
  }
  type.alternatives.push_back(alternative);
  return true;
}

static bool parseType(const Node &node, ArgumentType &type, Diagnostics &diagnostics) {
  if (!node.isScalar()) {
    diagnostics.error(node.loc, "expected a type: int, float, bool, ints, floats, int2, module, …");
    return false;
  }
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(node.text).split(parts, '|');
  for (llvm::StringRef part : parts) {
    if (parseAlternative(part.trim(), type))
      continue;
    llvm::StringRef near = nearestName(
        part.trim(), {"int", "float", "bool", "none", "ints", "floats", "int2", "int3", "float2", "module", "modules"});
    diagnostics.error(node.loc, "unknown type '" + part.trim() + "'" +
                                    (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
    return false;
  }
  type.text = node.text;
  return true;
}

static bool parseWords(const Node &node, ArgumentType &type, Diagnostics &diagnostics) {
  if (!node.isSequence() || node.items.empty()) {
    diagnostics.error(node.loc, "'one_of' is a list of words");
    return false;
  }
  for (const Node &item : node.items) {
    if (!item.isScalar() || item.text.size() > 128) {
      diagnostics.error(item.loc, "expected a word");
      return false;
    }
    type.words.push_back(item.text);
  }
  type.text += (type.text.empty() ? "one of " : " or one of ") + llvm::join(type.words, ", ");
  return true;
}

static bool checkName(const Node &key, const char *what, Diagnostics &diagnostics) {
  if (isValidName(key.text))
    return true;
  diagnostics.error(key.loc, llvm::Twine("the name of ") + what +
                                 " is up to 128 letters, digits and underscores, without a digit first");
  return false;
}

std::optional<ArgumentDecl> rune::parseArgument(const Entry &entry, Diagnostics &diagnostics) {
  ArgumentDecl decl;
  decl.name = entry.key.text;
  decl.loc = entry.key.loc;
  if (!checkName(entry.key, "an argument", diagnostics))
    return std::nullopt;
  const Node &node = entry.value;
  if (!node.isMapping())
    return parseType(node, decl.type, diagnostics) ? std::optional(std::move(decl)) : std::nullopt;
  bool ok = checkKeys(node, {"type", "default", "one_of"}, "an argument", diagnostics);
  const Node *type = node.find("type"), *words = node.find("one_of");
  if (!type && !words) {
    diagnostics.error(node.loc, "argument '" + llvm::Twine(decl.name) + "' needs a 'type' or 'one_of'");
    return std::nullopt;
  }
  ok &= !type || parseType(*type, decl.type, diagnostics);
  ok &= !words || parseWords(*words, decl.type, diagnostics);
  decl.defaultValue = node.find("default");
  return ok ? std::optional(std::move(decl)) : std::nullopt;
}

static bool parseTensorInput(const Node &node, InputDecl &decl, Diagnostics &diagnostics) {
  const Node *shape = &node;
  if (node.isMapping()) {
    shape = node.find("shape");
    if (const Node *dtype = node.find("dtype")) {
      static const llvm::StringRef known[] = {"any", "bool", "i64", "f32", "f64", "float"};
      if (!dtype->isScalar() || !llvm::is_contained(known, dtype->text)) {
        llvm::StringRef near = nearestName(dtype->text, known);
        diagnostics.error(dtype->loc, "expected a dtype: f32, f64, i64, bool or any" +
                                          (near.empty() ? llvm::Twine("") : " (did you mean '" + near + "'?)"));
        return false;
      }
      decl.anyDType = dtype->text == "any";
      if (!decl.anyDType)
        decl.dtype = dtype->text;
    }
    if (!shape)
      return true;
  }
  if (shape->isScalar() && shape->text == "any")
    return true;
  decl.pattern = parseShape(*shape, diagnostics);
  return decl.pattern.has_value();
}

std::optional<InputDecl> rune::parseInput(const Entry &entry, bool atEntry, Diagnostics &diagnostics) {
  InputDecl decl;
  decl.name = entry.key.text;
  decl.loc = entry.key.loc;
  if (!checkName(entry.key, "an input", diagnostics))
    return std::nullopt;
  const Node &node = entry.value;
  bool ok = true;
  if (node.isMapping()) {
    if (atEntry)
      ok = checkKeys(node, {"shape", "dtype", "type", "value"}, "an input", diagnostics);
    else
      ok = checkKeys(node, {"shape", "dtype", "type", "one_of", "default"}, "an input", diagnostics);
    const Node *type = node.find("type"), *words = node.find("one_of");
    decl.isTensor = !type && !words;
    ok &= !type || parseType(*type, decl.type, diagnostics);
    ok &= !words || parseWords(*words, decl.type, diagnostics);
    if (!decl.isTensor && (node.find("shape") || node.find("dtype"))) {
      diagnostics.error(node.loc, "an input has a 'type', or a 'shape' and a 'dtype'");
      ok = false;
    }
    decl.defaultValue = node.find("default");
    decl.fixedValue = node.find("value");
    if (!node.entries.size()) {
      diagnostics.error(node.loc, "expected a shape, 'any', or a mapping with 'shape' or 'type'");
      ok = false;
    }
  } else if (node.kind == Node::Null) {
    diagnostics.error(node.loc ? node.loc : entry.key.loc,
                      "input '" + llvm::Twine(decl.name) + "' needs a shape, or 'any'");
    return std::nullopt;
  }
  if (ok && decl.isTensor)
    ok = parseTensorInput(node, decl, diagnostics);
  return ok ? std::optional(std::move(decl)) : std::nullopt;
}

std::unique_ptr<FunctionDecl> rune::parseFunction(llvm::StringRef name, const Node &key, const Node &node,
                                                  Diagnostics &diagnostics) {
  auto decl = std::make_unique<FunctionDecl>();
  decl->name = name.str();
  decl->loc = key.loc;
  if (!node.isMapping()) {
    diagnostics.error(key.loc, "'" + llvm::Twine(name) + "' is a mapping with 'inputs' and 'do'");
    return nullptr;
  }
  bool ok = checkKeys(node, {"inputs", "do"}, "a function", diagnostics);
  if (const Node *inputs = node.find("inputs"); inputs && inputs->kind != Node::Null) {
    if (!inputs->isMapping()) {
      diagnostics.error(inputs->loc, "'inputs' is a mapping of names to shapes");
      return nullptr;
    }
    bool defaults = false;
    for (const Entry &entry : inputs->entries) {
      std::optional<InputDecl> input = parseInput(entry, false, diagnostics);
      if (!input) {
        ok = false;
        continue;
      }
      if (defaults && !input->defaultValue) {
        diagnostics.error(input->loc, "an input without a default after one with a default");
        ok = false;
      }
      defaults |= input->defaultValue != nullptr;
      decl->inputs.push_back(std::move(*input));
    }
  }
  decl->body = node.find("do");
  if (!decl->body || decl->body->kind == Node::Null) {
    diagnostics.error(node.loc, "'" + llvm::Twine(name) + "' has no 'do'");
    return nullptr;
  }
  return ok ? std::move(decl) : nullptr;
}
