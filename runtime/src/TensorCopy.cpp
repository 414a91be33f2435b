// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Filling, copying and comparing, across dtypes.

#include "Text.h"
#include "rune/tensor.h"

#include <cmath>
#include <cstring>

namespace rune {
namespace {

template <typename F> void visit(DType dtype, F &&f) {
  switch (dtype) {
  case DType::f32:
    return f(float());
  case DType::f64:
    return f(double());
  case DType::i64:
    return f(std::int64_t());
  case DType::boolean:
    return f(bool());
  }
}

template <typename To, typename From> To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    // What x86's conversion gives, where C++ leaves it open.
    return value >= From(-0x1p63) && value < From(0x1p63) ? static_cast<To>(value) : INT64_MIN;
  } else {
    return static_cast<To>(value);
  }
}

/// Steps through the source of a copy for each element of the target: 0 along the dimensions that are broadcast.
class Walk {
public:
  Walk(const Shape &target, const Shape &source) : target_(target) {
    if (source.size() > target.size())
      fail(target, source);
    std::int64_t stride = 1;
    strides_.resize(target.size());
    index_.resize(target.size());
    for (std::size_t back = 1; back <= target.size(); ++back) {
      const std::size_t t = target.size() - back;
      const std::int64_t extent = back <= source.size() ? source[source.size() - back] : 1;
      if (extent != 1 && extent != target[t])
        throw Error(detail::join("The size of tensor a (", target[t], ") must match the size of tensor b (", extent,
                                 ") at non-singleton dimension ", static_cast<std::int64_t>(t)));
      strides_[t] = extent == 1 ? 0 : stride;
      stride *= extent;
    }
  }
  std::int64_t position() const { return position_; }
  void next() {
    for (std::size_t d = target_.size(); d-- > 0;) {
      position_ += strides_[d];
      if (++index_[d] < target_[d])
        return;
      position_ -= strides_[d] * target_[d];
      index_[d] = 0;
    }
  }

private:
  [[noreturn]] static void fail(const Shape &target, const Shape &source) {
    throw Error("output with shape " + target.str() + " doesn't match the broadcast shape " + source.str());
  }

  const Shape &target_;
  std::vector<std::int64_t> strides_, index_;
  std::int64_t position_ = 0;
};

} // namespace

Tensor &Tensor::fill_(double value) {
  visit(dtype(), [&]<typename T>(T) {
    T *out = data<T>();
    const T element = convert<T>(value);
    for (std::int64_t i = 0, n = numel(); i < n; ++i)
      out[i] = element;
  });
  return *this;
}

Tensor &Tensor::copy_(const Tensor &source) {
  const std::int64_t count = numel();
  if (source.dtype() == dtype() && source.shape() == shape()) {
    if (count > 0)
      std::memmove(raw_data(), source.raw_data(), static_cast<std::size_t>(nbytes()));
    return *this;
  }
  Walk walk(shape(), source.shape());
  visit(dtype(), [&]<typename To>(To) {
    visit(source.dtype(), [&]<typename From>(From) {
      To *out = data<To>();
      const From *in = source.data<From>();
      for (std::int64_t i = 0; i < count; ++i, walk.next())
        out[i] = convert<To>(in[walk.position()]);
    });
  });
  return *this;
}

bool equal(const Tensor &a, const Tensor &b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape()))
    return false;
  bool same = true;
  visit(a.dtype(), [&]<typename T>(T) {
    const T *x = a.data<T>(), *y = b.data<T>();
    for (std::int64_t i = 0, n = a.numel(); i < n; ++i)
      same &= x[i] == y[i];
  });
  return same;
}

bool allclose(const Tensor &a, const Tensor &b, double rtol, double atol) {
  if (!(a.shape() == b.shape()))
    return false;
  const Tensor left = a.to(DType::f64), right = b.to(DType::f64);
  const double *x = left.data<double>(), *y = right.data<double>();
  for (std::int64_t i = 0, n = a.numel(); i < n; ++i)
    if (x[i] != y[i] && !(std::fabs(x[i] - y[i]) <= atol + rtol * std::fabs(y[i])))
      return false;
  return true;
}

} // namespace rune
