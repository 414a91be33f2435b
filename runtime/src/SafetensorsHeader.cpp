// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SafetensorsHeader.h"

#include "JsonReader.h"
#include "Text.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace rune::detail {
namespace {

constexpr FileDType DTypes[] = {
    {"BOOL", 1, DType::boolean}, {"U8", 1, DType::i64},  {"I8", 1, DType::i64},   {"I16", 2, DType::i64},
    {"U16", 2, DType::i64},      {"F16", 2, DType::f32}, {"BF16", 2, DType::f32}, {"I32", 4, DType::i64},
    {"U32", 4, DType::i64},      {"F32", 4, DType::f32}, {"F64", 8, DType::f64},  {"I64", 8, DType::i64},
};

class HeaderReader {
public:
  HeaderReader(const std::string &path, std::string_view json, std::int64_t data_bytes)
      : path_(path), json_(path, json, 8), data_bytes_(data_bytes) {}

  FileHeader read() {
    json_.check_utf8();
    json_.object("the header", [&](std::string name, std::int64_t at) {
      if (!seen_.emplace(name, at).second)
        fail_at(path_, at, "duplicate tensor \"" + name + "\"");
      if (name == "__metadata__")
        readMetadata();
      else
        readTensor(std::move(name), at);
    });
    json_.end();
    checkCoverage();
    return std::move(header_);
  }

private:
  void readMetadata() {
    json_.object("__metadata__", [&](const std::string &key, std::int64_t at) {
      if (!header_.metadata.emplace(key, json_.string("a value of __metadata__")).second)
        fail_at(path_, at, "duplicate key \"" + key + "\" in __metadata__");
    });
  }

  void readTensor(std::string name, std::int64_t at) {
    FileTensor tensor{std::move(name), nullptr, Shape(), 0, 0};
    bool has_shape = false, has_offsets = false;
    json_.object("tensor \"" + tensor.name + "\"", [&](const std::string &key, std::int64_t key_at) {
      if (key == "dtype" && !tensor.dtype)
        readDType(tensor);
      else if (key == "shape" && !has_shape)
        tensor.shape = Shape(json_.integers("shape of \"" + tensor.name + "\"")), has_shape = true;
      else if (key == "data_offsets" && !has_offsets)
        readOffsets(tensor), has_offsets = true;
      else
        fail_at(path_, key_at, "unexpected key \"" + key + "\" in tensor \"" + tensor.name + "\"");
    });
    if (!tensor.dtype || !has_shape || !has_offsets)
      fail_at(path_, at,
              join("tensor \"", tensor.name, "\" lacks its ",
                   !tensor.dtype ? "dtype"
                   : !has_shape  ? "shape"
                                 : "data_offsets"));
    checkSize(tensor, at);
    header_.tensors.push_back(std::move(tensor));
    places_.push_back(at);
  }

  void readDType(FileTensor &tensor) {
    const std::int64_t at = json_.position();
    const std::string dtype = json_.string("dtype of \"" + tensor.name + "\"");
    tensor.dtype = find_file_dtype(dtype);
    if (!tensor.dtype)
      fail_at(path_, at, "dtype \"" + dtype + "\" of tensor \"" + tensor.name + "\" is unknown or not supported");
  }

  void readOffsets(FileTensor &tensor) {
    const std::int64_t at = json_.position();
    const std::vector<std::int64_t> offsets = json_.integers("data_offsets of \"" + tensor.name + "\"");
    if (offsets.size() != 2)
      fail_at(path_, at, "data_offsets of \"" + tensor.name + "\" must be two integers");
    tensor.begin = offsets[0];
    tensor.end = offsets[1];
    if (tensor.begin > tensor.end)
      fail_at(path_, at, join("data_offsets of \"", tensor.name, "\" are reversed: ", tensor.begin, " > ", tensor.end));
    if (tensor.end > data_bytes_)
      fail_at(path_, at,
              join("data_offsets of \"", tensor.name, "\" end at ", tensor.end, ", past the end of the data (",
                   data_bytes_, " bytes)"));
  }

  void checkSize(const FileTensor &tensor, std::int64_t at) {
    std::int64_t bytes = tensor.dtype->bytes;
    for (std::int64_t size : tensor.shape)
      if (__builtin_mul_overflow(bytes, size, &bytes))
        fail_at(path_, at, "element count of tensor \"" + tensor.name + "\" overflows: shape " + tensor.shape.str());
    if (bytes != tensor.end - tensor.begin)
      fail_at(path_, at,
              join("tensor \"", tensor.name, "\" of shape ", tensor.shape.str(), " and dtype ", tensor.dtype->name,
                   " needs ", bytes, " bytes, but its data_offsets hold ", tensor.end - tensor.begin));
  }

  /// The tensors' bytes follow one another without a hole, from the first byte to the last.
  void checkCoverage() {
    std::vector<std::size_t> order(header_.tensors.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const FileTensor &x = header_.tensors[a], &y = header_.tensors[b];
      return x.begin != y.begin ? x.begin < y.begin : x.end != y.end ? x.end < y.end : a < b;
    });
    std::int64_t end = 0;
    for (std::size_t i : order) {
      const FileTensor &tensor = header_.tensors[i];
      if (tensor.begin != end)
        fail_at(path_, places_[i],
                join("data_offsets of \"", tensor.name, "\" begin at ", tensor.begin,
                     tensor.begin < end ? ", overlapping the tensor before, which ends at "
                                        : ", leaving a hole after the tensor before, which ends at ",
                     end));
      end = tensor.end;
    }
    if (end != data_bytes_)
      fail_at(path_, json_.position() + end,
              join("the tensors end here, but the file holds ", data_bytes_ - end, " more bytes"));
  }

  const std::string &path_;
  JsonReader json_;
  std::int64_t data_bytes_;
  FileHeader header_;
  std::vector<std::int64_t> places_; // of each tensor's key
  std::map<std::string, std::int64_t> seen_;
};

} // namespace

const FileDType *find_file_dtype(std::string_view name) {
  for (const FileDType &dtype : DTypes)
    if (name == dtype.name)
      return &dtype;
  return nullptr;
}

void fail_at(const std::string &path, std::int64_t offset, const std::string &what) {
  throw Error(join(path, ": byte ", offset, ": ", what));
}

FileHeader parse_header(const std::string &path, std::string_view json, std::int64_t data_bytes) {
  return HeaderReader(path, json, data_bytes).read();
}

} // namespace rune::detail
