// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The part of JSON that a safetensors header is made of: objects, strings, lists of integers. It is read by what is
// expected next, so that nothing nests deeper than the format does.

#ifndef RUNE_SRC_JSONREADER_H
#define RUNE_SRC_JSONREADER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rune::detail {

class JsonReader {
public:
  /// `base`: where the text begins in the file, for messages.
  JsonReader(const std::string &path, std::string_view text, std::int64_t base)
      : path_(path), text_(text), base_(base) {}

  /// Where in the file the next token begins.
  std::int64_t position() {
    skip_space();
    return base_ + static_cast<std::int64_t>(at_);
  }

  /// Calls member(key, place of the key), which must read the value.
  template <typename F> void object(const std::string &what, F &&member) {
    expect('{', what + " must be an object");
    if (accept('}'))
      return;
    do {
      const std::int64_t place = position();
      std::string key = string("a key of " + what);
      expect(':', "expected ':'");
      member(std::move(key), place);
    } while (accept(','));
    expect('}', "expected ',' or '}'");
  }

  std::string string(const std::string &what);
  /// A list of integers that are not negative.
  std::vector<std::int64_t> integers(const std::string &what);
  /// Nothing but space may follow.
  void end();
  /// The whole text, before anything else is read.
  void check_utf8() const;

private:
  void skip_space();
  bool accept(char c);
  void expect(char c, const std::string &otherwise);
  std::int64_t integer(const std::string &what);
  void escape(std::string &out);
  std::uint32_t hex4();
  [[noreturn]] void fail(const std::string &what) const;

  const std::string &path_;
  std::string_view text_;
  std::int64_t base_;
  std::size_t at_ = 0;
};

} // namespace rune::detail

#endif // RUNE_SRC_JSONREADER_H
