// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handles of what a module registers: parameters and buffers.

#ifndef RUNE_PARAMETER_H
#define RUNE_PARAMETER_H

#include "rune/tensor.h"

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace rune {

namespace detail {
struct ModelImpl;
using ModelHandle = std::shared_ptr<ModelImpl>;
} // namespace detail

/// What parameters and buffers have in common. The values lie in the model, in the layout that its kernels read;
/// tensor() copies them out in PyTorch's logical order, copy_() writes them back.
class Member {
public:
  Member() = default;
  Member(detail::ModelHandle model, std::int32_t index) : model_(std::move(model)), index_(index) {}

  /// Its full dotted name: "fc1.weight".
  std::string_view name() const;
  Shape shape() const;
  DType dtype() const;
  std::int64_t numel() const { return shape().numel(); }
  Tensor tensor() const;
  template <typename T> T item() const { return tensor().item<T>(); }
  /// Converts and broadcasts as Tensor::copy_ does.
  void copy_(const Tensor &source);
  void fill_(double value);
  /// True where both are the same values in memory (tied parameters).
  bool is(const Member &other) const;

protected:
  detail::ModelHandle model_;
  std::int32_t index_ = 0;
};

class Parameter : public Member {
public:
  using Member::Member;
  bool requires_grad() const;
  Parameter &requires_grad_(bool requires_grad = true);
  /// A copy of the gradient that the model's trainer has accumulated; undefined where there is none.
  Tensor grad() const;
};

class Buffer : public Member {
public:
  using Member::Member;
  /// Whether state_dict holds it.
  bool persistent() const;
};

/// "Parameter containing:\ntensor([[-0.0075]], requires_grad=True)".
std::ostream &operator<<(std::ostream &os, const Parameter &parameter);
/// Prints the tensor.
std::ostream &operator<<(std::ostream &os, const Buffer &buffer);

} // namespace rune

#endif // RUNE_PARAMETER_H
