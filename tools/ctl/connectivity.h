// Whether a connection to a listener comes about, from this machine.
#pragma once

#include <cstdint>
#include <string>

namespace lepus::ctl {

struct Endpoint {
  std::string address;  ///< A name, a number with or without brackets, or a unix socket's path.
  std::uint16_t port = 0;
};

/// Connects, with a time limit, and closes the connection. Returns "", or why it failed. An address
/// for all interfaces, as of a listener, means this machine.
std::string try_connect(const Endpoint& endpoint);

}  // namespace lepus::ctl
