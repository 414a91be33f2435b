// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds instances, section by section, in the order written.

#ifndef RUNE_FRONTEND_INSTANTIATE_H
#define RUNE_FRONTEND_INSTANTIATE_H

#include "Frontend/Evaluate.h"

namespace rune {

class Instantiator {
public:
  Instantiator(Session &session, ModuleTree &tree) : session(session), spec(session.spec), tree(tree) {}

  /// The entry module from the spec's `model:`; null after an error.
  Instance *instantiateEntry();
  /// What the section `training` asks for, into the tree; false after an error.
  bool planTraining();
  /// A module beside the model; null after an error.
  Instance *instantiateHidden(const Node &node, const std::string &path);

private:
  /// What stands beside a submodule's type.
  struct Beside {
    const Node *init = nullptr;
    bool frozen = false, evaluation = false;
    Scope *scope = nullptr; // of the module around it
  };

  //===-- Modules (Instantiate.cpp) -----------------------------------------------------------------------------===//
  bool make(const Node &node, Scope &scope, const std::string &path, bool evaluation, Instance *&result);
  Instance *makeList(llvm::ArrayRef<Node> items, Scope &scope, const std::string &path, bool evaluation, SourceLoc loc);
  Instance *makeSequential(const Node &layers, Scope &scope, const std::string &path, llvm::StringRef type,
                           bool evaluation, SourceLoc loc);
  Instance *makeSequentialInto(Instance &instance, const Node &layers, Scope &scope);
  Instance *build(const Node &name, const Node *given, Scope &scope, const std::string &path, const Beside &beside);
  Instance *newInstance(const std::string &path, llvm::StringRef type, SourceLoc loc);
  bool bindArguments(const ModuleDecl &decl, const Node *given, Scope &outer, Instance &instance, SourceLoc use);
  bool addChild(Instance &parent, const std::string &name, SourceLoc loc, bool digits, const Node &node, Scope &scope);
  bool addLayer(Instance &parent, const Node &node, Scope &scope);
  Value moduleArgument(const ArgumentDecl &argument, const Node &node, const std::string &path);
  bool checkRecursion(const ModuleDecl &decl, SourceLoc loc);
  void makeExtraRepr(Instance &instance, Scope &scope);

  //===-- Sections (Members.cpp) --------------------------------------------------------------------------------===//
  bool buildSections(Instance &instance, Scope &scope, const Beside &beside);
  bool constants(Instance &instance, const Node &section, Scope &scope);
  bool members(Instance &instance, const Node &section, Scope &scope, MemberTensor::Kind kind, const Beside &beside);
  bool addMember(Instance &instance, const Entry &entry, const std::string &name, Scope &scope, MemberTensor::Kind kind,
                 const Beside &beside);
  MemberTensor *makeTensor(Instance &instance, const Entry &entry, const std::string &name, Scope &scope,
                           MemberTensor::Kind kind);
  bool registerName(Instance &instance, const std::string &name, SourceLoc loc, bool digits);
  bool submodules(Instance &instance, const Node &section, Scope &scope);
  bool initSection(Instance &instance, const Node &section, Scope &scope);
  bool ties(Instance &instance, const Node &section, Scope &scope);
  bool tie(Instance &instance, const Entry &entry);
  Slot *findParameter(Instance &instance, llvm::StringRef path, SourceLoc loc);

  /// Walks the entries of a mapping, blocks flattened.
  using EntryVisitor = llvm::function_ref<bool(const Entry &entry, const std::string &name, Scope &scope)>;
  bool walkEntries(const Node &map, Scope &scope, bool formatNames, EntryVisitor visit);
  void undefinedToNone(const Node &map, Scope &scope);
  /// Walks the items of a list, blocks and repeats flattened.
  using ItemVisitor = llvm::function_ref<bool(const Node &item, Scope &scope)>;
  bool walkItems(llvm::ArrayRef<Node> items, Scope &scope, ItemVisitor visit);
  bool walkItem(const Node &item, Scope &scope, ItemVisitor visit);
  /// The value of a `for`, or the truth of a condition; reports what cannot be known.
  std::optional<std::vector<Value>> loopItems(const BlockKey &key, SourceLoc loc, Scope &scope);
  std::optional<bool> condition(const Expr *expr, Scope &scope);
  std::optional<bool> condition(const Node &node, Scope &scope);

  //===-- Initialisation (InitSteps.cpp) ------------------------------------------------------------------------===//
  bool initialise(Instance &instance, MemberTensor &tensor, const Node &init, Scope &scope, bool seesParameters);
  bool schemeStep(InitStep &step, const Expr *call, llvm::StringRef scheme, Scope &scope);
  bool checkScheme(const InitStep &step, llvm::StringRef scheme, SourceLoc loc);

  Session &session;
  LoadedSpec &spec;
  ModuleTree &tree;
  std::vector<std::pair<const ModuleDecl *, SourceLoc>> stack;
  uint64_t bytes = 0;
  bool stopped = false; // after an error that would repeat without end
};

/// The schemes of torch.nn.init.
bool isInitScheme(llvm::StringRef name);
/// As Python's fnmatchcase.
bool matchesPattern(llvm::StringRef text, llvm::StringRef pattern);

} // namespace rune

#endif // RUNE_FRONTEND_INSTANTIATE_H
