// A chart of lines: scales first, then grid, lines and legend.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/perf/charts/chart.h"

namespace lepus::perf {

namespace {

constexpr double width = 720;
constexpr double left = 64;
constexpr double right = 12;
constexpr double plot_height = 220;
constexpr double title_height = 26;
constexpr double legend_line_height = 18;
constexpr double bottom = 42;
constexpr size_t colour_count = 8;
constexpr size_t legend_columns = 3;

// From values to pixels.
struct Scale {
  double low = 0;
  double high = 1;
  bool is_log = false;
  double pixel_low = 0;
  double pixel_high = 1;

  double at(double value) const {
    const double from = is_log ? std::log10(low) : low;
    const double to = is_log ? std::log10(high) : high;
    const double here = is_log ? std::log10(std::max(value, low)) : value;
    return pixel_low + (here - from) / (to - from) * (pixel_high - pixel_low);
  }
};

// 1, 2 or 5 times a power of ten, so that about so many steps fit.
double nice_step(double range, double steps) {
  const double raw = range / steps;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

std::vector<double> ticks_of(const Scale& scale, double steps) {
  std::vector<double> ticks;
  if (!scale.is_log) {
    const double step = nice_step(scale.high - scale.low, steps);
    for (double tick = std::ceil(scale.low / step) * step; tick <= scale.high * (1 + 1e-9);
         tick += step)
      ticks.push_back(tick);
    return ticks;
  }
  for (double power = scale.low; power <= scale.high * (1 + 1e-9); power *= 10)
    ticks.push_back(power);
  return ticks;
}

// Each further 9 of a percentile takes the same room.
double percentile_place(double fraction) {
  constexpr double nines_max = 6;
  return fraction >= 1 ? nines_max : std::min(nines_max, -std::log10(1 - fraction));
}

struct Frame {
  Scale x;
  Scale y;
  double top = 0;     // of the plot
  double height = 0;  // of the picture
};

void fit_scales(const LineChart& chart, Frame& frame) {
  double x_low = HUGE_VAL, x_high = -HUGE_VAL, y_low = HUGE_VAL, y_high = 0;
  for (const Series& series : chart.series) {
    for (const auto& [x, y] : series.points) {
      x_low = std::min(x_low, x);
      x_high = std::max(x_high, x);
      if (y > 0) y_low = std::min(y_low, y);
      y_high = std::max(y_high, y);
    }
  }
  if (x_high <= x_low) x_high = x_low + 1;
  if (y_high <= 0) y_high = 1;
  if (y_low > y_high) y_low = y_high;
  frame.x = {x_low, x_high, false, left, width - right};
  frame.y = {0, y_high * 1.05, chart.is_log, frame.top + plot_height, frame.top};
  if (!chart.is_log) return;
  frame.y.low = std::pow(10, std::floor(std::log10(y_low)));
  frame.y.high = std::pow(10, std::ceil(std::log10(y_high)));
  if (frame.y.high <= frame.y.low) frame.y.high = frame.y.low * 10;
}

std::string grid_text(const LineChart& chart, const Frame& frame) {
  std::string svg;
  for (const double tick : ticks_of(frame.y, 5)) {
    const double y = frame.y.at(tick);
    svg +=
        fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", left, y, width - right);
    svg +=
        fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                    left - 6, y + 4, escape_html(quantity_text(chart.quantity, tick)));
  }
  const double base = frame.top + plot_height;
  for (const double tick : ticks_of(frame.x, 8)) {
    const double x = frame.x.at(tick);
    std::string text = quantity_text(Quantity::count, tick);
    if (chart.is_percentiles)
      text = tick == 0 ? "0 %" : fmt::format("{:.6g} %", 100 - 100 * std::pow(10, -tick));
    if (chart.is_percentiles && tick != std::floor(tick)) continue;
    svg += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", x, frame.top, base);
    svg += fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}"
        "</text>",
        x, base + 16, text);
  }
  return svg + fmt::format(
                   "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}"
                   "</text>",
                   (left + width - right) / 2, base + 34, escape_html(chart.x_label));
}

std::string marks_text(const LineChart& chart, const Frame& frame) {
  std::string svg;
  for (const Mark& mark : chart.marks) {
    if (mark.x < frame.x.low || mark.x > frame.x.high) continue;
    const double x = frame.x.at(mark.x);
    svg += fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}v{:.1f}\"/>", x, frame.top,
                       plot_height);
    svg += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + 4,
                       frame.top + 12, escape_html(mark.name));
  }
  return svg;
}

std::string lines_text(const LineChart& chart, const Frame& frame) {
  std::string svg;
  for (size_t index = 0; index < chart.series.size(); ++index) {
    std::string path;
    for (const auto& [x, y] : chart.series[index].points) {
      if (chart.is_log && y <= 0) continue;
      path +=
          fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", frame.x.at(x), frame.y.at(y));
    }
    svg += fmt::format("<path class=\"line c{}\" d=\"{}\"/>", index % colour_count, path);
  }
  return svg;
}

std::string legend_text(const LineChart& chart) {
  std::string svg;
  const double column_width = (width - left) / legend_columns;
  for (size_t index = 0; index < chart.series.size(); ++index) {
    const double x = left + column_width * static_cast<double>(index % legend_columns);
    const double y =
        title_height + legend_line_height * static_cast<double>(index / legend_columns);
    svg += fmt::format("<path class=\"line c{}\" d=\"M{:.1f} {:.1f}h18\"/>", index % colour_count,
                       x, y + 6);
    svg += fmt::format("<text class=\"legend\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + 24, y + 10,
                       escape_html(chart.series[index].name));
  }
  return svg;
}

}  // namespace

std::string draw_lines(const LineChart& original) {
  LineChart chart = original;
  std::erase_if(chart.series, [](const Series& series) { return series.points.size() < 2; });
  if (chart.series.empty()) return {};
  for (Series& series : chart.series) {
    for (auto& point : series.points) {
      if (chart.is_percentiles) point.first = percentile_place(point.first);
    }
  }
  Frame frame;
  const size_t legend_lines = (chart.series.size() + legend_columns - 1) / legend_columns;
  frame.top = title_height + legend_line_height * static_cast<double>(legend_lines) + 8;
  frame.height = frame.top + plot_height + bottom;
  fit_scales(chart, frame);
  return fmt::format(
             "<svg class=\"chart\" role=\"img\" aria-label=\"{0}\" viewBox=\"0 0 {1} {2:.0f}\" "
             "width=\"{1}\" height=\"{2:.0f}\" xmlns=\"http://www.w3.org/2000/svg\">"
             "<title>{0}</title><text class=\"title\" x=\"{3}\" y=\"16\">{0}</text>",
             escape_html(chart.title), width, frame.height, left) +
         legend_text(chart) + grid_text(chart, frame) + marks_text(chart, frame) +
         lines_text(chart, frame) + "</svg>\n";
}

}  // namespace lepus::perf
