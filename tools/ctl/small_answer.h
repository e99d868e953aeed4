// Answers that are shown in a way of their own: a table that brings its columns, one message of
// those that came as rows, a value.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// Rows whose columns are known at the end.
class SmallTable {
 public:
  void row(simdjson::dom::array cells) { rows_.push_back(simdjson::minify(cells)); }
  /// `result`: {"columns":["a","b"]}. False: it is none.
  bool print(const Invocation& invocation, simdjson::dom::object result) const;

 private:
  std::vector<std::string> rows_;  ///< As JSON.
};

/// As the formatter wants it: the text, or a JSON string.
void print_value(const Invocation& invocation, std::string_view value);

/// Keeps the last row that came.
class PeekedMessage {
 public:
  void row(simdjson::dom::array cells);
  /// How many came.
  std::uint64_t count() const { return count_; }
  /// Keys and values below each other; in JSON and CSV one row with all columns.
  void print(const Invocation& invocation, const std::vector<std::string>& columns) const;

 private:
  std::uint64_t count_ = 0;
  std::string last_;  ///< As JSON.
};

}  // namespace lepus::ctl
