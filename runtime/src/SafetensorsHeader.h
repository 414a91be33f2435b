// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The header of a safetensors file: what it may hold, and its check.

#ifndef RUNE_SRC_SAFETENSORSHEADER_H
#define RUNE_SRC_SAFETENSORSHEADER_H

#include "rune/safetensors.h"

#include <string>
#include <string_view>
#include <vector>

namespace rune::detail {

/// A dtype of the format, in the order by which the format's own library sorts tensors.
struct FileDType {
  const char *name;
  std::int64_t bytes; // of one element
  DType loaded;       // what it becomes
};
/// Null where the format has no such dtype, or this library cannot hold it.
const FileDType *find_file_dtype(std::string_view name);

struct FileTensor {
  std::string name;
  const FileDType *dtype;
  Shape shape;
  std::int64_t begin, end; // bytes, from the end of the header
};

struct FileHeader {
  std::vector<FileTensor> tensors; // in the header's order
  Metadata metadata;
};

/// Throws the error of a file: "w.safetensors: byte 8: …".
[[noreturn]] void fail_at(const std::string &path, std::int64_t offset, const std::string &what);

/// Checks everything that can be wrong about the `json` at byte 8 of the file and the `data_bytes` after it.
FileHeader parse_header(const std::string &path, std::string_view json, std::int64_t data_bytes);

} // namespace rune::detail

#endif // RUNE_SRC_SAFETENSORSHEADER_H
