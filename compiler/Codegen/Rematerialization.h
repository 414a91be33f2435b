// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which temporaries of a function to make twice instead of keeping them, and what that costs.

#ifndef RUNE_CODEGEN_REMATERIALIZATION_H
#define RUNE_CODEGEN_REMATERIALIZATION_H

#include "Codegen/MemoryUse.h"

namespace rune {

/// A function's steps as numbers: what each takes, and the bytes of the temporaries that it touches.
class Rematerialization {
public:
  /// By step of `use`, the seconds it takes; by buffer, the bytes it has (0: not a temporary).
  Rematerialization(const MemoryUse &use, std::vector<double> seconds, std::vector<int64_t> bytes);

  /// A step of the changed function.
  struct Step {
    unsigned original;
    bool again;                         // a repetition, for those that follow
    llvm::SmallVector<unsigned> copies; // the buffers that it touches in their second version
  };
  struct Program {
    std::vector<Step> steps;
    double extraSeconds = 0;
    unsigned repeated = 0; // steps
  };

  /// The cheapest program found of which no more than `target` bytes live at one time; nothing where none was found.
  std::optional<Program> fit(int64_t target) const;
  /// The least bytes that `fit` reaches, within half a percent.
  int64_t least() const;

  /// The first and the last step of a program that touch each version of a buffer: the kept one, and the copy; −1 where
  /// there is none.
  struct Lifetime {
    int64_t first = -1, last = -1;
  };
  std::vector<std::array<Lifetime, 2>> lifetimes(const Program &program) const;

private:
  static constexpr unsigned never = ~0u;
  /// By buffer, the step from which on its copy is read.
  using Cuts = std::vector<unsigned>;

  struct Writer;
  struct State {
    double excess, seconds; // byte steps beyond the target
  };

  void findCandidates();
  bool isWrittenOnce(unsigned buffer) const;
  std::optional<Program> apply(const Cuts &cuts) const;
  std::optional<State> judge(const Cuts &cuts, int64_t target) const;
  std::vector<int64_t> profile(const Program &program) const;
  void restoreWhatNeedNotGo(Cuts &cuts, int64_t target) const;

  const MemoryUse &use;
  std::vector<double> seconds;
  std::vector<int64_t> bytes;
  std::vector<std::vector<unsigned>> touches;            // by buffer, its steps, ascending
  std::vector<std::pair<unsigned, unsigned>> candidates; // buffers, and where their copies would begin
};

} // namespace rune

#endif // RUNE_CODEGEN_REMATERIALIZATION_H
