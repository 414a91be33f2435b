// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/dataset.h"

#include "SafetensorsHeader.h"
#include "Text.h"
#include "rune/generator.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rune {

using detail::join;

Dataset::Dataset(const std::string &path) : path_(path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status = {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    const std::string reason = descriptor < 0 || errno ? std::strerror(errno) : "it is not a file";
    if (descriptor >= 0)
      ::close(descriptor);
    throw Error(join("cannot read '", path, "': ", reason));
  }
  size_ = status.st_size;
  void *map =
      size_ >= 8 ? ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  if (map == MAP_FAILED)
    throw Error(join("cannot read '", path, "': it is no safetensors file"));
  map_ = static_cast<const char *>(map);
  std::uint64_t header_bytes = 0;
  for (int i = 8; i-- > 0;)
    header_bytes = header_bytes << 8 | static_cast<unsigned char>(map_[i]);
  if (header_bytes > static_cast<std::uint64_t>(size_ - 8)) {
    ::munmap(const_cast<char *>(map_), static_cast<std::size_t>(size_));
    map_ = nullptr;
    detail::fail_at(path, 0, "the header is said to reach past the end of the file");
  }
  data_start_ = 8 + static_cast<std::int64_t>(header_bytes);
  header_.assign(map_ + 8, header_bytes);
}

Dataset::~Dataset() {
  if (map_)
    ::munmap(const_cast<char *>(map_), static_cast<std::size_t>(size_));
}

void Dataset::select(const std::vector<std::string> &names, const std::vector<DType> &dtypes) {
  const detail::FileHeader header = detail::parse_header(path_, header_, size_ - data_start_);
  columns_.clear();
  std::string present;
  for (const detail::FileTensor &tensor : header.tensors)
    detail::append(present, present.empty() ? "" : ", ", tensor.name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const detail::FileTensor *found = nullptr;
    for (const detail::FileTensor &tensor : header.tensors)
      if (tensor.name == names[i])
        found = &tensor;
    if (!found)
      throw Error(join("'", path_, "' has no tensor '", names[i], "'; it has: ", present));
    const std::string file_dtype = found->dtype->name;
    const bool is_int32 = file_dtype == "I32", same = found->dtype->bytes == itemsize(found->dtype->loaded);
    const DType stored = found->dtype->loaded;
    const bool widened = stored == DType::f32 && dtypes[i] == DType::f64;
    if ((!same && !is_int32) || (stored != dtypes[i] && !widened))
      throw Error(
          join("'", path_, "': tensor '", names[i], "' has dtype ", file_dtype, ", expected ", name(dtypes[i])));
    if (found->shape.empty())
      throw Error(join("'", path_, "': tensor '", names[i], "' is one number; examples lie along dimension 0"));
    Column column;
    column.name = names[i];
    column.data = map_ + data_start_ + found->begin;
    column.shape = Shape(std::vector<std::int64_t>(found->shape.begin() + 1, found->shape.end()));
    column.rows = found->shape[0];
    column.row_bytes = column.shape.numel() * found->dtype->bytes;
    column.stored = stored;
    column.wanted = dtypes[i];
    column.is_int32 = is_int32;
    if (!columns_.empty() && column.rows != columns_[0].rows)
      throw Error(join("'", path_, "': '", names[i], "' has ", column.rows, " examples, but '", columns_[0].name,
                       "' has ", columns_[0].rows));
    columns_.push_back(std::move(column));
  }
  rows_ = columns_.empty() ? 0 : columns_[0].rows;
}

template <typename From, typename To> static void widen(const char *from, void *to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, from + static_cast<std::size_t>(i) * sizeof(From), sizeof(From));
    static_cast<To *>(to)[i] = static_cast<To>(value);
  }
}

void Dataset::gather(const std::int64_t *indices, std::int64_t count, std::vector<Tensor> &batch) const {
  batch.resize(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column &column = columns_[c];
    Tensor &tensor = batch[c];
    if (!tensor.defined() || tensor.shape()[0] != count) {
      std::vector<std::int64_t> sizes(column.shape.begin(), column.shape.end());
      sizes.insert(sizes.begin(), count);
      tensor = Tensor::empty(Shape(std::move(sizes)), column.wanted);
    }
    char *to = static_cast<char *>(tensor.raw_data());
    const std::int64_t elements = column.shape.numel(), bytes = elements * itemsize(column.wanted);
    for (std::int64_t i = 0; i < count; ++i, to += bytes) {
      const char *from = column.data + indices[i] * column.row_bytes;
      if (column.is_int32)
        widen<std::int32_t, std::int64_t>(from, to, elements);
      else if (column.stored != column.wanted)
        widen<float, double>(from, to, elements);
      else
        std::memcpy(to, from, static_cast<std::size_t>(bytes));
    }
  }
}

std::vector<std::int64_t> randperm(std::int64_t count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = 0; i + 1 < count; ++i) {
    const std::int64_t offset = generator.random() % (count - i);
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(i + offset)]);
  }
  return order;
}

} // namespace rune
