// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// From the shapes of a call's arguments to an entry's sizes.

#include "SizeExpression.h"
#include "Text.h"
#include "rune/call.h"

namespace rune::detail {
namespace {

constexpr std::int64_t Unbound = -1;

class Binder {
public:
  Binder(const rune_entry &entry, const Argument *arguments, std::int64_t *symbols)
      : entry_(entry), arguments_(arguments), symbols_(symbols) {}

  /// `count`: how many of inputs and outputs there are to check.
  void run(std::int32_t count) {
    for (std::int32_t s = 0; s < entry_.symbol_count; ++s)
      symbols_[s] = Unbound;
    for (std::int32_t i = 0; i < entry_.input_count; ++i)
      bindShaped(i);
    for (std::int32_t i = 0; i < entry_.input_count; ++i)
      bindFlat(i);
    for (std::int32_t s = 0; s < entry_.symbol_count; ++s)
      if (symbols_[s] == Unbound)
        throw Error(join(entry_.name, ": the inputs do not determine ", entry_.symbols[s]));
    for (std::int32_t i = 0; i < count; ++i)
      check(i);
  }

private:
  const rune_value &value(std::int32_t i) const {
    return i < entry_.input_count ? entry_.inputs[i] : entry_.outputs[i - entry_.input_count];
  }

  std::string head(std::int32_t i) const {
    return join(entry_.name, ": ", i < entry_.input_count ? "input '" : "output '", value(i).name, "'");
  }

  void bindShaped(std::int32_t i) {
    const Argument &argument = arguments_[i];
    const rune_value &expected = value(i);
    checkDType(i);
    if (expected.rank < 0) {
      bindInteger(i);
      return;
    }
    if (argument.rank < 0)
      return;
    if (argument.rank != expected.rank)
      failShape(i);
    for (std::int32_t d = 0; d < expected.rank; ++d) {
      const std::int32_t symbol = bare_symbol(expected.dims[d]);
      if (symbol >= 0 && symbols_[symbol] == Unbound)
        symbols_[symbol] = argument.sizes[d];
    }
  }

  void bindInteger(std::int32_t i) {
    const Argument &argument = arguments_[i];
    if (argument.numel != 1 || !argument.data)
      throw Error(join(head(i), " is one integer"));
    const std::int32_t symbol = value(i).dims ? bare_symbol(value(i).dims[0]) : -1;
    if (symbol < 0)
      return;
    const std::int64_t given = *static_cast<const std::int64_t *>(argument.data);
    if (given < 0)
      fail_size(entry_, symbol, given);
    if (symbols_[symbol] == Unbound)
      symbols_[symbol] = given;
    else if (symbols_[symbol] != given)
      throw Error(join(head(i), " is ", given, ", but ", entry_.symbols[symbol], " is ", symbols_[symbol]));
  }

  /// A range without a shape determines the one size that is left open.
  void bindFlat(std::int32_t i) {
    const Argument &argument = arguments_[i];
    const rune_value &expected = value(i);
    if (argument.rank >= 0 || expected.rank < 0)
      return;
    std::int32_t open = -1;
    std::int64_t known = 1;
    for (std::int32_t d = 0; d < expected.rank; ++d) {
      const std::int32_t symbol = bare_symbol(expected.dims[d]);
      if (symbol >= 0 && symbols_[symbol] == Unbound) {
        if (open >= 0)
          throw Error(join(head(i), " has several open sizes in ", pattern_text(expected, entry_.symbols),
                           ": give a rune::Tensor, which knows its shape"));
        open = symbol;
      } else {
        known = size_mul(known, evaluate(expected.dims[d], symbols_));
      }
    }
    if (open < 0)
      return;
    if (known <= 0 || argument.numel % known != 0)
      failCount(i);
    symbols_[open] = argument.numel / known;
  }

  void checkDType(std::int32_t i) const {
    if (static_cast<std::int32_t>(arguments_[i].dtype) != value(i).dtype)
      throw Error(join(head(i), " has dtype ", name(arguments_[i].dtype), ", expected ",
                       name(static_cast<DType>(value(i).dtype))));
  }

  void check(std::int32_t i) const {
    const Argument &argument = arguments_[i];
    const rune_value &expected = value(i);
    if (expected.rank < 0)
      return;
    checkDType(i);
    if (argument.rank < 0) {
      if (argument.numel != value_numel(expected, symbols_))
        failCount(i);
    } else if (!has_shape(expected, symbols_, argument.sizes, argument.rank)) {
      failShape(i);
    }
    check_pointer(entry_, i, argument.data, symbols_);
  }

  /// " with batch = 64", for the sizes that are known so far.
  std::string sizes() const {
    std::string out;
    for (std::int32_t s = 0; s < entry_.symbol_count; ++s)
      if (symbols_[s] != Unbound)
        append(out, out.empty() ? " with " : ", ", entry_.symbols[s], " = ", symbols_[s]);
    return out;
  }

  [[noreturn]] void failShape(std::int32_t i) const {
    const Argument &argument = arguments_[i];
    throw Error(join(head(i), " has shape ", Shape(argument.sizes, static_cast<std::size_t>(argument.rank)).str(),
                     ", expected ", pattern_text(value(i), entry_.symbols), sizes()));
  }

  [[noreturn]] void failCount(std::int32_t i) const {
    throw Error(join(head(i), " has ", arguments_[i].numel, " elements, expected ",
                     pattern_text(value(i), entry_.symbols), sizes()));
  }

  const rune_entry &entry_;
  const Argument *arguments_;
  std::int64_t *symbols_;
};

} // namespace

void bind(const rune_entry &entry, const Argument *arguments, std::int64_t *symbols) {
  Binder(entry, arguments, symbols).run(entry.input_count + entry.output_count);
}

void bind_inputs(const rune_entry &entry, const Argument *arguments, std::int64_t *symbols) {
  Binder(entry, arguments, symbols).run(entry.input_count);
}

void check_pointer(const rune_entry &entry, std::int32_t index, const void *pointer, const std::int64_t *symbols) {
  const bool is_input = index < entry.input_count;
  const rune_value &value = is_input ? entry.inputs[index] : entry.outputs[index - entry.input_count];
  const auto size = static_cast<std::size_t>(itemsize(static_cast<DType>(value.dtype)));
  if (well_placed(pointer, size))
    return;
  if (value.rank >= 0 && value_numel(value, symbols) == 0)
    return;
  throw Error(join(entry.name, is_input ? ": input '" : ": output '", value.name, "' is ",
                   pointer ? "not aligned to its dtype" : "null"));
}

void fail_size(const rune_entry &entry, std::int32_t symbol, std::int64_t value) {
  throw Error(join(entry.name, ": ", entry.symbols[symbol], " is ", value, ", but a size must not be negative"));
}

void fail_workspace(const rune_entry &entry, std::int64_t needed, std::int64_t given) {
  throw Error(join(entry.name, ": the workspace has ", given, " bytes, but these sizes need ", needed));
}

void fail_status(const rune_entry &entry, std::int32_t status, const std::int64_t *symbols) {
  if (status == RUNE_INDEX_OUT_OF_RANGE)
    throw Error("index out of range in self");
  const std::int32_t index = status - RUNE_CHECK_FAILED;
  if (index < 0 || index >= entry.check_count)
    throw Error(join(entry.name, " failed with status ", status));
  const rune_check &check = entry.checks[index];
  std::string message;
  for (std::string_view rest = check.message; !rest.empty();) {
    const std::size_t close = rest.find('}');
    if (rest[0] == '{' && close != rest.npos && close > 1) {
      std::int32_t argument = 0;
      for (char digit : rest.substr(1, close - 1))
        argument = digit >= '0' && digit <= '9' && argument < check.arg_count ? argument * 10 + (digit - '0')
                                                                              : check.arg_count;
      if (argument < check.arg_count) {
        append(message, evaluate(check.args[argument], symbols));
        rest.remove_prefix(close + 1);
        continue;
      }
    }
    message += rest[0];
    rest.remove_prefix(1);
  }
  throw Error(message);
}

} // namespace rune::detail
