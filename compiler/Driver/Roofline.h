// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_ROOFLINE_H
#define RUNE_DRIVER_ROOFLINE_H

#include "mlir/IR/MLIRContext.h"

#include <array>
#include <optional>

namespace rune {

/// What one thread of this machine reaches at best. (S. Williams, A. Waterman, D. Patterson: Roofline, 2009.)
struct Roofline {
  double flops = 0; // per second, f32, by chains of fused multiply-adds that do not wait for each other
  /// Bytes per second, reading a buffer of this size in several streams.
  struct Level {
    const char *name;
    int64_t size;
    double bytes = 0;
  };
  std::array<Level, 3> levels = {{{"cache", 256 << 10}, {"last cache", 104 << 20}, {"memory", 384 << 20}}};

  /// Seconds that a kernel takes at least: what fits in a cache is taken to be there.
  double secondsFor(double flops, double bytes) const { return std::max(flops / this->flops, secondsToMove(bytes)); }
  double secondsToMove(double bytes) const {
    for (const Level &level : levels)
      if (bytes <= static_cast<double>(level.size))
        return bytes / level.bytes;
    return bytes / levels.back().bytes;
  }
};

/// Measured now, in about half a second. Nothing after an error, which was reported.
std::optional<Roofline> measureRoofline(mlir::MLIRContext &context);

} // namespace rune

#endif // RUNE_DRIVER_ROOFLINE_H
