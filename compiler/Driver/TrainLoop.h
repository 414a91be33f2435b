// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `runec train`: batches from a file through a trainer, with a log, checkpoints and validation.

#ifndef RUNE_DRIVER_TRAINLOOP_H
#define RUNE_DRIVER_TRAINLOOP_H

#include "Driver/LossLog.h"
#include "Driver/TrainArguments.h"
#include "Driver/TrainProgress.h"

#include "rune/dataset.h"
#include "rune/trainer.h"

namespace rune {

class TrainLoop {
public:
  /// Everything is read and checked, and `model` has its first or resumed parameters; throws otherwise.
  TrainLoop(Model &model, const TrainArguments &arguments, const SpecFingerprint &fingerprint);
  ~TrainLoop();

  enum class End { Done, Interrupted };
  /// Until the last step, or until SIGINT or SIGTERM; either way the run's files are complete.
  End run();

private:
  std::string path(const char *name) const { return arguments.out + "/" + name; }
  void openFolder();
  void cleanFolder();
  void openData();
  void selectTensors(Dataset &data) const;
  void resume();
  void checkNotes(const Metadata &notes) const;
  /// What a checkpoint says beside the trainer's state.
  Metadata notes() const;
  Metadata settings() const;

  int64_t rowsOf(int64_t batch) const;
  double step(int64_t &rows);
  /// At the end of an epoch, or of the run.
  void validate(LossRow &row, bool epochEnds);
  void save();

  const TrainArguments &arguments;
  const SpecFingerprint &fingerprint;
  Model &model;
  Trainer trainer;
  Dataset data;
  std::unique_ptr<Dataset> valid;
  std::unique_ptr<LossLog> log;
  TrainProgress progress;
  int folder = -1;
  bool fixedRows = false; // the spec gives the batch size

  int64_t batchRows = 0, batchesPerEpoch = 0, total = 0; // `total`: steps
  int64_t done = 0, batch = 0;                           // steps and batches
  int64_t orderedEpoch = -1;                             // the one that `order` is of
  std::vector<int64_t> order;
  std::vector<Tensor> tensors, validTensors;
  double best, sum = 0; // of the losses since the last validation
  int64_t count = 0;
};

} // namespace rune

#endif // RUNE_DRIVER_TRAINLOOP_H
