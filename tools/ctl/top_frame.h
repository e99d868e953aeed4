// One look of `top` as text: rows are filtered, sorted and cut to the terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::ctl {

struct TopRows {
  std::vector<std::string> columns;             ///< The first is a row's name.
  std::vector<std::vector<std::string>> cells;  ///< As many as columns in each.
};

struct TopChoice {
  std::size_t sort_column = 0;
  bool is_ascending = false;
  std::string filter;        ///< Of names; empty: all rows.
  std::size_t selected = 0;  ///< Of the rows that are shown; cut to what there is.
  bool is_detailed = false;  ///< The selected row alone, with all its columns.
};

struct TopSize {
  std::size_t columns;
  std::size_t rows;
};

/// Rows that the filter lets through, in order. Numbers are compared as numbers.
void arrange(TopRows& rows, const TopChoice& choice);
/// Of rows that are arranged. Lines end with "\n"; the selected one is inverted when `is_terminal`.
std::string frame_of(const TopRows& rows, TopChoice& choice, const TopSize& size, bool is_terminal);

}  // namespace lepus::ctl
