// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Codegen/Rematerialization.h"

#include "llvm/ADT/STLExtras.h"

#include <queue>

using namespace mlir;
using namespace rune;

Rematerialization::Rematerialization(const MemoryUse &use, std::vector<double> seconds, std::vector<int64_t> bytes)
    : use(use), seconds(std::move(seconds)), bytes(std::move(bytes)) {
  for (const MemoryUse::Buffer &buffer : use.buffers()) {
    std::vector<unsigned> &all = touches.emplace_back(buffer.readers.begin(), buffer.readers.end());
    all.insert(all.end(), buffer.writers.begin(), buffer.writers.end());
    llvm::sort(all);
    all.erase(llvm::unique(all), all.end());
  }
  findCandidates();
}

/// Whether all that reads it reads the same: it is written, perhaps in several steps, and then only read.
bool Rematerialization::isWrittenOnce(unsigned index) const {
  const MemoryUse::Buffer &buffer = use.buffers()[index];
  if (!buffer.isAllocated() || buffer.writers.empty())
    return false;
  return llvm::all_of(buffer.readers, [&](unsigned reader) {
    return reader > buffer.writers.back() || llvm::is_contained(buffer.writers, reader);
  });
}

/// A buffer goes between the two of its uses that are the farthest apart: of what the forward keeps for the backward,
/// between these.
void Rematerialization::findCandidates() {
  for (unsigned buffer = 0; buffer < touches.size(); ++buffer) {
    if (bytes[buffer] == 0 || !isWrittenOnce(buffer))
      continue;
    unsigned longest = 1, cut = never, last = use.buffers()[buffer].writers.back();
    for (unsigned step : touches[buffer]) {
      if (step > last && step - last > longest) {
        longest = step - last;
        cut = step;
      }
      last = std::max(last, step);
    }
    if (cut != never)
      candidates.push_back({buffer, cut});
  }
}

namespace rune {
/// Writes a program with the copies that the cuts ask for.
struct Rematerialization::Writer {
  const Rematerialization &of;
  const Cuts &cuts;
  Program program;
  std::vector<char> made = std::vector<char>(cuts.size(), 0), visiting = made;
  std::vector<char> repeated = std::vector<char>(of.use.steps().size(), 0);

  bool write() {
    for (unsigned step = 0; step < of.use.steps().size(); ++step) {
      const MemoryUse::Step &one = of.use.steps()[step];
      Step written{step, false, {}};
      for (ArrayRef<unsigned> buffers : {ArrayRef(one.reads), ArrayRef(one.writes)})
        for (unsigned buffer : buffers)
          if (cuts[buffer] <= step && !llvm::is_contained(written.copies, buffer)) {
            if (!make(buffer, step))
              return false;
            written.copies.push_back(buffer);
          }
      program.steps.push_back(std::move(written));
    }
    return true;
  }

  /// The copy of a buffer, for the step `place`: all that writes it again, and before it what this needs and is not
  /// there any more.
  bool make(unsigned buffer, unsigned place) {
    if (made[buffer])
      return true;
    if (visiting[buffer] || !of.isWrittenOnce(buffer))
      return false;
    visiting[buffer] = true;
    for (unsigned writer : of.use.buffers()[buffer].writers)
      if (!repeat(writer, buffer, place))
        return false;
    made[buffer] = true;
    return true;
  }

  bool repeat(unsigned writer, unsigned buffer, unsigned place) {
    const MemoryUse::Step &step = of.use.steps()[writer];
    if (repeated[writer])
      return true;
    if (step.check || step.barrier)
      return false;
    Step again{writer, true, {}};
    for (unsigned read : step.reads)
      if (!llvm::is_contained(step.writes, read) && !provide(read, writer, place, again))
        return false;
    for (unsigned written : step.writes) {
      // Several results are made again together; one that other steps write too is not.
      if (!of.use.buffers()[written].isAllocated() ||
          (written != buffer && (made[written] || of.use.buffers()[written].writers.size() != 1)))
        return false;
      if (written != buffer)
        made[written] = true;
      again.copies.push_back(written);
    }
    repeated[writer] = true;
    program.extraSeconds += of.seconds[writer];
    ++program.repeated;
    program.steps.push_back(std::move(again));
    return true;
  }

  /// What `writer` read, for its repetition at `place`.
  bool provide(unsigned read, unsigned writer, unsigned place, Step &again) {
    const MemoryUse::Buffer &memory = of.use.buffers()[read];
    bool overwritten = llvm::any_of(memory.writers, [&](unsigned step) { return step > writer && step < place; });
    if (!memory.isAllocated())
      return !overwritten;
    bool alive = false;
    for (unsigned touch : of.touches[read])
      alive |= touch >= place && touch < cuts[read];
    if (!made[read] && alive && !overwritten)
      return true;
    if (!make(read, place))
      return false;
    again.copies.push_back(read);
    return true;
  }
};
} // namespace rune

std::optional<Rematerialization::Program> Rematerialization::apply(const Cuts &cuts) const {
  Writer writer{*this, cuts, {}};
  if (!writer.write())
    return std::nullopt;
  return std::move(writer.program);
}

std::vector<std::array<Rematerialization::Lifetime, 2>> Rematerialization::lifetimes(const Program &program) const {
  std::vector<std::array<Lifetime, 2>> result(bytes.size());
  for (auto [i, step] : llvm::enumerate(program.steps)) {
    const MemoryUse::Step &one = use.steps()[step.original];
    for (ArrayRef<unsigned> buffers : {ArrayRef(one.reads), ArrayRef(one.writes)})
      for (unsigned buffer : buffers) {
        Lifetime &life = result[buffer][llvm::is_contained(step.copies, buffer)];
        life.first = life.first < 0 ? i : life.first;
        life.last = i;
      }
  }
  return result;
}

/// The bytes that live at each step.
std::vector<int64_t> Rematerialization::profile(const Program &program) const {
  std::vector<int64_t> live(program.steps.size() + 1, 0);
  for (auto [buffer, versions] : llvm::enumerate(lifetimes(program)))
    for (const Lifetime &life : versions)
      if (life.first >= 0 && bytes[buffer] != 0) {
        live[life.first] += bytes[buffer];
        live[life.last + 1] -= bytes[buffer];
      }
  for (size_t i = 1; i < live.size(); ++i)
    live[i] += live[i - 1];
  return live;
}

std::optional<Rematerialization::State> Rematerialization::judge(const Cuts &cuts, int64_t target) const {
  std::optional<Program> program = apply(cuts);
  if (!program)
    return std::nullopt;
  State state{0, program->extraSeconds};
  for (int64_t live : profile(*program))
    state.excess += static_cast<double>(std::max<int64_t>(0, live - target));
  return state;
}

/// Greedy: at each round the buffer goes that takes the most off the excess for the time that it costs. Values of an
/// earlier round are looked at again only where they are the best (the gain of one mostly shrinks as others go).
std::optional<Rematerialization::Program> Rematerialization::fit(int64_t target) const {
  Cuts cuts(bytes.size(), never);
  State state = *judge(cuts, target);
  struct Scored {
    double score;
    unsigned candidate;
    bool operator<(const Scored &other) const { return score < other.score; }
  };
  auto scoreOf = [&](unsigned candidate) -> std::pair<double, std::optional<State>> {
    auto [buffer, cut] = candidates[candidate];
    cuts[buffer] = cut;
    std::optional<State> next = judge(cuts, target);
    cuts[buffer] = never;
    if (!next)
      return {0, next};
    double extra = std::max(next->seconds - state.seconds, 1e-9);
    return {(state.excess - next->excess) / extra, next};
  };
  while (state.excess > 0) {
    std::priority_queue<Scored> queue;
    for (unsigned i = 0; i < candidates.size(); ++i)
      if (cuts[candidates[i].first] == never)
        if (double score = scoreOf(i).first; score > 0)
          queue.push({score, i});
    bool changed = false;
    while (!queue.empty() && state.excess > 0) {
      unsigned best = queue.top().candidate;
      queue.pop();
      auto [score, next] = scoreOf(best);
      if (score <= 0)
        continue;
      if (!queue.empty() && score < queue.top().score) {
        queue.push({score, best});
        continue;
      }
      cuts[candidates[best].first] = candidates[best].second;
      state = *next;
      changed = true;
    }
    if (!changed)
      return std::nullopt;
  }
  restoreWhatNeedNotGo(cuts, target);
  return apply(cuts);
}

/// What went early may not be needed for what went later to fit: the dearest first.
void Rematerialization::restoreWhatNeedNotGo(Cuts &cuts, int64_t target) const {
  State state = *judge(cuts, target);
  for (;;) {
    std::pair<double, unsigned> best = {0, never};
    for (auto [buffer, cut] : candidates) {
      if (cuts[buffer] == never)
        continue;
      cuts[buffer] = never;
      std::optional<State> next = judge(cuts, target);
      cuts[buffer] = cut;
      if (next && next->excess == 0 && state.seconds - next->seconds >= best.first)
        best = {state.seconds - next->seconds, buffer};
    }
    if (best.second == never)
      return;
    cuts[best.second] = never;
    state = *judge(cuts, target);
  }
}

int64_t Rematerialization::least() const {
  std::vector<int64_t> live = profile(*apply(Cuts(bytes.size(), never)));
  int64_t high = *llvm::max_element(live), low = 0;
  while (high - low > high / 200)
    (fit((high + low) / 2) ? high : low) = (high + low) / 2;
  return high;
}
