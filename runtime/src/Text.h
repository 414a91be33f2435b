// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Small texts for messages. (std::to_string and streams would do, at a hundred times the size.)

#ifndef RUNE_SRC_TEXT_H
#define RUNE_SRC_TEXT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace rune::detail {

std::string text(std::int64_t value);
/// The shortest text that reads back as the same number; "2" for 2.
std::string text(double value);

inline void append(std::string &) {}
template <typename... Rest> void append(std::string &out, std::string_view head, const Rest &...rest);
template <typename... Rest> void append(std::string &out, std::int64_t head, const Rest &...rest) {
  out += text(head);
  append(out, rest...);
}
template <typename... Rest> void append(std::string &out, std::string_view head, const Rest &...rest) {
  out += head;
  append(out, rest...);
}
/// The parts one after another; integers in decimal.
template <typename... Parts> std::string join(const Parts &...parts) {
  std::string out;
  append(out, parts...);
  return out;
}

} // namespace rune::detail

#endif // RUNE_SRC_TEXT_H
