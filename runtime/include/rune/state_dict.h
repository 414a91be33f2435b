// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An ordered map of name to tensor.

#ifndef RUNE_STATE_DICT_H
#define RUNE_STATE_DICT_H

#include "rune/tensor.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rune {

/// Iterates in the order of insertion over pairs of name and tensor.
class StateDict {
public:
  using value_type = std::pair<std::string, Tensor>;
  using iterator = std::vector<value_type>::iterator;
  using const_iterator = std::vector<value_type>::const_iterator;

  StateDict() = default;
  StateDict(std::initializer_list<value_type> entries);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }

  bool contains(std::string_view name) const { return find(name) != end(); }
  const_iterator find(std::string_view name) const;
  /// Throws where there is no such name.
  Tensor &at(std::string_view name);
  const Tensor &at(std::string_view name) const;
  /// Adds an undefined tensor where there is no such name.
  Tensor &operator[](std::string_view name);
  /// False, and nothing changed, where the name is there already.
  bool insert(std::string name, Tensor tensor);
  bool erase(std::string_view name);

private:
  std::vector<value_type> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// What load_state_dict(…, strict = false) passed over.
struct IncompatibleKeys {
  std::vector<std::string> missing_keys;
  std::vector<std::string> unexpected_keys;
};

} // namespace rune

#endif // RUNE_STATE_DICT_H
