// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// PyTorch's print(model).

#include "ModelImpl.h"

#include "Text.h"

#include <ostream>

namespace rune {
namespace {

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> result;
  for (std::size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1))
    result.emplace_back(text.substr(0, end));
  result.emplace_back(text);
  return result;
}

/// Indents every line but the first by two; lines of white space only become empty.
std::string indented(std::string_view text) {
  std::string out;
  bool first = true;
  for (const std::string &line : lines(text)) {
    if (first)
      out = line;
    else if (line.find_first_not_of(" \t\r\v\f") == line.npos)
      out += '\n';
    else
      out += "\n  " + line;
    first = false;
  }
  return out;
}

class Printer {
public:
  explicit Printer(const rune_model &table) : table_(table), children_(static_cast<std::size_t>(table.module_count)) {
    for (std::int32_t i = 1; i < table.module_count; ++i)
      children_[static_cast<std::size_t>(table.modules[i].parent)].push_back(i);
  }

  std::string print(std::int32_t module) const {
    switch (table_.modules[module].kind) {
    case RUNE_NONE:
      return "None";
    case RUNE_MODULE_LIST:
      return printList(module);
    default:
      return printPlain(module);
    }
  }

private:
  const std::vector<std::int32_t> &childrenOf(std::int32_t module) const {
    return children_[static_cast<std::size_t>(module)];
  }

  static std::string enclosed(const char *type, const std::vector<std::string> &parts) {
    std::string out = type;
    out += '(';
    for (const std::string &part : parts)
      out += "\n  " + part;
    return out + (parts.empty() ? ")" : "\n)");
  }

  std::string printPlain(std::int32_t module) const {
    const rune_module_info &info = table_.modules[module];
    std::vector<std::string> parts;
    if (*info.extra_repr)
      parts = lines(info.extra_repr);
    if (parts.size() == 1 && childrenOf(module).empty())
      return std::string(info.type) + "(" + parts[0] + ")";
    for (std::int32_t child : childrenOf(module))
      parts.push_back(std::string("(") + table_.modules[child].key + "): " + indented(print(child)));
    return enclosed(info.type, parts);
  }

  /// Runs of children that print alike stand in one line.
  std::string printList(std::int32_t module) const {
    const std::vector<std::int32_t> &children = childrenOf(module);
    std::vector<std::string> parts;
    for (std::size_t i = 0, next; i < children.size(); i = next) {
      const std::string text = print(children[i]);
      for (next = i + 1; next < children.size() && print(children[next]) == text;)
        ++next;
      const auto first = static_cast<std::int64_t>(i), last = static_cast<std::int64_t>(next) - 1;
      if (first == last)
        parts.push_back(indented(detail::join("(", first, "): ", text)));
      else
        parts.push_back(indented(detail::join("(", first, "-", last, "): ", last - first + 1, " x ", text)));
    }
    return enclosed(table_.modules[module].type, parts);
  }

  const rune_model &table_;
  std::vector<std::vector<std::int32_t>> children_;
};

} // namespace

std::string Module::repr() const { return Printer(model().table).print(index_); }

std::ostream &operator<<(std::ostream &os, const Module &module) { return os << module.repr(); }

} // namespace rune
