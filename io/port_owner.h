// Who listens on a TCP port of this machine, as far as /proc tells: for the text of an error,
// before any loop turns.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/os.h"

namespace lepus::io {

/// A line of /proc/net/tcp or /proc/net/tcp6 about a socket that listens.
struct ListeningSocket {
  std::array<std::uint8_t, 16> address{};  ///< IPv4 as ::ffff:a.b.c.d; all zeros: every address.
  std::uint16_t port = 0;
  std::uint32_t user = 0;
  std::uint64_t inode = 0;
};

struct PortOwner {
  std::uint32_t user = 0;
  int pid = 0;          ///< 0: not to be found out, as a rule because it is another user's process.
  std::string program;  ///< As ps names it; empty with pid 0.
};

/// The listening sockets of a table as the kernel writes it; lines that it does not understand are
/// left out.
std::vector<ListeningSocket> parse_tcp_table(std::string_view table);

/// Of a socket whose address overlaps the wanted one (0.0.0.0 and :: overlap all). Nothing: nobody
/// listens there, or /proc does not say.
std::optional<PortOwner> find_port_owner(const std::string& address, std::uint16_t port);

}  // namespace lepus::io
