// Sockets that listen, before the shards have them.
#include "tools/server/listeners/listening.h"

#include <utility>

#include "core/base/assert.h"
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

net::ListenerProtocol listener_protocol(ListenerKind kind) {
  using Protocol = net::ListenerProtocol;
  switch (kind) {
    case ListenerKind::tcp:
    case ListenerKind::unix_socket:
      return Protocol::amqp;
    case ListenerKind::ssl:
      return Protocol::amqps;
    case ListenerKind::management:
      return Protocol::http;
    case ListenerKind::management_ssl:
      return Protocol::https;
    case ListenerKind::prometheus:
      return Protocol::prometheus;
    case ListenerKind::prometheus_ssl:
      return Protocol::prometheus_tls;
  }
  CHECK(false);
  return {};
}

net::ListenerIdentity listener_identity(const ListenAddress& address, const ServerConfig& config) {
  using Protocol = net::ListenerProtocol;
  net::ListenerIdentity identity;
  identity.key = listener_key(address);
  identity.address = shown_address(address);
  identity.protocol = listener_protocol(address.kind);
  identity.is_unix = address.kind == ListenerKind::unix_socket;
  const bool is_amqp = identity.protocol == Protocol::amqp || identity.protocol == Protocol::amqps;
  identity.expects_proxy_header = config.tcp.proxy_protocol && is_amqp && !identity.is_unix;
  if (identity.protocol == Protocol::amqps) identity.tls_settings = "ssl_options";
  if (identity.protocol == Protocol::https) identity.tls_settings = "management.ssl";
  if (identity.protocol == Protocol::prometheus_tls) identity.tls_settings = "prometheus.ssl";
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

std::string open_http_listeners(const ServerConfig& config,
                                std::vector<net::Listening>& listeners) {
  for (const ListenAddress& address : config.http_listeners()) {
    std::vector<int> sockets(1, -1);
    if (std::string error = open_tcp(address, config.tcp, sockets); !error.empty()) return error;
    listeners.push_back({listener_identity(address, config), sockets[0]});
  }
  return {};
}

void remove_unix_listeners(const ServerConfig& config) {
  for (const ListenAddress& address : config.listeners)
    if (address.kind == ListenerKind::unix_socket && !io::unix_owner(address.path))
      io::remove_unix(address.path);
}

}  // namespace lepus::server
