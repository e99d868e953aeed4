// System calls that do not block.
#include "io/kernel_driver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <ctime>

#include "io/epoll/epoll_driver.h"
#include "io/unix_socket.h"
#include "io/uring/uring_driver.h"

namespace lepus::io {
namespace {

core::Nanos read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * core::nanos_per_s + time.tv_nsec;
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(v4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return {text.data(), ntohs(v6.sin6_port)};
  }
  return {};
}

}  // namespace

std::unique_ptr<Driver> create_driver(const DriverConfig& config, std::string* error) {
  switch (config.kind) {
    case DriverKind::io_uring: {
      UringConfig uring;
      uring.buffer_count = config.buffer_count;
      uring.buffer_size = config.buffer_size;
      return UringDriver::create(uring, error);
    }
    case DriverKind::epoll:
      return EpollDriver::create({config.buffer_count, config.buffer_size}, error);
  }
  CHECK(false);
  return nullptr;
}

core::Nanos KernelDriver::monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

std::uint64_t KernelDriver::ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t count = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
  return static_cast<std::uint64_t>(monotonic_now());
#endif
}

core::Nanos KernelDriver::wall_now() { return read_clock(CLOCK_REALTIME); }

PeerName KernelDriver::peer_name(int fd) {
  PeerName name;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    name.remote = endpoint_of(address);
  }
  size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    name.local = endpoint_of(address);
    if (const auto peer = address.ss_family == AF_UNIX ? unix_peer(fd) : std::nullopt) {
      name.user = peer->user;
      name.process = peer->process;
    }
  }
  return name;
}

void KernelDriver::reset_on_close(int fd) {
  // Without effect on a unix socket, and on one that is no longer connected.
  constexpr linger at_once{1, 0};
  (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int KernelDriver::next_descriptor() {
  const int fd = fcntl(own_descriptor(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return INT_MAX;
  ::close(fd);
  return fd;
}

}  // namespace lepus::io
