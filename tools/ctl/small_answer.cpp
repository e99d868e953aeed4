// See small_answer.h.
#include "tools/ctl/small_answer.h"

#include <fmt/format.h>

#include "tools/ctl/table.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

bool SmallTable::print(const Invocation& invocation, dom::object result) const {
  dom::array names;
  if (result["columns"].get(names) != simdjson::SUCCESS) return false;
  std::vector<std::string> columns;
  for (const dom::element name : names) columns.push_back(cell_text(name));
  RowPrinter printer({invocation.formatter, invocation.has_headers}, columns, stdout);
  dom::parser parser;
  for (const std::string& row : rows_) {
    dom::array cells;
    if (parser.parse(row).get(cells) == simdjson::SUCCESS) printer.row(cells);
  }
  printer.end();
  return true;
}

void print_value(const Invocation& invocation, std::string_view value) {
  if (invocation.formatter != Formatter::json) return fmt::print("{}\n", value);
  server::JsonWriter json;
  json.text(value);
  fmt::print("{}\n", json.take());
}

void PeekedMessage::row(dom::array cells) {
  ++count_;
  last_ = simdjson::minify(cells);
}

void PeekedMessage::print(const Invocation& invocation,
                          const std::vector<std::string>& columns) const {
  dom::parser parser;
  dom::array cells;
  if (parser.parse(last_).get(cells) != simdjson::SUCCESS) return;
  const RowPrinter::Form form{invocation.formatter, invocation.has_headers};
  if (form.formatter == Formatter::json || form.formatter == Formatter::csv) {
    RowPrinter printer(form, columns, stdout);
    printer.row(cells);
    return printer.end();
  }
  RowPrinter printer(form, {"keys", "values"}, stdout);
  std::size_t index = 0;
  for (const dom::element cell : cells) {
    if (index == columns.size()) break;
    const std::string pair = fmt::format(
        "[{},{}]",
        [&] {
          server::JsonWriter json;
          json.text(columns[index++]);
          return json.take();
        }(),
        simdjson::minify(cell));
    dom::parser pair_parser;
    dom::array both;
    if (pair_parser.parse(pair).get(both) == simdjson::SUCCESS) printer.row(both);
  }
  printer.end();
}

}  // namespace lepus::ctl
