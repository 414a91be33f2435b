// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The memory of a trainer, and calls of compiled functions in it.

#ifndef RUNE_SRC_TRAINERIMPL_H
#define RUNE_SRC_TRAINERIMPL_H

#include "ModelImpl.h"
#include "rune/trainer.h"

namespace rune {

/// What a loss left for its backward.
struct SavedValues {
  detail::Memory memory;
  std::int64_t capacity = 0;
  std::vector<void *> pointers;
  rune_context context = {};
  bool present = false; // nothing was computed backward from it yet
  bool hooked = false;  // the hooked loss left them
  bool current = false; // the parameters are those that it was computed with
};

struct Trainer::Impl : detail::GradientSource {
  explicit Impl(Model &model);
  ~Impl() override;

  Tensor gradient(std::int32_t member) const override;

  const rune_phase &phase(std::int32_t index) const;
  /// Checks the arguments and finds the sizes.
  void bind(const detail::Argument *given);
  void call(const rune_entry &entry, rune_context &call_context);
  double lossOf(const rune_entry &entry);
  double loss(std::int32_t index);
  void backward(std::int32_t index);
  Tensor inputGradient(const std::string &input, std::int32_t index);
  void update(std::int32_t index);
  void forgetLosses();
  bool isFused() const;
  bool isHooked() const;
  void clearGradients();
  void place(SavedValues &saved, const rune_entry &entry);
  void *at(std::int64_t offset) const { return static_cast<char *>(arena.get()) + offset; }
  std::int64_t &counter(const char *name, std::int32_t index) const;
  void initialise();

  std::shared_ptr<detail::ModelImpl> model;
  const rune_training &training;
  detail::Memory arena;
  Workspace workspace;
  rune_context context = {};
  std::vector<SavedValues> saved; // by phase
  std::vector<char> has_gradient; // by member
  std::vector<unsigned char> taking_part;
  std::vector<const void *> arguments; // of the call in the making
  std::vector<const void *> inputs;    // inputs and targets of the last loss
  std::vector<std::int64_t> symbols, integers;
  std::vector<Tensor> held; // keeps the arguments of the last loss
  std::vector<detail::Argument> given;
  double lr = 0;
  std::int64_t accumulated = 0;
};

} // namespace rune

#endif // RUNE_SRC_TRAINERIMPL_H
