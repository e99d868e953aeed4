// What RabbitMQ checks in the properties of a published message, with its error texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/message/properties.h"

namespace lepus::core {

/// delivery-mode, user-id, expiration. 406 or nothing.
std::optional<AmqpError> check_properties(const PropertiesView& view, std::string_view user);

/// Milliseconds of the expiration property: a decimal string up to 4294967295 (RabbitMQ's limit).
Result<std::uint64_t> parse_expiration(std::string_view text);

/// Appends the routing keys of the CC and BCC headers. 406 when one is not an array of longstr.
std::optional<AmqpError> read_cc_keys(const PropertiesView& view, std::vector<std::string>& keys);

/// The same properties without the BCC header, encoded.
bool has_bcc(const PropertiesView& view);
std::vector<std::uint8_t> without_bcc(const PropertiesView& view);

}  // namespace lepus::core
