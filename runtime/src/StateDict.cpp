// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "rune/state_dict.h"

namespace rune {

StateDict::StateDict(std::initializer_list<value_type> entries) {
  for (const value_type &entry : entries)
    insert(entry.first, entry.second);
}

StateDict::const_iterator StateDict::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? entries_.end() : entries_.begin() + static_cast<std::ptrdiff_t>(found->second);
}

const Tensor &StateDict::at(std::string_view name) const {
  const const_iterator found = find(name);
  if (found == end())
    throw Error("no tensor named \"" + std::string(name) + "\"");
  return found->second;
}

Tensor &StateDict::at(std::string_view name) { return const_cast<Tensor &>(std::as_const(*this).at(name)); }

Tensor &StateDict::operator[](std::string_view name) {
  insert(std::string(name), Tensor());
  return at(name);
}

bool StateDict::insert(std::string name, Tensor tensor) {
  if (!index_.emplace(name, entries_.size()).second)
    return false;
  entries_.emplace_back(std::move(name), std::move(tensor));
  return true;
}

bool StateDict::erase(std::string_view name) {
  const auto found = index_.find(name);
  if (found == index_.end())
    return false;
  const std::size_t place = found->second;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(place));
  index_.erase(found);
  for (auto &[key, at] : index_)
    at -= at > place;
  return true;
}

} // namespace rune
