// A chart of bars, one below the other; and what all charts share: the style, and stacking.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/perf/charts/chart.h"

namespace lepus::perf {

namespace {

constexpr double picture_width = 720;
constexpr double name_width = 200;
constexpr double value_width = 84;
constexpr double bar_height = 14;
constexpr double group_gap = 10;
constexpr double head_height = 52;
constexpr size_t bar_colour_count = 8;

double bar_length(const BarChart& chart, double value, double low, double high) {
  const double room = picture_width - name_width - value_width;
  if (value <= 0 || high <= 0) return 0;
  if (!chart.is_log) return room * value / high;
  return room * std::max(0.02, std::log10(value / low) / std::log10(high / low));
}

std::string bar_legend(const BarChart& chart) {
  std::string svg;
  double x = name_width;
  for (size_t index = 0; index < chart.series.size(); ++index) {
    svg += fmt::format("<rect class=\"bar c{}\" x=\"{:.0f}\" y=\"28\" width=\"12\" height=\"12\"/>",
                       index % bar_colour_count, x);
    svg += fmt::format("<text class=\"legend\" x=\"{:.0f}\" y=\"38\">{}</text>", x + 18,
                       escape_html(chart.series[index]));
    x += 40 + 8 * static_cast<double>(chart.series[index].size());
  }
  return svg;
}

struct Extent {
  double low = 1;
  double high = 0;
};

Extent extent_of(const BarChart& chart) {
  Extent extent{HUGE_VAL, 0};
  for (const BarGroup& group : chart.groups) {
    for (const Bar& bar : group.bars) {
      extent.high = std::max({extent.high, bar.value, bar.high});
      if (bar.value > 0) extent.low = std::min(extent.low, bar.value);
    }
  }
  extent.low = std::pow(10, std::floor(std::log10(std::min(extent.low, extent.high)))) / 2;
  return extent;
}

std::string group_text(const BarChart& chart, const BarGroup& group, const Extent& extent,
                       double top) {
  std::string svg =
      fmt::format("<text class=\"tick\" x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                  name_width - 8, top + bar_height * static_cast<double>(group.bars.size()) / 2 + 4,
                  escape_html(group.name));
  for (size_t index = 0; index < group.bars.size(); ++index) {
    const Bar& bar = group.bars[index];
    const double y = top + bar_height * static_cast<double>(index);
    const auto length = [&](double value) {
      return bar_length(chart, value, extent.low, extent.high);
    };
    svg += fmt::format(
        "<rect class=\"bar c{}\" x=\"{:.0f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
        index % bar_colour_count, name_width, y, length(bar.value), bar_height - 2);
    if (bar.high > bar.low) {
      svg += fmt::format("<path class=\"whisker\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>",
                         name_width + length(bar.low), y + bar_height / 2 - 1,
                         name_width + length(bar.high));
    }
    const std::string text = bar.value > 0 ? quantity_text(chart.quantity, bar.value) : "failed";
    svg += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                       name_width + std::max(length(bar.value), length(bar.high)) + 6,
                       y + bar_height - 3, escape_html(text));
  }
  return svg;
}

}  // namespace

std::string draw_bars(const BarChart& chart) {
  const Extent extent = extent_of(chart);
  if (extent.high <= 0) return {};
  std::string body;
  double top = head_height;
  for (const BarGroup& group : chart.groups) {
    body += group_text(chart, group, extent, top);
    top += bar_height * static_cast<double>(group.bars.size()) + group_gap;
  }
  return fmt::format(
             "<svg class=\"chart\" role=\"img\" aria-label=\"{0}\" viewBox=\"0 0 {1} {2:.0f}\" "
             "width=\"{1}\" height=\"{2:.0f}\" xmlns=\"http://www.w3.org/2000/svg\">"
             "<title>{0}</title><text class=\"title\" x=\"8\" y=\"16\">{0}</text>",
             escape_html(chart.title), picture_width, top) +
         bar_legend(chart) + body + "</svg>\n";
}

std::string_view chart_style() {
  return R"(
:root, svg { --ink: #1d2430; --soft: #5b6675; --grid: #dde2e8; --paper: #ffffff;
  --c0: #1667c1; --c1: #d2571a; --c2: #1d8a4a; --c3: #8b3fb8; --c4: #b38300; --c5: #0f8c9c;
  --c6: #c02f63; --c7: #5d6b2f; }
@media (prefers-color-scheme: dark) {
  :root, svg { --ink: #e6eaf0; --soft: #9aa6b5; --grid: #333c48; --paper: #14181e;
    --c0: #6cb2ff; --c1: #ff9a5c; --c2: #5fd38d; --c3: #cf97f2; --c4: #e6bd4a; --c5: #58d0de;
    --c6: #ff83ac; --c7: #b7c774; } }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick, svg .legend { fill: var(--soft); font-size: 11px; }
svg .title { font-size: 14px; font-weight: 600; }
svg .grid { stroke: var(--grid); stroke-width: 1; fill: none; }
svg .mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg .line.c0 { stroke: var(--c0); } svg .bar.c0 { fill: var(--c0); }
svg .line.c1 { stroke: var(--c1); } svg .bar.c1 { fill: var(--c1); }
svg .line.c2 { stroke: var(--c2); } svg .bar.c2 { fill: var(--c2); }
svg .line.c3 { stroke: var(--c3); } svg .bar.c3 { fill: var(--c3); }
svg .line.c4 { stroke: var(--c4); } svg .bar.c4 { fill: var(--c4); }
svg .line.c5 { stroke: var(--c5); } svg .bar.c5 { fill: var(--c5); }
svg .line.c6 { stroke: var(--c6); } svg .bar.c6 { fill: var(--c6); }
svg .line.c7 { stroke: var(--c7); } svg .bar.c7 { fill: var(--c7); }
svg .paper { fill: var(--paper); }
)";
}

std::string stack_charts(const std::vector<std::string>& charts) {
  std::string body;
  double top = 8;
  for (const std::string& chart : charts) {
    // The height is the fourth number of the view box that the charts above begin with.
    const std::string_view mark = "viewBox=\"0 0 720 ";
    const size_t at = chart.find(mark);
    if (at == std::string::npos) continue;
    const double height = std::strtod(chart.c_str() + at + mark.size(), nullptr);
    body += fmt::format("<g transform=\"translate(0 {:.0f})\">{}</g>\n", top, chart);
    top += height + 12;
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1:.0f}\" "
      "width=\"{0}\" height=\"{1:.0f}\"><style>{2}</style>"
      "<rect class=\"paper\" width=\"{0}\" height=\"{1:.0f}\"/>\n{3}</svg>\n",
      picture_width, top, chart_style(), body);
}

}  // namespace lepus::perf
