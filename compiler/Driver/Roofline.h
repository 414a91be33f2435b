// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef RUNE_DRIVER_ROOFLINE_H
#define RUNE_DRIVER_ROOFLINE_H

#include "mlir/IR/MLIRContext.h"

#include <optional>

namespace rune {

/// What one thread of this machine reaches at best. (S. Williams, A. Waterman, D. Patterson: Roofline, 2009.)
struct Roofline {
  double flops = 0;       // per second, f32, by chains of fused multiply-adds that do not wait for each other
  double cacheBytes = 0;  // per second, reading a buffer of `cacheSize`
  double memoryBytes = 0; // per second, reading one that no cache holds

  static constexpr int64_t cacheSize = 256 << 10;
  /// Seconds that a kernel takes at least: what fits in the cache is taken to be there.
  double secondsFor(double flops, double bytes) const { return std::max(flops / this->flops, secondsToMove(bytes)); }
  double secondsToMove(double bytes) const { return bytes / (bytes <= cacheSize ? cacheBytes : memoryBytes); }
};

/// Measured now, in about a third of a second. Nothing after an error, which was reported.
std::optional<Roofline> measureRoofline(mlir::MLIRContext &context);

} // namespace rune

#endif // RUNE_DRIVER_ROOFLINE_H
