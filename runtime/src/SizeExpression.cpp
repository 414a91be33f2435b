// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SizeExpression.h"

#include "Text.h"
#include "rune/call.h"

namespace rune::detail {
namespace {

/// Calls push(value), symbol(index) and combine(code) in the order of the words.
template <typename Push, typename Symbol, typename Combine>
void walk(const rune_expr &expression, Push &&push, Symbol &&symbol, Combine &&combine) {
  for (std::int64_t i = 0; i < expression.size; ++i) {
    const std::int64_t code = expression.code[i];
    if (code == RUNE_PUSH)
      push(expression.code[++i]);
    else if (code == RUNE_SYMBOL)
      symbol(expression.code[++i]);
    else
      combine(code);
  }
}

std::int64_t combine(std::int64_t code, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (code) {
  case RUNE_ADD:
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case RUNE_MUL:
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  case RUNE_FLOORDIV:
  case RUNE_MOD:
    if (b == 0)
      throw Error("a size is divided by zero");
    result = code == RUNE_MOD ? size_mod(a, b) : size_floordiv(a, b);
    break;
  default:
    throw Error(join("unknown operator ", code, " in a size"));
  }
  if (overflow)
    throw Error("a size overflows");
  return result;
}

struct Operand {
  std::string text;
  int precedence;
};

Operand combineText(std::int64_t code, const Operand &a, const Operand &b) {
  const int precedence = code == RUNE_ADD ? 1 : 2;
  const auto side = [&](const Operand &operand, bool right) {
    const bool tight = operand.precedence > precedence || (operand.precedence == precedence && !right);
    return tight ? operand.text : "(" + operand.text + ")";
  };
  const char *sign = code == RUNE_ADD ? " + " : code == RUNE_MUL ? "*" : code == RUNE_FLOORDIV ? " // " : " % ";
  return {side(a, false) + sign + side(b, true), precedence};
}

} // namespace

std::int32_t bare_symbol(const rune_expr &expression) {
  return expression.size == 2 && expression.code[0] == RUNE_SYMBOL ? static_cast<std::int32_t>(expression.code[1]) : -1;
}

std::int64_t evaluate(const rune_expr &expression, const std::int64_t *symbols) {
  constexpr int depth = 64;
  std::int64_t stack[depth];
  int top = 0;
  const auto push = [&](std::int64_t value) {
    if (top == depth)
      throw Error("a size is too complicated");
    stack[top++] = value;
  };
  walk(
      expression, push, [&](std::int64_t index) { push(symbols[index]); },
      [&](std::int64_t code) {
        --top;
        stack[top - 1] = combine(code, stack[top - 1], stack[top]);
      });
  return top == 0 ? 0 : stack[0];
}

std::string expression_text(const rune_expr &expression, const char *const *symbols) {
  std::vector<Operand> stack;
  walk(
      expression, [&](std::int64_t value) { stack.push_back({text(value), value < 0 ? 0 : 3}); },
      [&](std::int64_t index) { stack.push_back({symbols[index], 3}); },
      [&](std::int64_t code) {
        const Operand right = std::move(stack.back());
        stack.pop_back();
        stack.back() = combineText(code, stack.back(), right);
      });
  return stack.empty() ? "0" : stack[0].text;
}

std::string pattern_text(const rune_value &value, const char *const *symbols) {
  std::string out = "[";
  for (std::int32_t d = 0; d < value.rank; ++d)
    append(out, d ? ", " : "", expression_text(value.dims[d], symbols));
  return out + "]";
}

Shape value_shape(const rune_value &value, const std::int64_t *symbols) {
  std::vector<std::int64_t> sizes;
  for (std::int32_t d = 0; d < value.rank; ++d)
    sizes.push_back(evaluate(value.dims[d], symbols));
  return Shape(std::move(sizes));
}

std::int64_t value_numel(const rune_value &value, const std::int64_t *symbols) {
  std::int64_t count = 1;
  for (std::int32_t d = 0; d < value.rank; ++d) {
    const std::int64_t size = evaluate(value.dims[d], symbols);
    if (size < 0 || __builtin_mul_overflow(count, size, &count))
      return value_shape(value, symbols).numel(); // which says what is wrong
  }
  return count;
}

bool has_shape(const rune_value &value, const std::int64_t *symbols, const std::int64_t *sizes, std::int32_t rank) {
  if (rank != value.rank)
    return false;
  for (std::int32_t d = 0; d < rank; ++d)
    if (sizes[d] != evaluate(value.dims[d], symbols))
      return false;
  return true;
}

std::int64_t workspace_bytes(const rune_entry &entry, const std::int64_t *symbols, bool hooked) {
  return evaluate(hooked ? entry.hooked_workspace_bytes : entry.workspace_bytes, symbols);
}

} // namespace rune::detail
