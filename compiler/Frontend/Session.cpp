// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/Session.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/thread.h"

using namespace rune;

static constexpr size_t maxWork = 2000000;

std::optional<ElementKind> Session::dtypeNamed(llvm::StringRef name) const {
  return llvm::StringSwitch<std::optional<ElementKind>>(name)
      .Cases({"f32", "float"}, defaultFloat())
      .Case("f64", ElementKind::F64)
      .Case("i64", ElementKind::I64)
      .Case("bool", ElementKind::Bool)
      .Default(std::nullopt);
}

/// The place to tell: for one in the standard library the innermost use of the library.
SourceLoc Session::toldAt(SourceLoc loc) const {
  if (loc && !loc.file->embedded)
    return loc;
  for (const SourceLoc &use : llvm::reverse(uses))
    if (use && !use.file->embedded)
      return use;
  return loc;
}

void Session::error(SourceLoc loc, const llvm::Twine &message, llvm::ArrayRef<RelatedPlace> notes) {
  if (quiet)
    return;
  SourceLoc told = toldAt(loc);
  if (spec.wasReported(told) && diagnostics.hasErrors())
    return;
  diagnostics.error(told, message);
  if (loc && told.file != loc.file)
    diagnostics.note(loc, "in the standard library, here");
  for (const RelatedPlace &note : notes)
    if (note.loc)
      diagnostics.note(note.loc, note.message);
}

void Session::unsupported(SourceLoc loc, const llvm::Twine &what) {
  if (!options.checking && skippedEntry.empty())
    return error(loc, what + " not compiled yet");
  if (!skipped && options.checking)
    diagnostics.warning(toldAt(loc), what + " not compiled yet");
  else if (!skipped)
    diagnostics.warning(toldAt(loc),
                        "entry point '" + llvm::Twine(skippedEntry) + "' is left out: " + what + " not compiled yet");
  skipped = true;
}

bool Session::spend(SourceLoc loc, size_t amount) {
  if (stopped)
    return false;
  spent += amount;
  if (spent <= maxWork)
    return true;
  stopped = true;
  error(loc, "the specification unrolls to more than 2000000 steps");
  return false;
}

void rune::runWithLargeStack(llvm::function_ref<void()> work) {
  llvm::thread thread(std::optional<unsigned>(512u << 20), [&] { work(); });
  thread.join();
}
