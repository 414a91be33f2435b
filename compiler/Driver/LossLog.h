// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// loss.csv, a row for each step, and loss.svg, drawn from it.

#ifndef RUNE_DRIVER_LOSSLOG_H
#define RUNE_DRIVER_LOSSLOG_H

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace rune {

struct LossRow {
  int64_t step = 0, epoch = 0;
  double loss = 0, lr = 0;
  std::optional<double> validLoss, validAccuracy;
};

/// Every number is written with the fewest digits that give it back.
class LossLog {
public:
  /// Begins the file anew, with the old one's rows before `steps`. Losses are f32 numbers unless `wide`. Throws
  /// std::runtime_error where the file cannot be written.
  LossLog(std::string path, int64_t steps, bool wide);
  ~LossLog();
  LossLog(const LossLog &) = delete;
  LossLog &operator=(const LossLog &) = delete;

  void add(const LossRow &row);
  /// On the disk before it returns.
  void flush();
  const std::vector<LossRow> &rows() const { return all; }

private:
  void readRows(int64_t steps);
  void write(const LossRow &row);

  std::string path;
  bool wide;
  std::FILE *file = nullptr;
  std::vector<LossRow> all;
};

/// The rows as a picture.
std::string drawLosses(const std::vector<LossRow> &rows, const std::string &title);

} // namespace rune

#endif // RUNE_DRIVER_LOSSLOG_H
