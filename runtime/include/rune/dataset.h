// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Examples in a safetensors file, mapped into memory and read where they are asked for.

#ifndef RUNE_DATASET_H
#define RUNE_DATASET_H

#include "rune/tensor.h"

#include <string>
#include <vector>

namespace rune {

/// A file whose tensors have the examples along dimension 0. It may be larger than memory.
class Dataset {
public:
  /// Throws where the file is missing or malformed.
  explicit Dataset(const std::string &path);
  ~Dataset();
  Dataset(const Dataset &) = delete;
  Dataset &operator=(const Dataset &) = delete;

  /// Uses the tensors of these names and dtypes, in this order; 32-bit numbers are widened. Throws where one is
  /// missing, has no examples, another dtype, or another number of them.
  void select(const std::vector<std::string> &names, const std::vector<DType> &dtypes);

  /// The number of examples.
  std::int64_t rows() const { return rows_; }
  /// Copies examples into `batch`, one tensor for each name; made anew where their number changes.
  void gather(const std::int64_t *indices, std::int64_t count, std::vector<Tensor> &batch) const;

private:
  struct Column {
    std::string name;
    const char *data;
    Shape shape; // of one example
    std::int64_t rows, row_bytes;
    DType stored, wanted;
    bool is_int32;
  };
  std::string path_;
  const char *map_ = nullptr;
  std::int64_t size_ = 0, data_start_ = 0, rows_ = 0;
  std::vector<Column> columns_;
  std::string header_;
};

/// What torch.randperm gives after torch.manual_seed(seed): the order of an epoch.
std::vector<std::int64_t> randperm(std::int64_t count, std::uint64_t seed);

} // namespace rune

#endif // RUNE_DATASET_H
