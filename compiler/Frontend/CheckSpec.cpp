// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/CheckSpec.h"

#include "llvm/ADT/STLExtras.h"

using namespace rune;

static bool expectKind(const Entry &entry, Node::Kind kind, Diagnostics &diagnostics) {
  if (entry.value.kind == kind)
    return true;
  diagnostics.error(entry.value.loc ? entry.value.loc : entry.key.loc, "`" + entry.key.text + "` is " +
                                                                           (kind == Node::Mapping    ? "a mapping"
                                                                            : kind == Node::Sequence ? "a list"
                                                                                                     : "a text"));
  return false;
}

static bool checkVersion(const Node &root, bool main, Diagnostics &diagnostics) {
  const Entry *version = root.findEntry("runestone");
  if (!version) {
    diagnostics.error(root.loc, "expected `runestone: 1`, the version of the language, at the beginning");
    return false;
  }
  if (version->value.isScalar() && version->value.text == "1" && !version->value.quoted)
    return true;
  diagnostics.error(version->value.loc, "this compiler reads version 1 of the language: `runestone: 1`");
  return !main;
}

bool rune::checkDocument(const Node &root, bool main, Diagnostics &diagnostics) {
  if (!root.isMapping()) {
    diagnostics.error(root.loc, "a specification is a mapping, beginning with `runestone: 1`");
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

bool rune::checkModuleShape(const Entry &module, Diagnostics &diagnostics) {
  if (!module.value.isMapping()) {
    diagnostics.error(module.value.loc ? module.value.loc : module.key.loc,
                      "module `" + module.key.text +
                          "` is a mapping of sections: args, parameters, submodules, forward, …");
    return false;
  }
  bool ok = checkKeys(module.value,
                      {"args", "check", "constants", "parameters", "buffers", "submodules", "layers", "init", "tie",
                       "extends", "forward", "functions", "updates", "state", "extra_repr", "update", "schedule"},
                      "module `" + llvm::Twine(module.key.text) + "`", diagnostics);
  for (const Entry &section : module.value.entries) {
    llvm::StringRef key = section.key.text;
    if (key == "layers" || key == "updates" || key == "update" || key == "schedule")
      ok &= expectKind(section, Node::Sequence, diagnostics);
    else if (key == "extends")
      ok &= expectKind(section, Node::Scalar, diagnostics);
    else if (key != "extra_repr")
      ok &= expectKind(section, Node::Mapping, diagnostics);
    else if (!section.value.isScalar() && !section.value.isSequence())
      ok &= expectKind(section, Node::Scalar, diagnostics);
  }
  const Entry *layers = module.value.findEntry("layers");
  for (const char *section : {"parameters", "buffers", "submodules", "forward"})
    if (const Entry *other = layers ? module.value.findEntry(section) : nullptr) {
      diagnostics.error(other->key.loc, "`" + other->key.text + "` beside `layers`: a sequential has its layers only");
      ok = false;
    }
  return ok;
}

void rune::checkSpec(LoadedSpec &spec) {
  for (llvm::StringRef name : spec.ownModules())
    (void)spec.findModule(name);
}
