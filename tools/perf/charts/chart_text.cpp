// How numbers and names are written in charts.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "tools/perf/charts/chart.h"

namespace lepus::perf {

namespace {

std::string three_digits(double value) {
  if (value == 0) return "0";
  if (std::abs(value) >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string scaled_text(double value, double step, const std::array<const char*, 5>& units) {
  size_t unit = 0;
  while (std::abs(value) >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return three_digits(value) + units[unit];
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        // XML has no place for other control characters, not even escaped.
        escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return escaped;
}

std::string quantity_text(Quantity quantity, double value) {
  switch (quantity) {
    case Quantity::count:
      return scaled_text(value, 1000, {"", "k", "M", "G", "T"});
    case Quantity::microseconds:
      if (std::abs(value) < 1000) return three_digits(value) + " µs";
      if (std::abs(value) < 1e6) return three_digits(value / 1e3) + " ms";
      return three_digits(value / 1e6) + " s";
    case Quantity::kibibytes:
      return scaled_text(value, 1024, {" KiB", " MiB", " GiB", " TiB", " PiB"});
  }
  return {};
}

}  // namespace lepus::perf
