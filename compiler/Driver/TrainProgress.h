// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_TRAINPROGRESS_H
#define RUNE_DRIVER_TRAINPROGRESS_H

#include "Driver/LossLog.h"

#include <chrono>

namespace rune {

/// What is shown of a training: on a terminal a bar that stays in its line, and a line for each epoch; elsewhere lines
/// only.
class TrainProgress {
public:
  TrainProgress();

  void begin(int64_t done, int64_t total, int64_t epochs);
  /// After each step; `rows` examples were in it.
  void step(const LossRow &row, int64_t rows);
  /// After the last step of an epoch, or of the run.
  void validated(const LossRow &row, double meanLoss);

private:
  using Clock = std::chrono::steady_clock;

  std::string rate() const;
  void show(const LossRow &row);
  void clear();

  bool terminal;
  Clock::time_point begun, shown;
  int64_t first = 0, total = 0, epochs = 0, examples = 0;
  double smoothed = 0;
  bool visible = false;
};

} // namespace rune

#endif // RUNE_DRIVER_TRAINPROGRESS_H
