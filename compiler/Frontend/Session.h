// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What instantiation and import share while they run: the specification, the options, how errors are told, and limits
// that make every input end.

#ifndef RUNE_FRONTEND_SESSION_H
#define RUNE_FRONTEND_SESSION_H

#include "Frontend/Frontend.h"

namespace rune {

struct RelatedPlace {
  SourceLoc loc;
  std::string message;
};

class Session {
public:
  Session(LoadedSpec &spec, const FrontendOptions &options, Diagnostics &diagnostics)
      : spec(spec), options(options), diagnostics(diagnostics) {}

  LoadedSpec &spec;
  const FrontendOptions &options;
  Diagnostics &diagnostics;

  ElementKind defaultFloat() const { return options.f64 ? ElementKind::F64 : ElementKind::F32; }
  /// "f32", "i64", …; `f32` and `float` follow --dtype.
  std::optional<ElementKind> dtypeNamed(llvm::StringRef name) const;

  /// Reports an error. One in the standard library is told at the place that uses the library, with a note.
  void error(SourceLoc loc, const llvm::Twine &message, llvm::ArrayRef<RelatedPlace> notes = {});
  /// Something that is right but that this version does not compile. In an entry point besides `forward` it is a
  /// warning, and the entry point is left out.
  void unsupported(SourceLoc loc, const llvm::Twine &what);

  /// Where the standard library is being used from.
  class Use {
  public:
    Use(Session &session, SourceLoc loc) : session(session) { session.uses.push_back(loc); }
    ~Use() { session.uses.pop_back(); }

  private:
    Session &session;
  };
  size_t depth() const { return uses.size(); }

  /// Counts work done; false, after one error, when an input asks for too much.
  bool spend(SourceLoc loc, size_t amount = 1);
  bool exhausted() const { return stopped; }

  std::string skippedEntry;      // the optional entry point being imported
  bool skipped = false;          // it asked for something unsupported
  bool quiet = false;            // errors are not told: what is imported is optional
  bool askedForTraining = false; // an expression read `training`, or there were updates

private:
  SourceLoc toldAt(SourceLoc loc) const;

  std::vector<SourceLoc> uses;
  size_t spent = 0;
  bool stopped = false;
};

/// Runs on a stack of its own: how deep modules and functions call each other is the specification's choice.
void runWithLargeStack(llvm::function_ref<void()> work);

} // namespace rune

#endif // RUNE_FRONTEND_SESSION_H
