// See table.h.
#include "tools/ctl/table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

std::string number_text(dom::element value) { return simdjson::minify(value); }

/// The list inside of {"table": [...]}.
bool is_table(dom::element cell, dom::array& entries) {
  dom::object object;
  return cell.get(object) == simdjson::SUCCESS && object["table"].get(entries) == simdjson::SUCCESS;
}

std::string term(std::string_view type, dom::element value);

/// Each entry ends with its type and its value; `with_name`: a name stands before them.
std::string terms(dom::array entries, bool with_name) {
  std::string text = "[";
  for (const dom::element entry : entries) {
    dom::array parts;
    std::string_view name;
    std::string_view type;
    dom::element value;
    const std::size_t first = with_name ? 1 : 0;
    if (entry.get(parts) != simdjson::SUCCESS) continue;
    if (parts.at(first).get(type) != simdjson::SUCCESS) continue;
    if (parts.at(first + 1).get(value) != simdjson::SUCCESS) continue;
    if (text.size() > 1) text += ',';
    if (with_name && parts.at(0).get(name) == simdjson::SUCCESS) {
      text += fmt::format("{{\"{}\",{}}}", escape_controls(name), term(type, value));
    } else {
      text += term(type, value);
    }
  }
  return text + "]";
}

std::string term(std::string_view type, dom::element value) {
  std::string_view text;
  dom::array list;
  if (value.get(text) == simdjson::SUCCESS) return fmt::format("\"{}\"", escape_controls(text));
  if (value.get(list) == simdjson::SUCCESS) return terms(list, type == "table");
  if (value.is_null()) return "undefined";
  return number_text(value);
}

std::string quote_csv(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) out += letter == '"' ? "\"\"" : std::string(1, letter);
  return out + "\"";
}

/// Characters of UTF-8 text, for the width of a column.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char letter) {
    return (static_cast<unsigned char>(letter) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\t') {
      out += "\\t";
    } else if (letter == '\n') {
      out += "\\n";
    } else if (letter == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += letter;
    }
  }
  return out;
}

std::string cell_text(dom::element cell) {
  std::string_view text;
  if (cell.get(text) == simdjson::SUCCESS) return std::string{text};
  dom::array list;
  if (is_table(cell, list)) return terms(list, true);
  if (cell.get(list) != simdjson::SUCCESS) return cell.is_null() ? "" : number_text(cell);
  std::string out = "[";
  for (const dom::element element : list) out += (out.size() > 1 ? ", " : "") + cell_text(element);
  return out + "]";
}

std::string cell_json(dom::element cell) {
  dom::array entries;
  return is_table(cell, entries) ? simdjson::minify(entries) : std::string{simdjson::minify(cell)};
}

RowPrinter::RowPrinter(const Form& form, std::vector<std::string> columns, std::FILE* out)
    : form_(form), columns_(std::move(columns)), out_(out) {}

void RowPrinter::row(dom::array cells) {
  std::vector<std::string> texts;
  std::string line;
  std::size_t index = 0;
  for (const dom::element cell : cells) {
    const std::string_view name = index < columns_.size() ? columns_[index] : std::string_view{};
    const std::string_view comma = index++ > 0 ? "," : "";
    if (form_.formatter == Formatter::json) {
      line += fmt::format("{}\"{}\":{}", comma, name, cell_json(cell));
    } else if (form_.formatter == Formatter::csv) {
      line += fmt::format("{}{}", comma, quote_csv(cell_text(cell)));
    } else {
      texts.push_back(escape_controls(cell_text(cell)));
    }
  }
  const bool is_first = std::exchange(is_first_, false);
  switch (form_.formatter) {
    case Formatter::json:
      return fmt::print(out_, "{}{{{}}}\n", is_first ? "[\n" : ",", line);
    case Formatter::csv:
      if (is_first && form_.has_headers) fmt::print(out_, "\"{}\"\n", fmt::join(columns_, "\",\""));
      return fmt::print(out_, "{}\n", line);
    case Formatter::table:
      if (is_first && form_.has_headers) fmt::print(out_, "{}\n", fmt::join(columns_, "\t"));
      return fmt::print(out_, "{}\n", fmt::join(texts, "\t"));
    case Formatter::pretty_table:
      kept_.push_back(std::move(texts));
      return;
  }
}

void RowPrinter::end() {
  if (form_.formatter == Formatter::json) fmt::print(out_, "{}]\n", is_first_ ? "[\n" : "");
  if (form_.formatter == Formatter::pretty_table && !kept_.empty()) print_pretty();
}

void RowPrinter::print_pretty() const {
  std::vector<std::vector<std::string>> lines;
  if (form_.has_headers) lines.push_back(columns_);
  lines.insert(lines.end(), kept_.begin(), kept_.end());
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < widths.size() && i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  const auto rule = [&](std::string_view left, std::string_view middle, std::string_view right) {
    std::string text{left};
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) text += middle;
      for (std::size_t n = 0; n < widths[i] + 2; ++n) text += "─";
    }
    fmt::print(out_, "{}{}\n", text, right);
  };
  rule("┌", "┬", "┐");
  for (std::size_t n = 0; n < lines.size(); ++n) {
    if (n > 0) rule("├", "┼", "┤");
    std::string text;
    for (std::size_t i = 0; i < widths.size(); ++i)
      text +=
          fmt::format("│ {}{} ", lines[n][i], std::string(widths[i] - width_of(lines[n][i]), ' '));
    fmt::print(out_, "{}│\n", text);
  }
  rule("└", "┴", "┘");
}

}  // namespace lepus::ctl
