// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A rune_model in memory, for `runec` itself.

#ifndef RUNE_EMIT_TABLES_H
#define RUNE_EMIT_TABLES_H

#include "Emit/ModelDescription.h"

#include <deque>
#include <functional>
#include <memory>

namespace rune {

/// Owns a description and the rune_model that points into it. Stays where it is.
class Tables {
public:
  /// The address of a compiled function by its symbol.
  using Lookup = std::function<rune_kernel(const std::string &symbol)>;

  Tables(ModelDescription description, Lookup lookup);
  Tables(const Tables &) = delete;
  Tables &operator=(const Tables &) = delete;

  const rune_model &model() const { return table; }
  const ModelDescription &description() const { return source; }

private:
  template <typename T> T *array(std::vector<T> values);
  rune_expr expression(const ExprCode &code) const;
  const rune_expr *expressions(const std::vector<ExprCode> &list);
  const rune_value *values(const std::vector<ValueDescription> &list);
  rune_entry entry(const EntryDescription &entry);
  const rune_entry *pointer(const EntryDescription &one) { return array(std::vector<rune_entry>{entry(one)}); }
  const rune_entry *pointer(const std::optional<EntryDescription> &one) { return one ? pointer(*one) : nullptr; }
  const rune_training *training(const TrainingDescription &training);
  rune_init_step initStep(const InitStepDescription &step) const;

  rune_kernel find(const std::string &symbol) const { return symbol.empty() ? nullptr : lookup(symbol); }

  const ModelDescription source;
  const Lookup lookup;
  std::deque<std::shared_ptr<void>> arrays;
  rune_model table = {};
};

} // namespace rune

#endif // RUNE_EMIT_TABLES_H
