// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Driver/LossLog.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace rune;

namespace {

constexpr double width = 860, height = 480, left = 72, right = 72, top = 56, bottom = 56;

std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}
std::string place(double value) { return format("%.1f", value); }

std::string escape(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

/// Round numbers, some five of them, that span the range.
struct Axis {
  double low = 0, high = 1, step = 1;

  Axis(double from, double to) {
    if (!(to > from))
      to = from + 1;
    double raw = (to - from) / 5, power = std::pow(10, std::floor(std::log10(raw))), rest = raw / power;
    step = power * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
    low = std::floor(from / step) * step;
    high = std::ceil(to / step) * step;
  }
  double share(double value) const { return (value - low) / (high - low); }
};

class Plot {
public:
  Plot(const std::vector<LossRow> &rows, std::string title) : rows(rows), title(std::move(title)) {}

  std::string draw() {
    std::string open = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + place(width) + " " + place(height) +
                       "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">\n";
    svg = open + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    double lowest = 0, highest = 0;
    for (const LossRow &row : rows) {
      for (double loss : {row.loss, row.validLoss.value_or(row.loss)})
        if (std::isfinite(loss))
          lowest = std::min(lowest, loss), highest = std::max(highest, loss);
      accuracy |= row.validAccuracy.has_value();
    }
    Axis steps(0, rows.empty() ? 1 : static_cast<double>(rows.back().step + 1)), losses(lowest, highest);
    steps.high = rows.empty() ? 1 : static_cast<double>(rows.back().step + 1);
    grid(steps, losses);
    line(steps, losses, "#9ecae1", 1, [](const LossRow &row) { return std::optional(row.loss); });
    line(steps, losses, "#1f6fb4", 2.2, smoothed());
    line(steps, losses, "#d9541e", 2, [](const LossRow &row) { return row.validLoss; }, true);
    if (accuracy)
      line(steps, Axis(0, 1), "#2e8b57", 2, [](const LossRow &row) { return row.validAccuracy; }, true);
    legend();
    return svg + "</svg>\n";
  }

private:
  double x(const Axis &axis, double value) const { return left + (width - left - right) * axis.share(value); }
  double y(const Axis &axis, double value) const {
    return height - bottom - (height - top - bottom) * axis.share(value);
  }

  void text(double atX, double atY, const std::string &what, const char *anchor, const char *extra = "") {
    svg += "<text x=\"" + place(atX) + "\" y=\"" + place(atY) + "\" text-anchor=\"" + anchor + "\" fill=\"#333333\" " +
           extra + ">" + escape(what) + "</text>\n";
  }

  void rule(double x1, double y1, double x2, double y2, const char *color) {
    svg += "<line x1=\"" + place(x1) + "\" y1=\"" + place(y1) + "\" x2=\"" + place(x2) + "\" y2=\"" + place(y2) +
           "\" stroke=\"" + color + "\"/>\n";
  }

  void grid(const Axis &steps, const Axis &losses) {
    text(left, 30, title, "start", "font-size=\"17\" font-weight=\"bold\"");
    for (double value = losses.low; value <= losses.high + losses.step / 2; value += losses.step) {
      rule(left, y(losses, value), width - right, y(losses, value), "#e6e6e6");
      text(left - 8, y(losses, value) + 4, format("%g", std::abs(value) < losses.step / 2 ? 0 : value), "end");
    }
    for (double value = 0; value <= steps.high; value += steps.step) {
      rule(x(steps, value), height - bottom, x(steps, value), height - bottom + 5, "#666666");
      text(x(steps, value), height - bottom + 20, format("%g", value), "middle");
    }
    if (accuracy)
      for (double value = 0; value <= 1.001; value += 0.2)
        text(width - right + 8, y(Axis(0, 1), value) + 4, format("%.0f %%", 100 * value), "start");
    rule(left, height - bottom, width - right, height - bottom, "#666666");
    text((left + width - right) / 2, height - 14, "step", "middle");
    text(20, (top + height - bottom) / 2, "loss", "middle",
         ("transform=\"rotate(-90 20 " + place((top + height - bottom) / 2) + ")\"").c_str());
  }

  /// An exponential moving average over about a fiftieth of the steps, without the bias of its beginning.
  std::function<std::optional<double>(const LossRow &)> smoothed() const {
    double keep = 1 - 1 / std::max(1.0, static_cast<double>(rows.size()) / 50);
    return [keep, sum = 0.0, weight = 0.0](const LossRow &row) mutable -> std::optional<double> {
      if (!std::isfinite(row.loss))
        return std::nullopt;
      sum = keep * sum + (1 - keep) * row.loss;
      weight = keep * weight + (1 - keep);
      return sum / weight;
    };
  }

  void line(const Axis &steps, const Axis &values, const char *color, double thickness,
            const std::function<std::optional<double>(const LossRow &)> &value, bool dots = false) {
    // More points than pixels tell nothing.
    size_t every = dots ? 1 : std::max<size_t>(1, rows.size() / 1600);
    std::string points, circles;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::optional<double> one = value(rows[i]);
      if (!one || !std::isfinite(*one) || (i % every != 0 && i + 1 != rows.size()))
        continue;
      double atX = x(steps, static_cast<double>(rows[i].step)), atY = y(values, *one);
      points += place(atX) + "," + place(atY) + " ";
      if (dots)
        circles += "<circle cx=\"" + place(atX) + "\" cy=\"" + place(atY) + "\" r=\"3\" fill=\"" + color + "\"/>\n";
    }
    if (!points.empty())
      svg += "<polyline fill=\"none\" stroke=\"" + std::string(color) + "\" stroke-width=\"" + place(thickness) +
             "\" stroke-linejoin=\"round\" points=\"" + points + "\"/>\n" + circles;
  }

  void legend() {
    double at = left + 250;
    auto entry = [&](const char *color, const char *name) {
      svg += "<rect x=\"" + place(at) + "\" y=\"22\" width=\"18\" height=\"4\" fill=\"" + color + "\"/>\n";
      text(at + 24, 30, name, "start");
      at += 130;
    };
    entry("#1f6fb4", "training loss");
    if (std::any_of(rows.begin(), rows.end(), [](const LossRow &row) { return row.validLoss.has_value(); }))
      entry("#d9541e", "validation loss");
    if (accuracy)
      entry("#2e8b57", "accuracy");
  }

  const std::vector<LossRow> &rows;
  std::string title, svg;
  bool accuracy = false;
};

} // namespace

std::string rune::drawLosses(const std::vector<LossRow> &rows, const std::string &title) {
  return Plot(rows, title).draw();
}
