// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every refusal of the runtime throws.

#ifndef RUNE_ERROR_H
#define RUNE_ERROR_H

#include <stdexcept>
#include <string>

namespace rune {

/// Wrong input: a shape, a file, a name. The message says what differs, in PyTorch's words where it has some.
class Error : public std::runtime_error {
public:
  explicit Error(const std::string &message);
  ~Error() override;
};

} // namespace rune

#endif // RUNE_ERROR_H
