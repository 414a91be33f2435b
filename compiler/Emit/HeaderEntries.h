// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry points of a generated class: calls with hooks and without, into tensors, spans and pointers.

#ifndef RUNE_EMIT_HEADERENTRIES_H
#define RUNE_EMIT_HEADERENTRIES_H

#include "Emit/ModelDescription.h"

#include <set>
#include <string>
#include <vector>

namespace rune {

/// The element types of C++ and of C.
const char *cppType(int32_t dtype);
const char *cType(int32_t dtype);

/// The dynamic sizes of all entries under one name each: what Sizes and Workspace of a class are made of.
class SizeNames {
public:
  explicit SizeNames(const ModelDescription &model);
  const std::vector<std::string> &all() const { return names; }
  /// The names of an entry's symbols, in its order.
  const std::vector<std::string> &of(size_t entry) const { return perEntry[entry]; }

private:
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> perEntry;
};

/// One entry, ready to be printed.
class EntryWriter {
public:
  EntryWriter(const ModelDescription &model, size_t index, const SizeNames &sizes, std::string methodName,
              std::string modelSymbol);

  /// Its methods in the class.
  std::string methods() const;
  /// Its function for C; `stem` begins its name, `type` is that of handles.
  std::string cFunction(const std::string &stem, const std::string &type) const;
  /// The constexpr function of its workspace's bytes.
  std::string bytesFunction() const;
  std::string bytesName() const;
  /// A call of that function, the sizes taken from a Sizes named `sizes`.
  std::string bytesOf(const std::string &sizes) const;

private:
  struct Argument {
    const ValueDescription *value;
    std::string name; // of the parameter
    bool isInput;
    bool isInteger() const { return value->integer; }
  };

  std::string expression(const ExprCode &code, const std::vector<std::string> &symbols) const;
  std::string pattern(const ValueDescription &value) const;
  std::string summary() const;
  std::string signature() const;
  std::string callBody(const char *function) const;
  std::string spanMethod() const;
  std::string pointerMethod() const;
  std::string symbolFromInputs(size_t symbol) const;
  std::string integerChecks() const;
  std::string pointerArray(bool spans) const;
  /// The integer input that is the symbol, or -1.
  int boundInteger(size_t symbol) const;
  /// The symbols that no integer input is.
  std::vector<size_t> freeSymbols() const;
  std::string run() const;

  const EntryDescription &entry;
  const size_t index;
  const std::string method, table;
  const std::vector<std::string> sizeNames; // as in Sizes
  std::vector<Argument> arguments;
  std::vector<std::string> symbolParameters;
  std::string workspaceName, sizesName;
};

} // namespace rune

#endif // RUNE_EMIT_HEADERENTRIES_H
