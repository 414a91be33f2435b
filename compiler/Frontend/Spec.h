// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A specification as written: its files, and the modules and functions they declare, together with those of the
// standard library, which are read when a name asks for them.

#ifndef RUNE_FRONTEND_SPEC_H
#define RUNE_FRONTEND_SPEC_H

#include "Frontend/Expression.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <set>

namespace rune {

struct LibraryFile;

/// The type of an argument: alternatives tried in order, and words.
struct ArgumentType {
  struct Alternative {
    enum Base { Int, Float, Bool, None, Module, Modules } base;
    int count = 0; // 0: one value; -1: a list; n: a list of n
  };
  std::vector<Alternative> alternatives;
  std::vector<std::string> words;
  std::string text; // for messages
};

struct ArgumentDecl {
  std::string name;
  SourceLoc loc;
  ArgumentType type;
  const Node *defaultValue = nullptr;
};

/// One entry of a shape pattern.
struct PatternItem {
  enum Kind { Rest, Splice, Size } kind = Size; // `...`, `*list`, an expression
  ExprPtr expr;
  SourceLoc loc;
};
struct ShapePattern {
  std::vector<PatternItem> items;
  ExprPtr whole; // an expression that is a list, instead of items
  SourceLoc loc;
};

/// What a function takes: a tensor, or a value of an argument's type.
struct InputDecl {
  std::string name;
  SourceLoc loc;
  bool isTensor = true;
  std::optional<ShapePattern> pattern; // none: any shape
  std::optional<std::string> dtype;    // none: any
  bool anyDType = false;               // `dtype: any` is written
  ArgumentType type;                   // not a tensor
  const Node *defaultValue = nullptr;
  const Node *fixedValue = nullptr; // `value:`, in the spec's own inputs
};

struct FunctionDecl {
  std::string name;
  SourceLoc loc;
  std::vector<InputDecl> inputs;
  const Node *body = nullptr; // `do`
};

struct ModuleDecl {
  std::string name;
  SourceLoc loc;
  bool isStandard = false;
  std::vector<const Entry *> sections; // in order, those of the extended module included
  std::vector<ArgumentDecl> args;
  std::unique_ptr<FunctionDecl> forward;
  std::vector<std::unique_ptr<FunctionDecl>> functions;

  const Node *find(llvm::StringRef section) const;
  const FunctionDecl *findFunction(llvm::StringRef name) const;
};

class LoadedSpec {
public:
  explicit LoadedSpec(Diagnostics &diagnostics) : diagnostics(&diagnostics) {}

  /// Null where there is no such module, or where its declaration is wrong (which is reported once).
  const ModuleDecl *findModule(llvm::StringRef name);
  /// What could be read of a declaration, be it wrong.
  const ModuleDecl *declaredModule(llvm::StringRef name);
  const FunctionDecl *findFunction(llvm::StringRef name);
  bool hasModule(llvm::StringRef name) const;
  bool hasFunction(llvm::StringRef name) const;
  /// " (did you mean `X`?)", or nothing.
  std::string suggestModule(llvm::StringRef name) const;
  std::string suggestFunction(llvm::StringRef name) const;

  /// Parsed once; null after an error was reported.
  const Expr *expression(const Node &scalar);
  const BlockKey *blockKey(const Node &key);
  const FormatString *format(const Node &scalar);
  const ShapePattern *shape(const Node &node);

  const Node *entry() const { return root ? root->find("model") : nullptr; }
  const Node *section(llvm::StringRef name) const { return root ? root->find(name) : nullptr; }
  const std::vector<InputDecl> &inputs() const { return entryInputs; }
  /// The specification and the files it includes, in the order read.
  const std::vector<std::string> &files() const { return paths; }
  const SourceFile &mainFile() const { return *sources.front(); }
  /// The file of that name, null where none was read.
  const SourceFile *findFile(llvm::StringRef name) const;
  /// Text that stands in no file (a `-D` on the command line) as a node.
  const Node *nodeFromText(llvm::StringRef origin, llvm::StringRef text);

  /// Keeps a node alive as long as the specification.
  const Node *keep(Node node);

  /// An error found before evaluation; what evaluation has to say of the same place is silenced.
  void reportOnce(SourceLoc loc, const llvm::Twine &message);
  bool wasReported(SourceLoc loc) const { return reported.count({loc.file, loc.line, loc.column}); }

  /// All functions and modules that the specification's own files declare, where they stand.
  std::vector<const Entry *> ownEntries(llvm::StringRef section) const;

  bool load(llvm::StringRef path, SourceLoc from);
  Diagnostics &diags() const { return *diagnostics; }

private:
  struct Declared {
    const Entry *entry = nullptr;
    bool isStandard = false, failed = false, building = false;
    std::unique_ptr<ModuleDecl> module;
    std::unique_ptr<FunctionDecl> function;
  };
  void declare(const Node &root, bool isStandard);
  void declareAll(const Node *section, llvm::StringMap<Declared> &into, const char *what, bool isStandard);
  Declared *lookUp(llvm::StringRef name, llvm::StringMap<Declared> &in, bool module);
  bool loadLibraryFile(const LibraryFile &file);
  /// Null where there is nothing to build; `ok` turns false where a part of it is wrong.
  std::unique_ptr<ModuleDecl> buildModule(const Entry &entry, bool isStandard, bool &ok);
  bool addBase(ModuleDecl &decl, const Node &base);

  Diagnostics *diagnostics;
  std::vector<std::unique_ptr<SourceFile>> sources;
  std::vector<std::unique_ptr<Node>> roots;
  std::vector<std::string> paths, includeStack;
  const Node *root = nullptr;
  std::vector<InputDecl> entryInputs;
  llvm::StringMap<Declared> modules, functions, libraryModules, libraryFunctions;
  llvm::StringSet<> loaded;
  std::set<std::tuple<const SourceFile *, unsigned, unsigned>> reported;
  llvm::DenseMap<const Node *, ExprPtr> expressions;
  llvm::DenseMap<const Node *, std::unique_ptr<BlockKey>> blockKeys;
  llvm::DenseMap<const Node *, std::unique_ptr<FormatString>> formats;
  llvm::DenseMap<const Node *, std::unique_ptr<ShapePattern>> shapes;
};

/// Appends the names of the functions that are not written in the spec language.
void addBuiltinNames(std::vector<llvm::StringRef> &names);
/// Part of the language, but not compiled yet.
bool isPlannedFunction(llvm::StringRef name);
bool isBuiltinFunction(llvm::StringRef name);

/// Parsers of declarations; they report what is wrong and return what they can.
std::optional<ArgumentDecl> parseArgument(const Entry &entry, Diagnostics &diagnostics);
std::optional<InputDecl> parseInput(const Entry &entry, bool atEntry, Diagnostics &diagnostics);
std::unique_ptr<FunctionDecl> parseFunction(llvm::StringRef name, const Node &key, const Node &node,
                                            Diagnostics &diagnostics);
std::optional<ShapePattern> parseShape(const Node &node, Diagnostics &diagnostics);
/// Reports keys that are not among those known, with the nearest of them.
bool checkKeys(const Node &map, llvm::ArrayRef<llvm::StringRef> known, const llvm::Twine &where,
               Diagnostics &diagnostics);
/// Whether a text may be the name of a module, member, input or function. At most 128 letters, digits and underscores,
/// no digit first (but in `layers`).
bool isValidName(llvm::StringRef name, bool digits = false);

} // namespace rune

#endif // RUNE_FRONTEND_SPEC_H
