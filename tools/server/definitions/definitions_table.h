// Arguments between JSON and field tables. JSON knows fewer types than AMQP: numbers come in as
// RabbitMQ reads them (whole ones as 64 bit integers, others as doubles), and a timestamp goes out
// as a number.
#pragma once

#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/message/field_table.h"

namespace lepus::server {

/// Turns a JSON object into the inside of a field table. Empty, or what is wrong where:
/// "arguments.x-max-length: ...".
[[nodiscard]] std::string read_table(simdjson::dom::element json, std::string_view path,
                                     std::string& table);

/// The other way. Empty, or what JSON cannot hold.
[[nodiscard]] std::string write_table(const core::FieldTable& table, nlohmann::ordered_json& json);

}  // namespace lepus::server
