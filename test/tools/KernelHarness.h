// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles functions of the stage `memory` in this process and calls them on buffers that end where memory ends.

#ifndef RUNE_TEST_KERNELHARNESS_H
#define RUNE_TEST_KERNELHARNESS_H

#include "Codegen/TargetDesc.h"
#include "Emit/Object.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace rune::test {

/// A buffer whose last byte is the last of its page: what reads or writes past it is killed.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t bytes);
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer &) = delete;
  void *data() const { return start; }
  size_t size() const { return bytes; }

private:
  size_t bytes, mapped;
  char *base, *start;
};

/// A tensor argument: elements in row-major order.
template <typename T> class Tensor {
public:
  explicit Tensor(size_t count) : count(count), buffer(std::make_unique<GuardedBuffer>(count * sizeof(T))) {}
  T *data() const { return static_cast<T *>(buffer->data()); }
  size_t size() const { return count; }
  T &operator[](size_t i) const { return data()[i]; }

private:
  size_t count;
  std::unique_ptr<GuardedBuffer> buffer;
};

/// Numbers that round: of both signs and many sizes.
template <typename T> void randomize(const Tensor<T> &tensor, std::mt19937 &random) {
  for (size_t i = 0; i < tensor.size(); ++i) {
    double value = (static_cast<double>(random()) / 4294967296.0 - 0.5) * static_cast<double>(1 << (random() % 8));
    tensor[i] = static_cast<T>(value);
  }
}

/// A dimension of an argument: a number, or an expression of symbols.
using Dims = std::vector<std::string>;

/// Writes `name: memref<…>` with its dims, as the stage `memory` has arguments.
std::string argument(const std::string &name, const Dims &dims, const std::string &element);
/// The type alone.
std::string memref(const Dims &dims, const std::string &element);
/// func.func @forward of arguments and symbols around a body.
std::string function(const std::vector<std::string> &arguments, unsigned inputs,
                     const std::vector<std::string> &symbols, const std::string &body);

/// A compiled function.
class Program {
public:
  /// Exits with a message where the text does not compile.
  Program(const std::string &text, const TargetDesc &target);
  int32_t call(const std::vector<void *> &arguments, const std::vector<int64_t> &symbols, void *workspace = nullptr);

private:
  std::unique_ptr<Jit> jit;
  rune_kernel kernel;
};

/// Whether this machine runs what is compiled for the target.
bool canRun(const TargetDesc &target);

void failDifference(const std::string &what, size_t place, double actual, double expected);

/// Ends the program with a message, unless every byte agrees.
template <typename T>
void expectEqual(const std::string &what, const Tensor<T> &actual, const std::vector<T> &expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    if (memcmp(&actual[i], &expected[i], sizeof(T)) != 0) // NOLINT(bugprone-suspicious-memory-comparison): every bit
      failDifference(what, i, static_cast<double>(actual[i]), static_cast<double>(expected[i]));
}

} // namespace rune::test

#endif // RUNE_TEST_KERNELHARNESS_H
