// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/parameter.h"

#include "ModelImpl.h"

#include <ostream>

namespace rune {

namespace {
detail::ModelImpl &deref(const detail::ModelHandle &model) {
  if (!model)
    throw Error("the parameter is undefined");
  return *model;
}
} // namespace

std::string_view Member::name() const { return deref(model_).member(index_).name; }
Shape Member::shape() const { return detail::member_shape(deref(model_).member(index_)); }
DType Member::dtype() const { return static_cast<DType>(deref(model_).member(index_).dtype); }
Tensor Member::tensor() const { return detail::read_member(deref(model_), index_); }

void Member::copy_(const Tensor &source) {
  Tensor values = Tensor::empty(shape(), dtype());
  values.copy_(source);
  detail::write_member(*model_, index_, values);
}

void Member::fill_(double value) { detail::write_member(deref(model_), index_, Tensor::full(shape(), value, dtype())); }

bool Member::is(const Member &other) const {
  return model_ == other.model_ && deref(model_).member(index_).alias == deref(model_).member(other.index_).alias;
}

bool Parameter::requires_grad() const {
  return deref(model_).requires_grad[static_cast<std::size_t>(model_->member(index_).alias)] != 0;
}

Parameter &Parameter::requires_grad_(bool requires_grad) {
  deref(model_).requires_grad[static_cast<std::size_t>(model_->member(index_).alias)] = requires_grad;
  return *this;
}

Tensor Parameter::grad() const {
  const detail::GradientSource *source = deref(model_).gradients;
  return source ? source->gradient(model_->member(index_).alias) : Tensor();
}

bool Buffer::persistent() const { return (deref(model_).member(index_).flags & RUNE_PERSISTENT) != 0; }

std::ostream &operator<<(std::ostream &os, const Parameter &parameter) {
  return os << "Parameter containing:\n" << detail::tensor_text(parameter.tensor(), parameter.requires_grad());
}

std::ostream &operator<<(std::ostream &os, const Buffer &buffer) { return os << buffer.tensor(); }

} // namespace rune
