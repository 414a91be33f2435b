// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The class Trainer of a generated class, and its functions for C.

#ifndef RUNE_EMIT_HEADERTRAINER_H
#define RUNE_EMIT_HEADERTRAINER_H

#include "Emit/ModelDescription.h"

#include <string>
#include <vector>

namespace rune {

/// For models with an optimizer.
class TrainerWriter {
public:
  /// `sizeNames`: of the loss's symbols, for C.
  TrainerWriter(const ModelDescription &model, std::string className);

  /// The nested class.
  std::string nestedClass() const;
  /// Functions of C; `stem` begins their names, `type` is that of models.
  std::string cFunctions(const std::string &stem, const std::string &type) const;
  bool usesBool() const;

private:
  struct Argument {
    const ValueDescription *value;
    std::string name;
  };

  std::string summary() const;
  std::string method(const std::string &result, const std::string &name, const std::string &comment,
                     const std::string &call, bool phase) const;

  const ModelDescription &model;
  const EntryDescription &entry; // of the first phase's loss: all have its arguments
  const std::string className;
  std::vector<Argument> arguments;
  std::vector<std::string> symbols;
};

} // namespace rune

#endif // RUNE_EMIT_HEADERTRAINER_H
