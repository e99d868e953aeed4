// Lines of KEY=VALUE in datagrams.
#include "tools/server/service/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/base/assert.h"
#include "core/limits/service.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace limits = core::limits;

namespace {

std::string take(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

/// A status is one line, whatever is put into it.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// Nanoseconds; 0: none is wanted of this process.
core::Nanos watchdog_of(const ServiceEnvironment& environment) {
  const auto us = parse_number(environment.watchdog_us);
  if (!us || *us == 0) return 0;
  if (!environment.watchdog_pid.empty() && environment.watchdog_pid != fmt::format("{}", getpid()))
    return 0;
  constexpr std::uint64_t us_max = INT64_MAX / core::nanos_per_us;
  return static_cast<core::Nanos>(std::min(*us, us_max)) * core::nanos_per_us;
}

}  // namespace

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) close(fd_);
}

ServiceEnvironment ServiceManager::take_environment() {
  return {take("NOTIFY_SOCKET"), take("WATCHDOG_USEC"), take("WATCHDOG_PID")};
}

std::string ServiceManager::open(const ServiceEnvironment& environment) {
  CHECK(fd_ < 0);
  const std::string& path = environment.socket;
  if (path.empty()) return {};
  if ((path[0] != '/' && path[0] != '@') || path.size() >= sizeof address_.sun_path)
    return fmt::format(
        "NOTIFY_SOCKET: '{}' is neither a path nor an abstract name; the service "
        "manager is told nothing",
        path);
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, path.data(), path.size());
  if (path[0] == '@') address_.sun_path[0] = '\0';
  address_size_ = static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + path.size());
  fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    return fmt::format("NOTIFY_SOCKET: no socket: {}; the service manager is told nothing",
                       std::strerror(errno));
  const timeval wait{limits::notify_wait / core::nanos_per_s, 0};
  (void)setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  watchdog_ = watchdog_of(environment);
  return {};
}

void ServiceManager::status(std::string_view text) const {
  send(fmt::format("STATUS={}\n", one_line(text)), Delivery::at_once);
}

void ServiceManager::extend_start(std::string_view text) const {
  send(fmt::format("EXTEND_TIMEOUT_USEC={}\nSTATUS={}\n",
                   limits::start_extension / core::nanos_per_us, one_line(text)),
       Delivery::at_once);
}

void ServiceManager::ready(std::string_view text) const {
  send(fmt::format("READY=1\nSTATUS={}\n", one_line(text)), Delivery::waits);
}

void ServiceManager::reloading(core::Nanos now) const {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading the configuration again\n",
                   now / core::nanos_per_us),
       Delivery::waits);
}

void ServiceManager::stopping(std::string_view text) const {
  send(fmt::format("STOPPING=1\nSTATUS={}\n", one_line(text)), Delivery::at_once);
}

void ServiceManager::alive() const { send("WATCHDOG=1\n", Delivery::at_once); }

/// One that cannot be delivered is lost: there is nobody to tell.
void ServiceManager::send(const std::string& message, Delivery delivery) const {
  if (fd_ < 0) return;
  const int flags = MSG_NOSIGNAL | (delivery == Delivery::at_once ? MSG_DONTWAIT : 0);
  while (sendto(fd_, message.data(), message.size(), flags,
                reinterpret_cast<const sockaddr*>(&address_), address_size_) < 0 &&
         errno == EINTR)
    continue;
}

}  // namespace lepus::server
