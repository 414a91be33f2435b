// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A contiguous, row-major array of numbers on the CPU. A Tensor is a handle, as in PyTorch: copies of it are the same
// tensor, clone() makes another one.

#ifndef RUNE_TENSOR_H
#define RUNE_TENSOR_H

#include "rune/error.h"
#include "rune/shape.h"

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace rune {

/// The values are those of rune_dtype.
enum class DType : std::int32_t { f32 = 0, f64 = 1, i64 = 2, boolean = 3 };

/// Bytes of one element.
std::int64_t itemsize(DType dtype);
/// "f32", "f64", "i64", "bool".
const char *name(DType dtype);
std::ostream &operator<<(std::ostream &os, DType dtype);

namespace detail {
template <typename T> struct DTypeOf;
template <> struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <> struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <> struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::i64;
};
template <> struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
} // namespace detail

/// The DType of a C++ type: dtype_of<float> is DType::f32.
template <typename T> inline constexpr DType dtype_of = detail::DTypeOf<std::remove_cv_t<T>>::value;

class Tensor {
public:
  /// No tensor; everything but defined() throws.
  Tensor() = default;

  static Tensor empty(Shape shape, DType dtype = DType::f32);
  static Tensor zeros(Shape shape, DType dtype = DType::f32);
  static Tensor ones(Shape shape, DType dtype = DType::f32);
  static Tensor full(Shape shape, double value, DType dtype = DType::f32);
  /// The memory at `pointer`, which stays the caller's and must outlive the tensor and its copies. Memory that is
  /// const must only be read through the tensor.
  template <typename T> static Tensor view(T *pointer, Shape shape) {
    return view_bytes(const_cast<void *>(static_cast<const void *>(pointer)), std::move(shape), dtype_of<T>);
  }
  static Tensor view_bytes(void *pointer, Shape shape, DType dtype);
  /// A new tensor that holds the values in row-major order.
  template <typename T> static Tensor from(std::span<const T> values, Shape shape) {
    Tensor result = empty(std::move(shape), dtype_of<T>);
    result.check_count(static_cast<std::int64_t>(values.size()));
    T *out = result.data<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      out[i] = values[i];
    return result;
  }
  template <typename T> static Tensor from(std::initializer_list<T> values, Shape shape) {
    return from(std::span<const T>(values.begin(), values.size()), std::move(shape));
  }
  template <typename T> static Tensor from(const std::vector<T> &values, Shape shape) {
    return from(std::span<const T>(values), std::move(shape));
  }
  template <typename T> static Tensor from(std::initializer_list<T> values) {
    return from(values, Shape{static_cast<std::int64_t>(values.size())});
  }

  bool defined() const { return impl_ != nullptr; }
  const Shape &shape() const { return checked().shape; }
  /// A negative dimension counts from the last.
  std::int64_t size(std::int64_t dim) const;
  std::int64_t dim() const { return static_cast<std::int64_t>(checked().shape.size()); }
  std::int64_t ndim() const { return dim(); }
  std::int64_t rank() const { return dim(); }
  std::int64_t numel() const { return checked().numel; }
  DType dtype() const { return checked().dtype; }
  std::int64_t nbytes() const { return numel() * itemsize(dtype()); }

  /// The first element; throws where T is not the tensor's dtype.
  template <typename T> T *data() {
    check_dtype(dtype_of<T>);
    return static_cast<T *>(impl_->data);
  }
  template <typename T> const T *data() const {
    check_dtype(dtype_of<T>);
    return static_cast<const T *>(impl_->data);
  }
  /// All elements, in order.
  template <typename T> std::span<T> span() { return {data<T>(), static_cast<std::size_t>(numel())}; }
  template <typename T> std::span<const T> span() const { return {data<T>(), static_cast<std::size_t>(numel())}; }
  void *raw_data() { return checked().data; }
  const void *raw_data() const { return checked().data; }

  /// The one element of a tensor that has one, converted to T.
  template <typename T> T item() const { return static_cast<T>(dtype() == DType::i64 ? item_i64() : item_f64()); }

  Tensor clone() const;
  /// A copy in another dtype; the tensor itself where it has that one already.
  Tensor to(DType dtype) const;
  /// Copies the values of `source` into this one, converted to its dtype and broadcast to its shape.
  Tensor &copy_(const Tensor &source);
  Tensor &fill_(double value);
  Tensor &zero_() { return fill_(0); }
  /// The same memory seen with another shape of as many elements; one size may be -1.
  Tensor reshape(Shape shape) const;
  /// The same memory's part `index` along the first dimension.
  Tensor operator[](std::int64_t index) const;
  /// True for another handle of the same tensor.
  bool is(const Tensor &other) const { return impl_ == other.impl_; }
  /// What operator<< prints.
  std::string str() const;

private:
  struct Impl {
    Shape shape;
    DType dtype = DType::f32;
    std::int64_t numel = 0;
    void *data = nullptr;
    std::shared_ptr<void> owner; // null where the memory is the caller's
  };

  const Impl &checked() const {
    if (!impl_) [[unlikely]]
      fail_undefined();
    return *impl_;
  }
  Impl &checked() {
    if (!impl_) [[unlikely]]
      fail_undefined();
    return *impl_;
  }
  void check_dtype(DType wanted) const {
    if (checked().dtype != wanted) [[unlikely]]
      fail_dtype(wanted);
  }
  [[noreturn]] static void fail_undefined();
  [[noreturn]] void fail_dtype(DType wanted) const;
  void check_count(std::int64_t count) const;
  double item_f64() const;
  std::int64_t item_i64() const;
  static Tensor share(const Impl &of, void *data, Shape shape);

  std::shared_ptr<Impl> impl_;
};

using Tensors = std::vector<Tensor>;

/// Prints as PyTorch does: "tensor([[-0.0075]])", summarised past 1000 elements.
std::ostream &operator<<(std::ostream &os, const Tensor &tensor);

/// Same shape, dtype and values (NaN differs from NaN).
bool equal(const Tensor &a, const Tensor &b);
/// |a - b| <= atol + rtol * |b| everywhere.
bool allclose(const Tensor &a, const Tensor &b, double rtol = 1e-5, double atol = 1e-8);

namespace detail {
/// PyTorch's text of a tensor, with the suffix that a parameter has where it requires a gradient.
std::string tensor_text(const Tensor &tensor, bool requires_grad);
} // namespace detail

} // namespace rune

#endif // RUNE_TENSOR_H
