// See json_writer.h.
#include "tools/server/admin/json_writer.h"

#include <cmath>

#include "core/base/utf8.h"

namespace lepus::server {

namespace {

/// No letter of it has to be written otherwise. Without a branch for each letter: most texts are
/// plain, and lists have millions.
bool is_plain(std::string_view value) {
  unsigned others = 0;
  for (const char letter : value) {
    const auto byte = static_cast<unsigned char>(letter);
    others |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte >= 0x80) |
              static_cast<unsigned>(byte == '"') | static_cast<unsigned>(byte == '\\');
  }
  return others == 0;
}

}  // namespace

void JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  wants_comma_ = false;
}

void JsonWriter::close(char bracket) {
  out_ += bracket;
  wants_comma_ = true;
}

void JsonWriter::key(std::string_view name, std::string_view suffix) {
  separate();
  quote(name, suffix);
  out_ += ':';
  wants_comma_ = false;
}

void JsonWriter::text(std::string_view value) {
  separate();
  quote(value);
  wants_comma_ = true;
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return text(value > 0 ? "infinity" : value < 0 ? "-infinity" : "nan");
  constexpr double exact_max = 1e15;
  if (std::abs(value) < exact_max && value == std::trunc(value))
    return number(static_cast<std::int64_t>(value));
  raw(fmt::format("{}", value));
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  wants_comma_ = true;
}

void JsonWriter::field(std::string_view name, std::string_view value) {
  key(name);
  text(value);
}

void JsonWriter::quote(std::string_view value, std::string_view suffix) {
  out_ += '"';
  if (is_plain(value))
    out_ += value;
  else
    write_escaped(value);
  out_ += suffix;
  out_ += '"';
}

void JsonWriter::write_escaped(std::string_view value) {
  const bool is_text = core::is_utf8(value);
  for (const char letter : value) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out_ += '\\';
      out_ += letter;
    } else if (byte < 0x20) {
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", byte);
    } else if (byte >= 0x80 && !is_text) {
      out_ += "\\ufffd";
    } else {
      out_ += letter;
    }
  }
}

namespace {

void write_entries(const core::FieldTable& table, JsonWriter& json);

void write_value(const core::FieldValue& value, JsonWriter& json) {
  if (value.is_table()) {
    write_entries(value.table(), json);
  } else if (value.is_array()) {
    json.begin_array();
    for (const core::FieldValue& field_value : value.array()) {
      json.begin_array();
      json.text(field_value.type_name());
      write_value(field_value, json);
      json.end_array();
    }
    json.end_array();
  } else if (value.is_bool()) {
    json.boolean(value.as_bool());
  } else if (value.is_integer()) {
    json.number(value.as_int64());
  } else if (value.is_timestamp()) {
    json.number(value.as_timestamp_s());
  } else if (value.is_floating()) {
    json.number(value.as_double());
  } else if (value.is_decimal()) {
    const core::FieldValue::Decimal decimal = value.as_decimal();
    json.number(decimal.unscaled / std::pow(10.0, decimal.scale));
  } else if (value.is_string() || value.is_binary()) {
    json.text(value.text());
  } else {
    json.raw("null");
  }
}

void write_entries(const core::FieldTable& table, JsonWriter& json) {
  json.begin_array();
  for (const core::FieldEntry& entry : table) {
    json.begin_array();
    json.text(entry.name);
    json.text(entry.value.type_name());
    write_value(entry.value, json);
    json.end_array();
  }
  json.end_array();
}

}  // namespace

void write_field_table(const core::FieldTable& table, JsonWriter& json) {
  json.begin_object();
  json.key("table");
  write_entries(table, json);
  json.end_object();
}

}  // namespace lepus::server
