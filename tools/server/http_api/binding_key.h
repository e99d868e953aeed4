// How the HTTP API names one binding among those of two ends: "properties_key", RabbitMQ's.
//
//   "~"            no routing key, no arguments
//   "a%2Fb"        the key, quoted
//   "a~WW7G-Q"     the key, and a hash of the arguments: Erlang's phash2 of the table, so that
//                  names that somebody kept from a RabbitMQ are good here
#pragma once

#include <string>
#include <string_view>

#include "core/message/field_table.h"

namespace lepus::server {

/// `arguments`: inside of a field table, in any order.
std::string binding_properties_key(std::string_view key, std::string_view arguments);

/// The six letters behind the "~".
std::string hash_arguments(const core::FieldTable& arguments);

}  // namespace lepus::server
