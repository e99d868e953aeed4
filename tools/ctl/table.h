// Rows on paper: rabbitmqctl's forms of output.
//
//   table         q1<TAB>3                   strings as they are, tables as Erlang terms
//   pretty_table  the same between lines
//   csv           "q1","3"
//   json          [ {"name":"q1","messages":3} ,{...} ]
//
// Control characters in names are escaped but in JSON and CSV, so that a name cannot move the
// cursor of a terminal or pass for two columns.
#pragma once

#include <simdjson.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// A cell as text: "q1", "3", "true", "[{\"x-max-length\",5}]".
std::string cell_text(simdjson::dom::element cell);
/// The same as JSON: tables as rabbitmqctl's lists of [name, type, value].
std::string cell_json(simdjson::dom::element cell);
std::string escape_controls(std::string_view text);

class RowPrinter {
 public:
  struct Form {
    Formatter formatter = Formatter::table;
    bool has_headers = true;
  };
  RowPrinter(const Form& form, std::vector<std::string> columns, std::FILE* out);

  void row(simdjson::dom::array cells);
  /// After the last row.
  void end();

 private:
  void print_pretty() const;

  Form form_;
  std::vector<std::string> columns_;
  std::FILE* out_;
  bool is_first_ = true;
  std::vector<std::vector<std::string>> kept_;  ///< For the pretty one: widths come first.
};

}  // namespace lepus::ctl
