// The first eight bytes of a connection.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"

namespace lepus::amqp {

constexpr std::size_t protocol_header_size = 8;
using ProtocolHeader = std::array<std::uint8_t, protocol_header_size>;
/// What the server speaks.
constexpr ProtocolHeader protocol_header{'A', 'M', 'Q', 'P', 0, 0, 9, 1};

/// 0-9-1, and what clients of 0-9 and 0-8 send; they get along with 0-9-1 as far as they go
/// (RabbitMQ's rule).
bool is_accepted_header(core::Bytes header);

/// What a refused header seems to be and what to do about it, for the log.
std::string describe_foreign_header(core::Bytes header);

}  // namespace lepus::amqp
