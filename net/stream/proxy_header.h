// The header of the PROXY protocol, version 1 (a line of text) and 2 (binary): for whom a proxy
// connects. Pure: bytes in, a value out.
//
//   v1: "PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\n", or TCP6, or UNKNOWN and anything
//   v2: signature (12 bytes) | version, command | family, transport | length (2) | addresses | more
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "io/peer_name.h"

namespace lepus::net {

struct ProxyHeader {
  enum class State : std::uint8_t { incomplete, complete, invalid };
  State state = State::incomplete;
  std::size_t size = 0;  ///< Of a complete header: what follows is the client's.
  /// The proxy said for whom. Else it connects for itself (LOCAL), or does not know.
  bool has_ends = false;
  io::Endpoint source = {};
  io::Endpoint destination = {};
  std::string_view error = {};  ///< What is wrong with an invalid one; static text.
};

/// Of the bytes so far. A header that is longer than limits::proxy_header_max is invalid, and one
/// that cannot become a header is so with its first wrong byte.
ProxyHeader read_proxy_header(core::Bytes bytes);

}  // namespace lepus::net
