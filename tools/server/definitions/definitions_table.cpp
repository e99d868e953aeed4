// Both directions walk the values recursively; depth is bounded by field tables themselves.
#include "tools/server/definitions/definitions_table.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>

#include "core/base/utf8.h"
#include "core/limits.h"
#include "core/message/field_table_writer.h"

namespace lepus::server {

namespace {

using Json = nlohmann::ordered_json;
using simdjson::dom::element_type;

/// What type() says it is.
template <class Kind>
Kind as(simdjson::dom::element value) {
  Kind out{};
  CHECK(value.get(out) == simdjson::SUCCESS);
  return out;
}

/// JSON into a table.
class TableReader {
 public:
  std::string read(simdjson::dom::object object, std::string_view path);
  std::string take() { return table_.take(); }

 private:
  struct Place {
    std::string_view name;  ///< Empty in an array.
    std::string path;
    std::uint32_t depth;
  };
  std::string read_object(simdjson::dom::object object, const Place& place);
  std::string read_value(simdjson::dom::element value, const Place& place);
  std::string read_nested(simdjson::dom::element value, const Place& place);
  void put_double(std::string_view name, double value);

  core::FieldTableWriter table_;
};

std::string TableReader::read(simdjson::dom::object object, std::string_view path) {
  return read_object(object, {{}, std::string{path}, 1});
}

std::string TableReader::read_object(simdjson::dom::object object, const Place& place) {
  for (const auto [key, value] : object) {
    if (key.size() > core::limits::name_size_max)
      return fmt::format("{}: a name has {} bytes, at most 255 are possible", place.path,
                         key.size());
    std::string error =
        read_value(value, {key, fmt::format("{}.{}", place.path, key), place.depth});
    if (!error.empty()) return error;
  }
  return {};
}

std::string TableReader::read_value(simdjson::dom::element value, const Place& place) {
  switch (value.type()) {
    case element_type::STRING:
      table_.text(place.name, as<std::string_view>(value));
      return {};
    case element_type::INT64:
      table_.int64(place.name, as<std::int64_t>(value));
      return {};
    case element_type::UINT64:
      return fmt::format("{}: the number is above {}", place.path, INT64_MAX);
    case element_type::DOUBLE:
      put_double(place.name, as<double>(value));
      return {};
    case element_type::BOOL:
      table_.boolean(place.name, as<bool>(value));
      return {};
    case element_type::NULL_VALUE:
      table_.nothing(place.name);
      return {};
    case element_type::ARRAY:
    case element_type::OBJECT:
      return read_nested(value, place);
  }
  return place.path + ": a value of an unknown kind";
}

std::string TableReader::read_nested(simdjson::dom::element value, const Place& place) {
  if (place.depth >= core::limits::field_table_depth_max)
    return fmt::format("{}: nested deeper than {}", place.path,
                       core::limits::field_table_depth_max);
  std::string error;
  if (value.is_object()) {
    table_.begin_table(place.name);
    error = read_object(as<simdjson::dom::object>(value), {{}, place.path, place.depth + 1});
  } else {
    table_.begin_array(place.name);
    std::size_t index = 0;
    const auto list = as<simdjson::dom::array>(value);
    for (const simdjson::dom::element element : list) {
      error =
          read_value(element, {{}, fmt::format("{}[{}]", place.path, index++), place.depth + 1});
      if (!error.empty()) break;
    }
  }
  table_.end();
  return error;
}

void TableReader::put_double(std::string_view name, double value) {
  std::array<std::uint8_t, 8> bytes{};
  core::store_u64(bytes.data(), std::bit_cast<std::uint64_t>(value));
  table_.value(name, core::FieldValue{'d', core::Bytes{bytes}});
}

// ---- A table into JSON
// ---------------------------------------------------------------------------

std::string write_value(const core::FieldValue& value, Json& json);

std::string write_text(std::string_view text, Json& json) {
  if (!core::is_utf8(text)) return ": its bytes are no UTF-8 text, JSON cannot hold them";
  json = text;
  return {};
}

std::string write_number(double value, Json& json) {
  if (!std::isfinite(value)) return ": JSON cannot hold a number that is not finite";
  json = value;
  return {};
}

std::string write_array(const core::FieldArray& array, Json& json) {
  json = Json::array();
  for (const core::FieldValue& value : array) {
    Json one;
    if (std::string error = write_value(value, one); !error.empty())
      return fmt::format("[{}]{}", json.size(), error);
    json.push_back(std::move(one));
  }
  return {};
}

std::string write_value(const core::FieldValue& value, Json& json) {
  if (value.is_table()) return write_table(value.table(), json);
  if (value.is_array()) return write_array(value.array(), json);
  if (value.is_string() || value.is_binary()) return write_text(value.text(), json);
  if (value.is_floating()) return write_number(value.as_double(), json);
  if (value.is_decimal()) {
    const core::FieldValue::Decimal decimal = value.as_decimal();
    return write_number(decimal.unscaled / std::pow(10.0, decimal.scale), json);
  }
  if (value.is_bool()) {
    json = value.as_bool();
  } else if (value.is_integer()) {
    json = value.as_int64();
  } else if (value.is_timestamp()) {
    json = value.as_timestamp_s();
  } else {
    json = nullptr;
  }
  return {};
}

}  // namespace

std::string read_table(simdjson::dom::element json, std::string_view path, std::string& table) {
  TableReader reader;
  simdjson::dom::object object;
  if (json.get(object) != simdjson::SUCCESS) {
    // Erlang's empty list: RabbitMQ writes it for a table without entries.
    simdjson::dom::array array;
    if (json.get(array) == simdjson::SUCCESS && array.size() == 0) {
      table.clear();
      return {};
    }
    return fmt::format("{}: expected an object like {{\"x-max-length\": 1000}}", path);
  }
  std::string error = reader.read(object, path);
  if (error.empty()) table = reader.take();
  return error;
}

std::string write_table(const core::FieldTable& table, Json& json) {
  json = Json::object();
  for (const core::FieldEntry& entry : table) {
    Json value;
    std::string error;
    if (!core::is_utf8(entry.name)) return ": a name in it is no UTF-8 text";
    error = write_value(entry.value, value);
    if (!error.empty()) return fmt::format(".{}{}", entry.name, error);
    json[std::string{entry.name}] = std::move(value);
  }
  return {};
}

}  // namespace lepus::server
