// See top_frame.h.
#include "tools/ctl/top_frame.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace lepus::ctl {

namespace {

constexpr std::size_t name_width_max = 40;
constexpr std::size_t cell_width_max = 20;

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

bool is_less(const std::string& left, const std::string& right) {
  const auto first = number_of(left);
  const auto second = number_of(right);
  if (first && second) return *first < *second;
  if (first.has_value() != second.has_value()) return second.has_value();
  return left < right;
}

/// Characters of UTF-8 are not cut in the middle.
std::string cut(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  std::size_t size = width;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

std::vector<std::size_t> widths_of(const TopRows& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < rows.columns.size(); ++column) {
    std::size_t width = rows.columns[column].size() + 1;
    for (const auto& row : rows.cells) width = std::max(width, row[column].size());
    widths.push_back(std::min(width, column == 0 ? name_width_max : cell_width_max));
  }
  return widths;
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const std::string cell = cut(cells[column], widths[column]);
    line += column == 0 ? fmt::format("{:<{}}", cell, widths[column])
                        : fmt::format("  {:>{}}", cell, widths[column]);
  }
  return line;
}

std::string details(const TopRows& rows, std::size_t selected) {
  std::string text;
  for (std::size_t column = 0; column < rows.columns.size(); ++column)
    text += fmt::format("{:<32} {}\n", rows.columns[column], rows.cells[selected][column]);
  return text;
}

}  // namespace

void arrange(TopRows& rows, const TopChoice& choice) {
  std::erase_if(rows.cells, [&](const std::vector<std::string>& row) {
    return row.size() != rows.columns.size() || row[0].find(choice.filter) == std::string::npos;
  });
  const std::size_t column = std::min(choice.sort_column, rows.columns.size() - 1);
  std::stable_sort(rows.cells.begin(), rows.cells.end(), [&](const auto& left, const auto& right) {
    return choice.is_ascending ? is_less(left[column], right[column])
                               : is_less(right[column], left[column]);
  });
}

std::string frame_of(const TopRows& rows, TopChoice& choice, const TopSize& size,
                     bool is_terminal) {
  if (rows.cells.empty()) return "nothing to show\n";
  choice.selected = std::min(choice.selected, rows.cells.size() - 1);
  if (choice.is_detailed) return details(rows, choice.selected);
  const std::vector<std::size_t> widths = widths_of(rows);
  std::vector<std::string> heads = rows.columns;
  heads[std::min(choice.sort_column, heads.size() - 1)] += choice.is_ascending ? "+" : "-";
  std::string text = cut(line_of(heads, widths), size.columns) + "\n";
  const std::size_t room = size.rows > 1 ? size.rows - 1 : 1;
  const std::size_t first = choice.selected < room ? 0 : choice.selected - room + 1;
  for (std::size_t i = first; i < std::min(rows.cells.size(), first + room); ++i) {
    const std::string line = cut(line_of(rows.cells[i], widths), size.columns);
    const bool is_marked = is_terminal && i == choice.selected;
    text += is_marked ? "\x1b[7m" + line + "\x1b[0m\n" : line + "\n";
  }
  return text;
}

}  // namespace lepus::ctl
