// Messages between JSON and AMQP, with the names of RabbitMQ's HTTP API.
//
//   {"delivery_mode":2,"content_type":"text/plain","headers":{"a":1}}   properties
//   "payload":"...","payload_encoding":"string" or "base64"
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/message/properties.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

std::string encode_base64(core::Bytes bytes);
/// Nothing when it is not base64, with its padding.
std::optional<std::string> decode_base64(std::string_view text);

/// Writes the fields of an object: each property that is set but the headers.
void write_properties(const core::PropertiesView& view, JsonWriter& json);
/// Writes an object: names and plain values. What JSON cannot hold is written as well as it can be.
void write_plain_table(const core::FieldTable& table, JsonWriter& json);

struct PropertiesText {
  std::string json;          ///< An object.
  std::string headers = {};  ///< An object that has the place of its headers; empty: none.
};
/// Turns it into encoded properties. Empty, or what is wrong with it.
[[nodiscard]] std::string read_properties(const PropertiesText& text, std::string& encoded);

}  // namespace lepus::server
