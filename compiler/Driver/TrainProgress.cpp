// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/TrainProgress.h"

#include <cmath>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace rune;

static double seconds(std::chrono::steady_clock::duration span) { return std::chrono::duration<double>(span).count(); }

static std::string print(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// 1234567 as "1.23M".
static std::string shortCount(double value) {
  if (value >= 1e9)
    return print("%.3gG", value / 1e9);
  if (value >= 1e6)
    return print("%.3gM", value / 1e6);
  return value >= 1e4 ? print("%.3gk", value / 1e3) : print("%.0f", value);
}

static std::string clockTime(double left) {
  const auto whole = static_cast<int64_t>(std::ceil(left));
  char text[64];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(whole / 3600),
                  static_cast<long long>(whole / 60 % 60), static_cast<long long>(whole % 60));
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
  return text;
}

static int terminalWidth() {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

TrainProgress::TrainProgress() : terminal(isatty(STDOUT_FILENO)) {}

void TrainProgress::begin(int64_t done, int64_t total, int64_t epochs) {
  first = done;
  this->total = total;
  this->epochs = epochs;
  begun = shown = Clock::now();
}

std::string TrainProgress::rate() const {
  const double elapsed = seconds(Clock::now() - begun);
  return shortCount(elapsed > 0 ? static_cast<double>(examples) / elapsed : 0) + " examples/s";
}

void TrainProgress::step(const LossRow &row, int64_t rows) {
  examples += rows;
  // A single batch's loss jumps about: what is shown follows some twenty of them.
  smoothed = row.step == first || !std::isfinite(smoothed) ? row.loss : 0.9 * smoothed + 0.1 * row.loss;
  const Clock::time_point now = Clock::now();
  if (seconds(now - shown) < (terminal ? 0.1 : 10))
    return;
  shown = now;
  show(row);
}

void TrainProgress::show(const LossRow &row) {
  const int64_t now = row.step + 1;
  const double share = static_cast<double>(now) / static_cast<double>(total);
  const double spent = seconds(Clock::now() - begun);
  const double left = spent / static_cast<double>(now - first) * static_cast<double>(total - now);
  std::string text = print("loss %.4g", smoothed) + "  " + rate() + "  " + clockTime(left) + " left";
  const std::string counts = "step " + std::to_string(now) + "/" + std::to_string(total);
  if (!terminal) {
    std::printf("%s  %s\n", counts.c_str(), text.c_str());
    std::fflush(stdout);
    return;
  }
  const int room = std::min(40, terminalWidth() - static_cast<int>(counts.size() + text.size()) - 6);
  std::string bar;
  // Eighths of a character: U+2588 down to U+258F.
  const int eighths = static_cast<int>(share * room * 8);
  for (int i = 0; i < room; ++i) {
    const int filled = std::min(8, std::max(0, eighths - 8 * i));
    bar += filled == 0 ? " " : std::string("\xe2\x96") + static_cast<char>(0x90 - filled);
  }
  const char *frame = room > 0 ? "|" : "";
  std::printf("\r\x1b[K%s %s%s%s %s", counts.c_str(), frame, bar.c_str(), frame, text.c_str());
  std::fflush(stdout);
  visible = true;
}

void TrainProgress::clear() {
  if (visible)
    std::fputs("\r\x1b[K", stdout);
  visible = false;
}

void TrainProgress::validated(const LossRow &row, double meanLoss) {
  clear();
  std::string text = epochs ? "epoch " + std::to_string(row.epoch + 1) + "/" + std::to_string(epochs) : "";
  text += (text.empty() ? "step " : "  step ") + std::to_string(row.step + 1) + "/" + std::to_string(total);
  text += print("  loss %.6f", meanLoss);
  if (row.validLoss)
    text += print("  valid loss %.6f", *row.validLoss);
  if (row.validAccuracy)
    text += print("  accuracy %.2f %%", 100 * *row.validAccuracy);
  std::printf("%s  %s\n", text.c_str(), rate().c_str());
  std::fflush(stdout);
}
