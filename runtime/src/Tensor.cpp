// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/tensor.h"

#include "Memory.h"
#include "Text.h"

#include <cstring>
#include <ostream>

namespace rune {

using detail::join;

std::int64_t itemsize(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return 4;
  case DType::f64:
  case DType::i64:
    return 8;
  case DType::boolean:
    return 1;
  }
  throw Error("unknown dtype");
}

const char *name(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return "f32";
  case DType::f64:
    return "f64";
  case DType::i64:
    return "i64";
  case DType::boolean:
    return "bool";
  }
  throw Error("unknown dtype");
}

std::ostream &operator<<(std::ostream &os, DType dtype) { return os << name(dtype); }

Tensor Tensor::view_bytes(void *pointer, Shape shape, DType dtype) {
  const std::int64_t numel = shape.numel();
  if (numel > 0 && !pointer)
    throw Error("a view of a null pointer");
  if (reinterpret_cast<std::uintptr_t>(pointer) % static_cast<std::uintptr_t>(itemsize(dtype)) != 0)
    throw Error(join("a view of a pointer that is not aligned for ", rune::name(dtype)));
  Tensor result;
  result.impl_ = std::make_shared<Impl>(Impl{std::move(shape), dtype, numel, pointer, nullptr});
  return result;
}

Tensor Tensor::empty(Shape shape, DType dtype) {
  const std::int64_t numel = shape.numel();
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(numel, itemsize(dtype), &bytes))
    throw Error("element count overflows: " + shape.str());
  std::shared_ptr<void> owner(detail::allocate(bytes), detail::Free());
  Tensor result;
  void *data = owner.get();
  result.impl_ = std::make_shared<Impl>(Impl{std::move(shape), dtype, numel, data, std::move(owner)});
  return result;
}

Tensor Tensor::zeros(Shape shape, DType dtype) {
  Tensor result = empty(std::move(shape), dtype);
  std::memset(result.raw_data(), 0, static_cast<std::size_t>(result.nbytes()));
  return result;
}

Tensor Tensor::ones(Shape shape, DType dtype) { return full(std::move(shape), 1, dtype); }

Tensor Tensor::full(Shape shape, double value, DType dtype) { return empty(std::move(shape), dtype).fill_(value); }

std::int64_t Tensor::size(std::int64_t dim) const {
  const std::int64_t rank = this->dim();
  if (dim < -rank || dim >= rank)
    throw Error(
        join("Dimension out of range (expected to be in range of [", -rank, ", ", rank - 1, "], but got ", dim, ")"));
  return shape()[static_cast<std::size_t>(dim < 0 ? dim + rank : dim)];
}

Tensor Tensor::clone() const {
  Tensor result = empty(shape(), dtype());
  if (nbytes() > 0)
    std::memcpy(result.raw_data(), raw_data(), static_cast<std::size_t>(nbytes()));
  return result;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == this->dtype())
    return *this;
  return empty(shape(), dtype).copy_(*this);
}

Tensor Tensor::share(const Impl &of, void *data, Shape shape) {
  Tensor result;
  const std::int64_t numel = shape.numel();
  result.impl_ = std::make_shared<Impl>(Impl{std::move(shape), of.dtype, numel, data, of.owner});
  return result;
}

Tensor Tensor::reshape(Shape shape) const {
  std::int64_t known = 1;
  std::size_t open = shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && open == shape.size())
      open = i;
    else
      known *= shape[i];
  }
  if (open < shape.size() && known > 0)
    shape[open] = numel() / known;
  bool negative = false;
  for (std::int64_t size : shape)
    negative |= size < 0;
  if (negative || shape.numel() != numel())
    throw Error(join("shape '", shape.str(), "' is invalid for input of size ", numel()));
  return share(checked(), impl_->data, std::move(shape));
}

Tensor Tensor::operator[](std::int64_t index) const {
  if (dim() == 0)
    throw Error("invalid index of a 0-dim tensor. Use `tensor.item<T>()` to convert it to a number");
  const std::int64_t extent = shape()[0];
  if (index < -extent || index >= extent)
    throw Error(join("index ", index, " is out of bounds for dimension 0 with size ", extent));
  Shape rest(shape().data() + 1, shape().size() - 1);
  const std::int64_t bytes = rest.numel() * itemsize(dtype());
  return share(checked(), static_cast<char *>(impl_->data) + (index < 0 ? index + extent : index) * bytes,
               std::move(rest));
}

double Tensor::item_f64() const {
  if (numel() != 1)
    throw Error(join("a Tensor with ", numel(), " elements cannot be converted to Scalar"));
  switch (dtype()) {
  case DType::f32:
    return *data<float>();
  case DType::f64:
    return *data<double>();
  case DType::i64:
    return static_cast<double>(*data<std::int64_t>());
  case DType::boolean:
    return *data<bool>();
  }
  return 0;
}

std::int64_t Tensor::item_i64() const {
  item_f64();
  return *data<std::int64_t>();
}

void Tensor::fail_undefined() { throw Error("the tensor is undefined"); }

void Tensor::fail_dtype(DType wanted) const {
  throw Error(join("expected a tensor of dtype ", rune::name(wanted), " but found ", rune::name(dtype())));
}

void Tensor::check_count(std::int64_t count) const {
  if (count != numel())
    throw Error(join("shape ", shape().str(), " holds ", numel(), " values, but ", count, " were given"));
}

} // namespace rune
