// Long values are cut: an error text ends up in 255 bytes anyway.
#include "core/exchange/value_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lepus::core {

namespace {

constexpr std::size_t text_size_max = 256;
constexpr std::size_t byte_count_max = 64;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char letter) { return letter >= ' ' && letter <= '~'; });
}

std::string binary_text(std::string_view bytes) {
  if (!bytes.empty() && is_printable(bytes))
    return fmt::format("<<\"{}\">>", bytes.substr(0, text_size_max));
  std::string text = "<<";
  for (const char byte : bytes.substr(0, byte_count_max)) {
    if (text.size() > 2) text += ',';
    text += fmt::format("{}", static_cast<unsigned>(static_cast<std::uint8_t>(byte)));
  }
  return text + ">>";
}

}  // namespace

std::string erlang_text(const FieldValue& value) {
  if (value.is_string() || value.is_binary()) return binary_text(value.text());
  return bare_text(value);
}

std::string bare_text(const FieldValue& value) {
  if (value.is_string()) return std::string{value.text().substr(0, text_size_max)};
  if (value.is_binary()) return binary_text(value.text());
  if (value.is_integer()) return fmt::format("{}", value.as_int64());
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_floating()) return fmt::format("{}", value.as_double());
  if (value.is_timestamp()) return fmt::format("{}", value.as_timestamp_s());
  if (value.is_void()) return "undefined";
  return std::string{value.type_name()};
}

std::string received_but_current(const std::optional<FieldValue>& received,
                                 const std::optional<FieldValue>& current) {
  const bool both = received && current;
  const auto text = [both](const std::optional<FieldValue>& value) -> std::string {
    if (!value) return "none";
    if (both) return fmt::format("'{}'", bare_text(*value));
    return fmt::format("the value '{}' of type '{}'", bare_text(*value), value->type_name());
  };
  return fmt::format("received {} but current is {}", text(received), text(current));
}

}  // namespace lepus::core
