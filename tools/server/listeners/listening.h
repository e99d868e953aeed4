// A listener of the configuration as what shards need of it: its identity, and a socket for each of
// them.
#pragma once

#include <string>
#include <vector>

#include "io/os.h"
#include "net/stream/listener_identity.h"
#include "tools/server/commands.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// "[::]:5672" also for a port of all addresses, "[::1]:5672", "127.0.0.1:5672", "/path".
std::string shown_address(const ListenAddress& address);
net::ListenerProtocol listener_protocol(ListenerKind kind);
net::ListenerIdentity listener_identity(const ListenAddress& address, const ServerConfig& config);

/// Adds a socket of each listener for every shard, over which the kernel spreads connections: a
/// unix socket is the same for all. Empty, or what failed: what was opened before is there then.
[[nodiscard]] std::string open_listeners(const ServerConfig& config, ShardListeners& listeners);
/// A socket for each listener of HTTP. Else as open_listeners().
[[nodiscard]] std::string open_http_listeners(const ServerConfig& config,
                                              std::vector<net::Listening>& listeners);
/// Takes the files of unix sockets away, unless another process listens there by now.
void remove_unix_listeners(const ServerConfig& config);
/// Of listeners that nobody took over.
inline void close_listeners(const ShardListeners& listeners) {
  for (const std::vector<net::Listening>& own : listeners)
    for (const net::Listening& one : own)
      if (one.socket >= 0) io::close_fd(one.socket);
}

}  // namespace lepus::server
