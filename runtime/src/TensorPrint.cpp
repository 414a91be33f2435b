// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// PyTorch's text of a tensor: torch/_tensor_str.py's rules with its default options.

#include "rune/tensor.h"

#include <charconv>
#include <cmath>
#include <ostream>

namespace rune {
namespace {

constexpr int Precision = 4;
constexpr std::int64_t Threshold = 1000;
constexpr std::int64_t EdgeItems = 3;
constexpr std::int64_t LineWidth = 80;

std::string number(double value, std::chars_format format, int precision) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char digits[400];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, format, precision).ptr);
}

/// Finds one width and one form for all the values that are shown.
class TensorPrinter {
public:
  TensorPrinter(const Tensor &tensor, std::int64_t indent) : tensor_(tensor), first_indent_(indent) {
    floating_ = tensor.dtype() == DType::f32 || tensor.dtype() == DType::f64;
    summarize_ = tensor.numel() > Threshold;
    const auto rank = static_cast<std::size_t>(tensor.dim());
    strides_.resize(rank);
    for (std::int64_t stride = 1, d = tensor.dim(); d-- > 0; stride *= tensor.shape()[static_cast<std::size_t>(d)])
      strides_[static_cast<std::size_t>(d)] = stride;
    measure();
  }

  std::string run() {
    print(0, 0, first_indent_);
    return std::move(out_);
  }

private:
  double value(std::int64_t i) const {
    return tensor_.dtype() == DType::f32 ? static_cast<double>(tensor_.data<float>()[i]) : tensor_.data<double>()[i];
  }

  std::string integer(std::int64_t i) const {
    if (tensor_.dtype() == DType::boolean)
      return tensor_.data<bool>()[i] ? "True" : "False";
    char digits[24];
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, tensor_.data<std::int64_t>()[i]).ptr);
  }

  bool is_cut(std::size_t dim) const { return summarize_ && tensor_.shape()[dim] > 2 * EdgeItems; }

  template <typename F> void for_each_shown(std::size_t dim, std::int64_t offset, F &&f) const {
    if (dim == strides_.size())
      return f(offset);
    const std::int64_t extent = tensor_.shape()[dim];
    for (std::int64_t i = 0; i < extent; ++i) {
      if (is_cut(dim) && i == EdgeItems)
        i = extent - EdgeItems;
      for_each_shown(dim + 1, offset + i * strides_[dim], f);
    }
  }

  void widen(const std::string &text, std::size_t extra = 0) { width_ = std::max(width_, text.size() + extra); }

  void measure() {
    if (!floating_)
      return for_each_shown(0, 0, [&](std::int64_t i) { widen(integer(i)); });
    double smallest = HUGE_VAL, largest = 0;
    for_each_shown(0, 0, [&](std::int64_t i) {
      const double x = value(i);
      if (!std::isfinite(x) || x == 0)
        return;
      smallest = std::min(smallest, std::fabs(x));
      largest = std::max(largest, std::fabs(x));
      int_mode_ &= x == std::ceil(x);
    });
    if (largest == 0)
      return;
    scientific_ = largest / smallest > 1000.0 || largest > 1.0e8 || smallest < 1.0e-4;
    for_each_shown(0, 0, [&](std::int64_t i) {
      const double x = value(i);
      if (!std::isfinite(x) || x == 0)
        return;
      if (scientific_)
        widen(number(x, std::chars_format::scientific, Precision));
      else if (int_mode_)
        widen(number(x, std::chars_format::fixed, 0), 1);
      else
        widen(number(x, std::chars_format::fixed, Precision));
    });
  }

  std::string element(std::int64_t i) const {
    std::string text;
    if (!floating_) {
      text = integer(i);
    } else if (scientific_) {
      text = number(value(i), std::chars_format::scientific, Precision);
    } else if (int_mode_) {
      text = number(value(i), std::chars_format::fixed, 0);
      if (std::isfinite(value(i)))
        text += '.';
    } else {
      text = number(value(i), std::chars_format::fixed, Precision);
    }
    return text.size() < width_ ? std::string(width_ - text.size(), ' ') + text : text;
  }

  void print_vector(std::int64_t offset, std::int64_t indent) {
    const std::size_t dim = strides_.size() - 1;
    const std::int64_t per_line =
        std::max<std::int64_t>(1, (LineWidth - indent) / (static_cast<std::int64_t>(width_) + 2));
    std::int64_t shown = 0;
    const auto put = [&](const std::string &text) {
      if (shown > 0 && shown % per_line == 0)
        out_ += ",\n" + std::string(static_cast<std::size_t>(indent + 1), ' ');
      else if (shown > 0)
        out_ += ", ";
      out_ += text;
      ++shown;
    };
    out_ += '[';
    const std::int64_t extent = tensor_.shape()[dim];
    for (std::int64_t i = 0; i < extent; ++i) {
      if (is_cut(dim) && i == EdgeItems) {
        put(" ...");
        i = extent - EdgeItems;
      }
      put(element(offset + i));
    }
    out_ += ']';
  }

  void print(std::size_t dim, std::int64_t offset, std::int64_t indent) {
    const std::size_t rank = strides_.size();
    if (rank == 0) {
      out_ += element(0);
      return;
    }
    if (dim + 1 == rank)
      return print_vector(offset, indent);
    const std::string separator =
        "," + std::string(rank - dim - 1, '\n') + std::string(static_cast<std::size_t>(indent + 1), ' ');
    out_ += '[';
    const std::int64_t extent = tensor_.shape()[dim];
    for (std::int64_t i = 0; i < extent; ++i) {
      if (i > 0)
        out_ += separator;
      if (is_cut(dim) && i == EdgeItems) {
        out_ += "..." + separator;
        i = extent - EdgeItems;
      }
      print(dim + 1, offset + i * strides_[dim], indent + 1);
    }
    out_ += ']';
  }

  const Tensor &tensor_;
  std::int64_t first_indent_;
  std::vector<std::int64_t> strides_;
  std::string out_;
  std::size_t width_ = 1;
  bool floating_ = false, summarize_ = false, int_mode_ = true, scientific_ = false;
};

const char *torch_name(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return "torch.float32";
  case DType::f64:
    return "torch.float64";
  case DType::i64:
    return "torch.int64";
  case DType::boolean:
    return "torch.bool";
  }
  return "";
}

std::string python_tuple(const Shape &shape) {
  std::string out = shape.str();
  out.front() = '(';
  out.back() = ')';
  if (shape.size() == 1)
    out.insert(out.size() - 1, ",");
  return out;
}

} // namespace

std::string detail::tensor_text(const Tensor &tensor, bool requires_grad) {
  const std::string prefix = "tensor(";
  const auto indent = static_cast<std::int64_t>(prefix.size());
  std::vector<std::string> suffixes;
  std::string out;
  if (tensor.numel() == 0) {
    out = "[]";
    if (tensor.dim() != 1)
      suffixes.push_back("size=" + python_tuple(tensor.shape()));
    if (tensor.dtype() != DType::f32)
      suffixes.push_back(std::string("dtype=") + torch_name(tensor.dtype()));
  } else {
    out = TensorPrinter(tensor, indent).run();
    if (tensor.dtype() == DType::f64)
      suffixes.push_back(std::string("dtype=") + torch_name(tensor.dtype()));
  }
  if (requires_grad)
    suffixes.push_back("requires_grad=True");
  out = prefix + out;
  const std::size_t newline = out.rfind('\n');
  // As PyTorch counts, where there is no newline (rfind gives -1) too.
  auto last_line =
      static_cast<std::int64_t>(out.size()) - (newline == out.npos ? -1 : static_cast<std::int64_t>(newline)) + 1;
  for (const std::string &suffix : suffixes) {
    const auto length = static_cast<std::int64_t>(suffix.size());
    if (last_line + length + 2 > LineWidth) {
      out += ",\n" + std::string(prefix.size(), ' ') + suffix;
      last_line = indent + length;
    } else {
      out += ", " + suffix;
      last_line += length + 2;
    }
  }
  return out + ")";
}

std::string Tensor::str() const { return detail::tensor_text(*this, false); }

std::ostream &operator<<(std::ostream &os, const Tensor &tensor) {
  return os << (tensor.defined() ? tensor.str() : std::string("tensor(undefined)"));
}

} // namespace rune
