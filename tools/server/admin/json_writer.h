// Writes JSON text, one value after the other; commas come by themselves.
//
//   json.begin_object(); json.key("name"); json.text("q"); json.end_object();
//
// Bytes of names and arguments that are no UTF-8 become U+FFFD: a listing must not fail because of
// one strange name.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/message/field_table.h"

namespace lepus::server {

class JsonWriter {
 public:
  JsonWriter() = default;
  /// Goes on with a list or an object: `has_values` of which are written already.
  static JsonWriter continuing(bool has_values) {
    JsonWriter json;
    json.wants_comma_ = has_values;
    return json;
  }

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name) { key(name, {}); }
  /// Of two parts; the second has no letter that is written otherwise between quotes.
  void key(std::string_view name, std::string_view suffix);
  void text(std::string_view value);
  void number(std::integral auto value) {
    const fmt::format_int digits(value);
    raw({digits.data(), digits.size()});
  }
  void number(double value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  /// A value that is JSON already.
  void raw(std::string_view json);

  // key() and its value.
  void field(std::string_view name, std::string_view value);
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, std::same_as<bool> auto value) {
    key(name);
    boolean(value);
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void field(std::string_view name, T value) {
    key(name);
    number(value);
  }

  std::size_t size() const { return out_.size(); }
  std::string take() {
    wants_comma_ = false;
    return std::exchange(out_, {});
  }

 private:
  void separate() {
    if (wants_comma_) out_ += ',';
  }
  void open(char bracket);
  void close(char bracket);
  void quote(std::string_view value, std::string_view suffix = {});
  void write_escaped(std::string_view value);

  std::string out_;
  bool wants_comma_ = false;
};

/// {"table": [["x-max-length", "signedint", 5], ...]}: name, type as RabbitMQ names it, value; the
/// values of an array are [type, value]. The wrapping tells it from a list of values.
void write_field_table(const core::FieldTable& table, JsonWriter& json);

}  // namespace lepus::server
