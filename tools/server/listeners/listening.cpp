// Sockets that listen, before the shards have them.
#include "tools/server/listeners/listening.h"

#include <utility>

#include "io/os.h"
#include "io/unix_socket.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

io::ListenConfig listen_config(const ListenAddress& address, const TcpOptions& tcp) {
  return {address.host,
          address.port,
          static_cast<int>(tcp.backlog),
          tcp.nodelay,
          tcp.keepalive,
          static_cast<int>(tcp.send_buffer_size),
          static_cast<int>(tcp.receive_buffer_size)};
}

std::string open_tcp(const ListenAddress& address, const TcpOptions& tcp,
                     std::vector<int>& sockets) {
  for (int& socket : sockets) {
    io::ListenOutcome outcome = io::listen_tcp(listen_config(address, tcp));
    if (outcome.fd < 0) return std::move(outcome.error);
    socket = outcome.fd;
  }
  return {};
}

std::string open_unix(const ListenAddress& address, const TcpOptions& tcp,
                      std::vector<int>& sockets) {
  io::UnixOutcome outcome = io::listen_unix(
      address.path, {io::UnixPlace::shared, address.mode, static_cast<int>(tcp.backlog)});
  if (outcome.fd < 0) return std::move(outcome.error);
  for (int& socket : sockets) {
    socket = &socket == &sockets.back() ? outcome.fd : io::duplicate_fd(outcome.fd);
    if (socket < 0) return address.path + ": no descriptors are left";
  }
  return {};
}

}  // namespace

std::string shown_address(const ListenAddress& address) {
  if (address.kind == ListenerKind::unix_socket || !address.host.empty())
    return format_listen_address(address);
  ListenAddress all = address;
  all.host = "::";
  return format_listen_address(all);
}

net::ListenerIdentity listener_identity(const ListenAddress& address, const ServerConfig& config) {
  const bool is_tls = address.kind == ListenerKind::ssl;
  net::ListenerIdentity identity;
  identity.key = listener_key(address);
  identity.address = shown_address(address);
  identity.protocol = is_tls ? net::ListenerProtocol::amqps : net::ListenerProtocol::amqp;
  identity.is_unix = address.kind == ListenerKind::unix_socket;
  identity.expects_proxy_header = config.tcp.proxy_protocol && !identity.is_unix;
  if (is_tls) identity.tls_settings = "ssl_options";
  return identity;
}

std::string open_listeners(const ServerConfig& config, ShardListeners& listeners) {
  for (const ListenAddress& address : config.listeners) {
    std::vector<int> sockets(listeners.size(), -1);
    std::string error = address.kind == ListenerKind::unix_socket
                            ? open_unix(address, config.tcp, sockets)
                            : open_tcp(address, config.tcp, sockets);
    const net::ListenerIdentity identity = listener_identity(address, config);
    for (std::size_t shard = 0; shard < sockets.size(); ++shard)
      if (sockets[shard] >= 0) listeners[shard].push_back({identity, sockets[shard]});
    if (!error.empty()) return error;
  }
  return {};
}

void remove_unix_listeners(const ServerConfig& config) {
  for (const ListenAddress& address : config.listeners)
    if (address.kind == ListenerKind::unix_socket && !io::unix_owner(address.path))
      io::remove_unix(address.path);
}

void close_listeners(const ShardListeners& listeners) {
  for (const std::vector<net::Listening>& own : listeners)
    for (const net::Listening& one : own) io::close_fd(one.socket);
}

}  // namespace lepus::server
