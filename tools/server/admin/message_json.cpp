// One table says what properties there are. See message_json.h.
#include "tools/server/admin/message_json.h"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/limits.h"
#include "tools/server/definitions/definitions_table.h"

namespace lepus::server {

namespace dom = simdjson::dom;
using core::PropertiesView;
using core::Property;

namespace {

struct TextProperty {
  std::string_view name;
  Property property;
  std::string_view PropertiesView::*value;
};
constexpr std::array text_properties{
    TextProperty{"content_type", Property::content_type, &PropertiesView::content_type},
    TextProperty{"content_encoding", Property::content_encoding, &PropertiesView::content_encoding},
    TextProperty{"correlation_id", Property::correlation_id, &PropertiesView::correlation_id},
    TextProperty{"reply_to", Property::reply_to, &PropertiesView::reply_to},
    TextProperty{"expiration", Property::expiration, &PropertiesView::expiration},
    TextProperty{"message_id", Property::message_id, &PropertiesView::message_id},
    TextProperty{"type", Property::type, &PropertiesView::type},
    TextProperty{"user_id", Property::user_id, &PropertiesView::user_id},
    TextProperty{"app_id", Property::app_id, &PropertiesView::app_id},
    TextProperty{"cluster_id", Property::cluster_id, &PropertiesView::cluster_id},
};

bool is_base64_letter(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '+' || letter == '/';
}

}  // namespace

std::string encode_base64(core::Bytes bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // It ends with a zero.
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  CHECK(size >= 0 && static_cast<std::size_t>(size) < text.size());
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// libcrypto forgives blanks and padding in wrong places: these are checked here.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty()) return std::string{};
  if (text.size() % 4 != 0 || text.size() > INT32_MAX) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view letters = text.substr(0, text.size() - padding);
  if (!std::all_of(letters.begin(), letters.end(), is_base64_letter)) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  CHECK(static_cast<std::size_t>(size) == out.size());
  out.resize(out.size() - padding);
  return out;
}

// --- Out

void write_properties(const PropertiesView& view, JsonWriter& json) {
  for (const TextProperty& property : text_properties)
    if (view.has(property.property)) json.field(property.name, view.*property.value);
  if (view.has(Property::delivery_mode)) json.field("delivery_mode", view.delivery_mode);
  if (view.has(Property::priority)) json.field("priority", view.priority);
  if (view.has(Property::timestamp)) json.field("timestamp", view.timestamp_s);
}

namespace {

/// Recursive: field tables bound how deep they nest.
void write_plain_value(const core::FieldValue& value, JsonWriter& json) {
  if (value.is_table()) return write_plain_table(value.table(), json);
  if (value.is_array()) {
    json.begin_array();
    for (const core::FieldValue& field_value : value.array()) write_plain_value(field_value, json);
    return json.end_array();
  }
  if (value.is_string() || value.is_binary()) return json.text(value.text());
  if (value.is_bool()) return json.boolean(value.as_bool());
  if (value.is_integer()) return json.number(value.as_int64());
  if (value.is_timestamp()) return json.number(value.as_timestamp_s());
  if (value.is_floating()) return json.number(value.as_double());
  if (!value.is_decimal()) return json.raw("null");
  const core::FieldValue::Decimal decimal = value.as_decimal();
  json.number(decimal.unscaled / std::pow(10.0, decimal.scale));
}

}  // namespace

void write_plain_table(const core::FieldTable& table, JsonWriter& json) {
  json.begin_object();
  for (const core::FieldEntry& entry : table) {
    json.key(entry.name);
    write_plain_value(entry.value, json);
  }
  json.end_object();
}

// --- In

namespace {

/// Reads the properties of one object into a view, which points into it and into `headers`.
class PropertiesReader {
 public:
  /// Empty, or what is wrong.
  std::string read(std::string_view name, dom::element value);
  const PropertiesView& view() const { return view_; }

 private:
  std::string read_number(std::string_view name, dom::element value, std::uint64_t max,
                          std::uint64_t& out) const;

  PropertiesView view_;
  std::string headers_;
};

std::string PropertiesReader::read_number(std::string_view name, dom::element value,
                                          std::uint64_t max, std::uint64_t& out) const {
  if (value.get(out) == simdjson::SUCCESS && out <= max) return {};
  return fmt::format("properties.{}: expected a whole number from 0 to {}", name, max);
}

std::string PropertiesReader::read(std::string_view name, dom::element value) {
  for (const TextProperty& property : text_properties) {
    if (name != property.name) continue;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS || text.size() > core::limits::name_size_max)
      return fmt::format("properties.{}: expected a text of at most {} bytes", name,
                         core::limits::name_size_max);
    view_.*property.value = text;
    view_.set(property.property);
    return {};
  }
  std::uint64_t number = 0;
  std::string error;
  if (name == "headers") {
    error = read_table(value, "properties.headers", headers_);
    view_.headers = core::as_bytes(headers_);
    view_.set(Property::headers);
  } else if (name == "delivery_mode") {
    error = read_number(name, value, 2, number);
    if (error.empty() && number == 0) error = "properties.delivery_mode: expected 1 or 2";
    view_.delivery_mode = static_cast<std::uint8_t>(number);
    view_.set(Property::delivery_mode);
  } else if (name == "priority") {
    error = read_number(name, value, 255, number);
    view_.priority = static_cast<std::uint8_t>(number);
    view_.set(Property::priority);
  } else if (name == "timestamp") {
    error = read_number(name, value, INT64_MAX, number);
    view_.timestamp_s = number;
    view_.set(Property::timestamp);
  } else {
    error = fmt::format("properties.{}: there is no such property", name);
  }
  return error;
}

}  // namespace

std::string read_properties(const PropertiesText& text, std::string& encoded) {
  PropertiesReader reader;
  dom::parser parser;
  dom::object object;
  if (parser.parse(text.json).get(object) != simdjson::SUCCESS)
    return "properties: expected a JSON object like {\"delivery_mode\": 2}";
  for (const auto [name, value] : object)
    if (std::string error = reader.read(name, value); !error.empty()) return error;
  dom::parser headers_parser;  // What the first one read is still in use.
  dom::element headers;
  if (!text.headers.empty()) {
    if (headers_parser.parse(text.headers).get(headers) != simdjson::SUCCESS)
      return "headers: expected a JSON object like {\"a\": 1}";
    if (std::string error = reader.read("headers", headers); !error.empty()) return error;
  }
  encoded = core::as_text(core::encode_properties(reader.view()));
  return {};
}

}  // namespace lepus::server
