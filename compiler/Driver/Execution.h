// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model in this process, on files, through librune. Apart from the rest of the driver, since the runtime's
// names (Tensor, Module, DType) are those that users know.

#ifndef RUNE_DRIVER_EXECUTION_H
#define RUNE_DRIVER_EXECUTION_H

#include "Emit/ModelDescription.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace rune {

struct RunArguments;
struct TrainArguments;
using SpecFingerprint = std::map<std::string, std::string>;

class Execution {
public:
  using Lookup = std::function<rune_kernel(const std::string &symbol)>;

  Execution(const ModelDescription &description, Lookup lookup);
  ~Execution();

  /// Each returns the exit status; errors are reported.
  int initialise(uint64_t seed, const std::string &output);
  int run(const RunArguments &arguments);
  /// The state's bytes, of a model that loaded the weights or, without, was initialised; nothing after an error.
  std::optional<std::string> stateBytes(const std::string &weights);
  int train(const TrainArguments &arguments, const SpecFingerprint &fingerprint);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace rune

#endif // RUNE_DRIVER_EXECUTION_H
