// The first eight bytes of a connection: who is there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace lepus::amqp {

constexpr std::size_t protocol_header_size = 8;
using ProtocolHeader = std::array<std::uint8_t, protocol_header_size>;
/// What the server speaks.
constexpr ProtocolHeader protocol_header{'A', 'M', 'Q', 'P', 0, 0, 9, 1};

enum class FirstBytes : std::uint8_t {
  none,  ///< Nothing came yet, or not enough to tell.
  amqp,  ///< 0-9-1, and what clients of 0-9 and 0-8 send; they get along with 0-9-1 as far as they
         ///< go (RabbitMQ's rule).
  other_amqp,
  tls,
  http,
  mqtt,
  proxy,  ///< A proxy's header, which is not expected here.
  unknown,
};
constexpr std::size_t first_bytes_count = 8;

FirstBytes read_first_bytes(core::Bytes header);

/// For the log: what is wrong with who begins so; empty for those who are right here.
std::string_view describe_foreign(FirstBytes first);
/// What to do about it.
std::string_view advice_on_foreign(FirstBytes first);
/// "0-1-0-0", of a header of AMQP.
std::string version_text(core::Bytes header);

/// What a client that is wrong here understands: an answer of HTTP; else the header of what is
/// spoken.
std::string answer_to_foreign(FirstBytes first);

}  // namespace lepus::amqp
