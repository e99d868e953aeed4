// Addresses of a user-space stack as text, for the configuration and the log.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/peer_name.h"
#include "net/bypass/stack_api.h"

namespace lepus::net::bypass {

io::Endpoint to_endpoint(const Endpoint& endpoint);
std::string to_text(const Address& address);
/// "10.77.0.1:5672", "[fd00::1]:5672".
std::string to_text(const Endpoint& endpoint);

/// "10.77.0.1", "fd00::1".
std::optional<Address> parse_address(std::string_view text);
/// "10.77.0.1/24", "fd00::1/64": an address of ours and the size of its network.
std::optional<Network> parse_network(std::string_view text);
/// As of to_text().
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace lepus::net::bypass
