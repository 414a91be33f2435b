// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trains a model in place by its compiled loss, gradients and optimizer.

#ifndef RUNE_TRAINER_H
#define RUNE_TRAINER_H

#include "rune/call.h"
#include "rune/model.h"
#include "rune/safetensors.h"

#include <memory>
#include <span>

namespace rune {

/// The loss in evaluation mode over a batch, and how many of its rows a classifier got right (-1 for other models).
struct Evaluation {
  double loss = 0;
  std::int64_t correct = -1;
};

/// Gradients, optimizer state and workspace of one model, whose parameters it shares. Arguments are the model's inputs,
/// then the targets, in the spec's order. After the first call of given sizes nothing is allocated. One thread at a
/// time may use a trainer, and meanwhile nobody else its model. It must not outlive the model's last handle's use.
class Trainer {
public:
  /// Throws where the model's specification has no `training` with an optimizer.
  explicit Trainer(Model &model);
  ~Trainer();
  Trainer(Trainer &&) noexcept;
  Trainer &operator=(Trainer &&) noexcept;

  /// zero_grad, loss, backward and update, for each phase in order; the sum of their losses. Where every parameter is
  /// trained it is one compiled function, and leaves no gradient behind. With `accumulate: k` every k-th call updates.
  double step_with(std::span<const Tensor> arguments);
  double step_with(const detail::Argument *arguments);

  /// The loss of a phase in training mode; buffers (running statistics) are updated.
  double loss_with(std::span<const Tensor> arguments, std::int32_t phase = 0);
  double loss_with(const detail::Argument *arguments, std::int32_t phase = 0);
  /// Adds the gradients of the last loss to what is there. Its arguments must still be in place.
  void backward(std::int32_t phase = 0);
  /// One update of the phase's parameters that have a gradient and require one.
  void optimizer_step(std::int32_t phase = 0);
  /// No parameter has a gradient afterwards.
  void zero_grad();

  /// The gradient of the phase's last loss by one of the model's floating inputs. Between the loss and the next
  /// update; it repeats the forward.
  Tensor input_grad(const std::string &input, std::int32_t phase = 0);

  Evaluation evaluate(std::span<const Tensor> arguments);
  Evaluation evaluate(const detail::Argument *arguments);

  /// Updates done, and the learning rate of the last one.
  std::int64_t steps(std::int32_t phase = 0) const;
  double lr() const;
  /// What a schedule with `every: epoch` counts.
  void set_epoch(std::int64_t epoch);
  /// Tells a schedule that follows a metric (ReduceLROnPlateau).
  void metric(double value);
  /// Begins the stream from which dropout and other random functions draw.
  void manual_seed(std::uint64_t seed);

  /// The model's state with the exponential moving averages of what is trained in place of it; empty without `ema`.
  StateDict average_state_dict() const;

  /// All that the next step depends on: parameters, buffers, optimizer, schedule, generator, gradients.
  StateDict state_dict() const;
  /// Throws, with everything that differs, where the state is another model's or optimizer's.
  void load_state_dict(const StateDict &state);
  /// The same in one file, replaced atomically, with a checksum for each tensor. `notes` are kept beside it.
  void save_checkpoint(const std::string &path, const Metadata &notes = {}) const;
  /// Returns the notes.
  Metadata load_checkpoint(const std::string &path);

  /// Calls of `step` for each update.
  std::int32_t accumulate() const;
  std::int32_t input_count() const;
  std::int32_t argument_count() const;
  const rune_entry &entry() const;

private:
  struct Impl;
  StateDict expected_state(const StateDict &state) const;
  std::unique_ptr<Impl> impl_;
};

} // namespace rune

#endif // RUNE_TRAINER_H
