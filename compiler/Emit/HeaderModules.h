// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed members of a generated class: one struct for every kind of module that is not a plain handle.

#ifndef RUNE_EMIT_HEADERMODULES_H
#define RUNE_EMIT_HEADERMODULES_H

#include "Emit/Identifiers.h"
#include "Emit/ModelDescription.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace rune {

class ModuleTypes {
public:
  /// `scope` is the namespace that will hold the structs.
  ModuleTypes(const ModelDescription &model, std::string scope);

  /// The structs, each after those that it uses; empty where no module needs one.
  const std::string &structs() const { return text; }

  /// A data member of a struct or of the class, and how it is constructed.
  struct Field {
    std::string type, name, init;
  };
  /// The fields of the model itself, constructed from `model_`. `reserved`: names that they must not take.
  std::vector<Field> rootFields(const std::set<std::string> &reserved) const;

  /// The names of rune::Module and its kin, which a field would hide.
  static const std::set<std::string> &inheritedNames();

private:
  std::string typeOf(int32_t module);
  std::string listType(int32_t module) const;
  const char *plainType(int32_t module) const;
  std::vector<Field> fields(int32_t module, const std::set<std::string> &reserved, bool root) const;
  int32_t firstMember(int32_t module) const;

  const ModelDescription &model;
  const std::string scope;
  std::vector<std::vector<int32_t>> children, ownMembers;
  std::vector<int32_t> first;               // of each module: the first member at it or below, or -1
  std::vector<int32_t> moduleEnd;           // past the last module at it or below
  std::vector<std::string> types;           // of each module
  std::map<std::string, std::string> known; // what a struct holds, to its name
  IdentifierScope structNames;
  std::string text;
};

} // namespace rune

#endif // RUNE_EMIT_HEADERMODULES_H
