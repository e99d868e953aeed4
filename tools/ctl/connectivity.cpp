// One address after the other of those that the name has.
#include "tools/ctl/connectivity.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "io/unix_socket.h"

namespace lepus::ctl {

namespace {

/// RabbitMQ's tools wait as long.
constexpr int connect_wait_ms = 5'000;

std::string host_of(std::string address) {
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  if (address.empty() || address == "::" || address == "0.0.0.0") return "localhost";
  return address;
}

/// Returns 0, or an errno.
int connect_to(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  int code = connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (code == EINPROGRESS) {
    pollfd waiting{fd, POLLOUT, 0};
    const int ready = poll(&waiting, 1, connect_wait_ms);
    socklen_t size = sizeof code;
    if (ready == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    if (ready != 1) code = ready == 0 ? ETIMEDOUT : errno;
  }
  close(fd);
  return code;
}

std::string try_unix(const std::string& path) {
  io::UnixOutcome outcome = io::connect_unix(path);
  if (outcome.fd >= 0) close(outcome.fd);
  return std::move(outcome.error);
}

}  // namespace

std::string try_connect(const Endpoint& endpoint) {
  if (endpoint.address.starts_with('/')) return try_unix(endpoint.address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const std::string host = host_of(endpoint.address);
  const int failure =
      getaddrinfo(host.c_str(), fmt::format("{}", endpoint.port).c_str(), &hints, &list);
  if (failure != 0) return fmt::format("{}: {}", host, gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{list, &freeaddrinfo};
  int code = ENOENT;
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    code = connect_to(*address);
    if (code == 0) return {};
  }
  return fmt::format("{}, port {}: {}", host, endpoint.port, std::strerror(code));
}

}  // namespace lepus::ctl
