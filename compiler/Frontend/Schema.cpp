// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Schema.h"
#include "Frontend/Library.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Regex.h"

#include <nlohmann/json.hpp>

using namespace rune;
using llvm::StringRef;
using Json = nlohmann::ordered_json;

/// SchemaBase.json: everything but the modules.
static const char *const base =
#include "SchemaBase.inc"
    ;

/// A scalar as YAML's core schema resolves it.
static Json scalarAsJson(const Node &scalar) {
  StringRef text = scalar.text;
  if (scalar.quoted)
    return text.str();
  if (text == "~" || text == "null" || text == "Null" || text == "NULL" || text.empty())
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  int64_t integer;
  if (llvm::Regex("^[-+]?[0-9]+$").match(text) && !text.ltrim('+').getAsInteger(10, integer))
    return integer;
  double number;
  if (llvm::Regex("^[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?$").match(text) &&
      !text.ltrim('+').getAsDouble(number))
    return number;
  return text.str();
}

static Json asJson(const Node &node) {
  if (node.isScalar())
    return scalarAsJson(node);
  if (node.isSequence()) {
    Json array = Json::array();
    for (const Node &item : node.items)
      array.push_back(asJson(item));
    return array;
  }
  if (!node.isMapping())
    return nullptr;
  Json object = Json::object();
  for (const Entry &entry : node.entries)
    object[entry.key.text] = asJson(entry.value);
  return object;
}

std::string rune::documentAsJson(const Node &document) { return asJson(document).dump(2) + "\n"; }

static Json reference(const std::string &name) { return {{"$ref", "#/$defs/" + name}}; }

/// What may be given for an argument of these types.
static Json typeSchema(StringRef type) {
  llvm::SmallVector<StringRef> alternatives;
  type.split(alternatives, '|');
  bool list = false;
  for (StringRef alternative : alternatives) {
    alternative = alternative.trim();
    if (alternative == "module" || alternative == "modules")
      return {{"anyOf", {reference("submodule"), reference("value")}}};
    list |= alternative.ends_with("s") || llvm::isDigit(alternative.back());
  }
  return {{"anyOf", {reference(list ? "value" : "expression")}}};
}

static Json argumentSchema(const Node &declaration) {
  const Node *type = declaration.isScalar() ? &declaration : declaration.find("type");
  const Node *words = declaration.find("one_of"), *defaultValue = declaration.find("default");
  std::string description = type && type->isScalar() ? type->text : "";
  Json schema = typeSchema(description.empty() ? "bool" : description);
  if (words && words->isSequence()) {
    Json names = Json::array();
    for (const Node &word : words->items) {
      names.push_back(word.text);
      description += (description.empty() ? "" : " | ") + word.text;
    }
    schema["anyOf"].insert(schema["anyOf"].begin(), Json{{"enum", names}});
  }
  if (defaultValue) {
    schema["default"] = asJson(*defaultValue);
    description += ", default " + schema["default"].dump();
  }
  schema["description"] = description;
  return schema;
}

namespace {
/// The modules of all files; `extends` is followed through them.
struct Modules {
  std::vector<const Entry *> inOrder;
  llvm::StringMap<const Entry *> byName;

  explicit Modules(llvm::ArrayRef<Node> files) {
    for (const Node &file : files)
      if (const Node *section = file.find("modules"))
        for (const Entry &module : section->entries)
          if (byName.try_emplace(module.key.text, &module).second)
            inOrder.push_back(&module);
  }

  /// A section of a module, or of the one that it extends.
  const Node *find(const Entry *module, StringRef section) const {
    for (size_t steps = 0; module && steps <= inOrder.size(); ++steps) {
      if (const Node *found = module->value.find(section))
        return found;
      const Node *extended = module->value.find("extends");
      module = extended ? byName.lookup(extended->text) : nullptr;
    }
    return nullptr;
  }
};
} // namespace

/// The mapping of arguments that is given to a module; `needed` says whether there must be one.
static Json moduleSchema(const Modules &modules, const Entry &module, bool &needed) {
  Json properties = Json::object(), required = Json::array();
  std::string signature;
  if (const Node *arguments = modules.find(&module, "args"))
    for (const Entry &argument : arguments->entries) {
      properties[argument.key.text] = argumentSchema(argument.value);
      signature += (signature.empty() ? "" : ", ") + argument.key.text;
      if (!argument.value.find("default"))
        required.push_back(argument.key.text);
    }
  needed = !required.empty();
  Json schema = {{"type", needed ? Json("object") : Json::array({"object", "null"})},
                 {"description", module.key.text + "(" + signature + ")"},
                 {"properties", properties},
                 {"additionalProperties", false}};
  if (needed)
    schema["required"] = required;
  return schema;
}

/// The keys that may stand beside a module in a mapping that uses it.
static Json memberKeys() {
  return {{"if", reference("expression")},
          {"init", reference("schemes")},
          {"requires_grad", reference("expression")},
          {"training", reference("expression")},
          {"layers", reference("layers")},
          {"repeat", reference("expression")},
          {"of", reference("submodule")}};
}

/// Adds what a mapping may hold to the mapping among the alternatives of a definition.
static void addProperties(Json &definition, const Json &properties) {
  for (Json &alternative : definition["anyOf"])
    if (alternative.contains("properties"))
      alternative["properties"].update(properties);
}

std::string rune::specSchema(llvm::ArrayRef<Node> files) {
  Modules modules(files);
  Json schema = Json::parse(base);
  Json &definitions = schema["$defs"];
  Json names = Json::array(), layers = memberKeys(), optimizers = Json::object(), schedules = Json::object();
  for (const Entry *module : modules.inOrder) {
    bool needed = false;
    std::string name = module->key.text, definition = "nn." + name;
    definitions[definition] = moduleSchema(modules, *module, needed);
    bool schedule = modules.find(module, "schedule"), update = modules.find(module, "update");
    Json &uses = schedule ? schedules : update ? optimizers : layers;
    uses[name] = reference(definition);
    if (!needed)
      names.push_back(name);
  }
  definitions["moduleName"]["anyOf"][0]["enum"] = names;
  for (const char *user : {"moduleUse", "layer", "loss"})
    addProperties(definitions[user], layers);
  addProperties(definitions["optimizer"], optimizers);
  addProperties(definitions["schedule"], schedules);
  return schema.dump(2) + "\n";
}

std::string rune::specSchema(Diagnostics &diagnostics) {
  std::vector<std::unique_ptr<SourceFile>> sources;
  std::vector<Node> files;
  for (const LibraryFile &file : libraryFiles()) {
    sources.push_back(std::make_unique<SourceFile>(SourceFile{"<" + file.name.str() + ">", file.text.str(), true}));
    if (std::optional<Node> root = parseDocument(*sources.back(), diagnostics))
      files.push_back(std::move(*root));
  }
  return specSchema(files);
}
