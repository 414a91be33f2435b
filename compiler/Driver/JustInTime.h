// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_JUSTINTIME_H
#define RUNE_DRIVER_JUSTINTIME_H

#include "Driver/Compilation.h"
#include "Emit/Object.h"

namespace rune {

/// The model's code in this process; null after an error, which was reported. Without functions there is none to find.
/// `hooks`: with the variants that run hooks.
std::unique_ptr<Jit> compileHere(Compilation &compilation, const TargetDesc &target, const std::string &targetCpu,
                                 bool hooks = false);

} // namespace rune

#endif // RUNE_DRIVER_JUSTINTIME_H
