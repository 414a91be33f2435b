// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names in expressions and statements that nothing defines, without evaluating anything. It knows too many names rather
// than too few: what is used before it is bound is told when the code runs.

#ifndef RUNE_FRONTEND_CHECKNAMES_H
#define RUNE_FRONTEND_CHECKNAMES_H

#include "Frontend/Spec.h"

namespace rune {

class NameChecker {
public:
  explicit NameChecker(LoadedSpec &spec) : spec(spec) {}

  llvm::StringSet<> names;                                    // values
  std::vector<std::pair<std::string, std::string>> templates; // what stands around {…} in names
  llvm::StringSet<> functions; // what may stand before `(` besides the files' functions and the builtins

  /// All of these accept null or absent parts, and report what is wrong in the rest.
  void expression(const Expr *expr);
  void value(const Node &node); // a scalar's expression, or a list of them
  void format(const Node &node);
  void shape(const Node &node);
  void pattern(const InputDecl &input);
  void statements(const Node &node);
  void checks(const Node &node);
  /// A function's inputs and statements, over what is known already.
  void function(const FunctionDecl &function);

  void declare(llvm::StringRef name);
  bool isKnown(llvm::StringRef name) const;
  /// The names that entries declare, those in blocks included.
  void declareEntries(const Node *map);
  /// The names that statements bind.
  void declareStatements(const Node &node);
  void declareInputs(const std::vector<InputDecl> &inputs);

  void error(SourceLoc loc, const llvm::Twine &message);

private:
  void call(const Expr &expr);
  void name(const Expr &expr);

  LoadedSpec &spec;
};

/// Every module use of a spec: the module exists, and so do the arguments it is given.
class UseChecker {
public:
  UseChecker(LoadedSpec &spec, NameChecker &names) : spec(spec), names(names) {}

  void module(const Node &node);
  void layers(const Node &node);
  /// The entries of `submodules`, blocks included.
  void submodules(const Node &node);
  void arguments(const Node &name, const Node *given);

private:
  void layer(const Node &node);

  LoadedSpec &spec;
  NameChecker &names;
};

} // namespace rune

#endif // RUNE_FRONTEND_CHECKNAMES_H
