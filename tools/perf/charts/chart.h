// Charts as SVG, drawn by this program: lines over time, latencies by percentile, bars. Colours are
// variables of the style sheet around it, so that a page has them light and dark; nothing refers to
// anything outside. All text is escaped.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lepus::perf {

// Safe as text and as an attribute of HTML and SVG.
std::string escape_html(std::string_view text);

// How a number is written: as it is, with k, M, G; or as a time given in microseconds.
enum class Quantity : uint8_t { count, microseconds, kibibytes };
std::string quantity_text(Quantity quantity, double value);

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // in rising order of x
};
struct Mark {
  double x = 0;
  std::string name;
};
struct LineChart {
  std::string title;
  std::string x_label;
  Quantity quantity = Quantity::count;
  bool is_log = false;          // the y axis
  bool is_percentiles = false;  // x is a fraction below 1, drawn so that each 9 takes the same room
  std::vector<Series> series;
  std::vector<Mark> marks;  // vertical lines
};
// Empty when no series has two points.
std::string draw_lines(const LineChart& chart);

struct Bar {
  double value = 0;
  double low = 0;  // ends of the whisker; low == high: none
  double high = 0;
};
struct BarGroup {
  std::string name;
  std::vector<Bar> bars;  // one for each series; 0 = nothing to show
};
struct BarChart {
  std::string title;
  Quantity quantity = Quantity::count;
  bool is_log = false;
  std::vector<std::string> series;
  std::vector<BarGroup> groups;
};
std::string draw_bars(const BarChart& chart);

// The rules that charts need, colours of both schemes included.
std::string_view chart_style();
// Several charts, one below the other, as a picture that stands alone.
std::string stack_charts(const std::vector<std::string>& charts);

}  // namespace lepus::perf
