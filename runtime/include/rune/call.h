// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What generated classes are made of: arguments of forward without allocation, and the checks of a call.

#ifndef RUNE_CALL_H
#define RUNE_CALL_H

#include "rune/model.h"

#include <array>
#include <cstdint>
#include <limits>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace rune {
namespace detail {

/// An input or output of forward: memory, and what is known of its shape.
struct Argument {
  const void *data = nullptr;
  const std::int64_t *sizes = nullptr;
  std::int64_t numel = 0;
  std::int32_t rank = 0; // -1: a range without a shape
  DType dtype = DType::f32;
};

Argument argument_of(const Tensor &tensor);

template <typename R, typename T>
concept RangeOf = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                  std::is_same_v<std::remove_cv_t<std::ranges::range_value_t<R>>, std::remove_const_t<T>>;

} // namespace detail

/// A tensor, or a contiguous range of T (std::vector, std::span, …) whose shape follows from its length. T is const
/// for an input.
template <typename T> class Span : public detail::Argument {
public:
  Span(const Tensor &tensor)
    requires std::is_const_v<T>
  {
    assign(tensor);
  }
  Span(Tensor &tensor)
    requires(!std::is_const_v<T>)
  {
    assign(tensor);
  }
  Span(Tensor &&tensor)
    requires(!std::is_const_v<T>)
  {
    assign(tensor);
  }
  template <typename R>
    requires detail::RangeOf<R, T>
  Span(R &&range) {
    static_assert(std::is_const_v<T> || !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>,
                  "an output is written to");
    data = std::ranges::data(range);
    numel = static_cast<std::int64_t>(std::ranges::size(range));
    rank = -1;
    dtype = dtype_of<T>;
  }

private:
  void assign(const Tensor &tensor) {
    data = tensor.raw_data();
    sizes = tensor.shape().data();
    numel = tensor.numel();
    rank = static_cast<std::int32_t>(tensor.shape().size());
    dtype = tensor.dtype();
  }
};

namespace detail {

/// Finds the entry's sizes from its inputs and outputs, in this order in `arguments`, and checks every shape and dtype
/// against the tables. Throws what is wrong.
void bind(const rune_entry &entry, const Argument *arguments, std::int64_t *symbols);
/// The same for inputs alone.
void bind_inputs(const rune_entry &entry, const Argument *arguments, std::int64_t *symbols);
/// Throws where the pointer of argument `index` (outputs after inputs) is null or misaligned and not empty.
void check_pointer(const rune_entry &entry, std::int32_t index, const void *pointer, const std::int64_t *symbols);
/// Throws for a negative size.
[[noreturn]] void fail_size(const rune_entry &entry, std::int32_t symbol, std::int64_t value);
[[noreturn]] void fail_workspace(const rune_entry &entry, std::int64_t needed, std::int64_t given);

/// Division and remainder that round towards minus infinity, and sums and products that stop at the largest integer:
/// the arithmetic of sizes in generated headers.
constexpr std::int64_t size_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}
constexpr std::int64_t size_mul(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}
constexpr std::int64_t size_floordiv(std::int64_t a, std::int64_t b) {
  return b == 0 ? std::numeric_limits<std::int64_t>::max() : a / b - (a % b != 0 && (a < 0) != (b < 0));
}
constexpr std::int64_t size_max(std::int64_t a, std::int64_t b) { return a < b ? b : a; }
constexpr std::int64_t size_mod(std::int64_t a, std::int64_t b) { return b == 0 ? 0 : a - size_floordiv(a, b) * b; }

/// The size of an argument's dimension, or -1 where it has not that rank.
inline std::int64_t size_of(const Argument &argument, std::int32_t rank, std::int32_t dim) {
  return argument.rank == rank ? argument.sizes[dim] : -1;
}

/// Whether an argument has just this dtype and shape.
template <typename... Sizes> bool matches(const Argument &argument, DType dtype, Sizes... sizes) {
  if (argument.dtype != dtype || argument.rank != static_cast<std::int32_t>(sizeof...(sizes)))
    return false;
  std::int32_t dim = 0;
  return ((argument.sizes[dim++] == static_cast<std::int64_t>(sizes)) && ...);
}

inline bool well_placed(const void *pointer, std::size_t alignment) {
  return pointer && reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

/// Runs a compiled function whose arguments have been checked.
inline void run(const rune_entry &entry, const void *const *arguments, const std::int64_t *symbols, const void *state,
                const Workspace &workspace, std::int64_t needed) {
  if (needed > workspace.size()) [[unlikely]]
    fail_workspace(entry, needed, workspace.size());
  const std::int32_t status = entry.function(arguments, symbols, state, workspace.data(), workspace.next_context());
  if (status != RUNE_OK) [[unlikely]]
    fail_status(entry, status, symbols);
}

/// A run-time integer as an argument of bind.
inline Argument integer_argument(const std::int64_t &value) {
  Argument argument;
  argument.data = &value;
  argument.numel = 1;
  argument.dtype = DType::i64;
  return argument;
}

/// A run-time integer as an input of Model::call.
inline Tensor integer(std::int64_t value) { return Tensor::from({value}, Shape{}); }

} // namespace detail

/// A ModuleList or Sequential.
class ModuleList : public Module {
public:
  using Module::Module;
  std::size_t size() const { return children().size(); }
  /// A negative index counts from the last; throws where there is no such module.
  Module operator[](std::int64_t index) const;
};

/// The typed members of a ModuleList of modules that are all alike.
template <typename T, std::size_t N> class ModuleArray : public Module {
public:
  /// The modules and members of each element follow those of the one before.
  ModuleArray(const detail::ModelHandle &model, std::int32_t module, std::int32_t member, std::int32_t module_stride,
              std::int32_t member_stride)
      : ModuleArray(model, module, member, module_stride, member_stride, std::make_index_sequence<N>()) {}

  static constexpr std::size_t size() { return N; }
  T &operator[](std::size_t i) { return elements_[i]; }
  const T &operator[](std::size_t i) const { return elements_[i]; }
  auto begin() { return elements_.begin(); }
  auto end() { return elements_.end(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

private:
  template <std::size_t... I>
  ModuleArray(const detail::ModelHandle &model, std::int32_t module, std::int32_t member, std::int32_t module_stride,
              std::int32_t member_stride, std::index_sequence<I...>)
      : Module(model, module), elements_{T(model, module + 1 + static_cast<std::int32_t>(I) * module_stride,
                                           member + static_cast<std::int32_t>(I) * member_stride)...} {}

  std::array<T, N> elements_;
};
} // namespace rune

#endif // RUNE_CALL_H
