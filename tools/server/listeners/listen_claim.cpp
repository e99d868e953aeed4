// Probing, waiting, and naming who is in the way.
#include "tools/server/listeners/listen_claim.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <thread>

#include "io/os.h"
#include "io/port_owner.h"
#include "io/unix_socket.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"
#include "tools/server/listeners/listening.h"

namespace lepus::server {

namespace {

constexpr std::string_view turn_name = "lepus-listen";
constexpr std::string_view notice_prefix = "lepus listens on ";
constexpr core::Nanos probe_interval = core::limits::listen_probe_interval;

void pause() { std::this_thread::sleep_for(std::chrono::nanoseconds(probe_interval)); }

/// A socket of this name, which is cut to what an address holds; -1: the name is taken, or there
/// can be none.
int bind_abstract(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof address.sun_path - 1);
  std::memcpy(address.sun_path + 1, name.data(), size);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0) return fd;
  close(fd);
  return -1;
}

std::string user_name(std::uint32_t user) {
  const passwd* entry = getpwuid(user);
  return entry == nullptr ? fmt::format("user {}", user) : fmt::format("user '{}'", entry->pw_name);
}

std::optional<io::PortOwner> find_owner(const ListenAddress& address) {
  if (address.kind != ListenerKind::unix_socket)
    return io::find_port_owner(address.host, address.port);
  const std::optional<std::uint32_t> process = io::unix_owner(address.path);
  if (!process || *process == 0) return {};
  std::string program;
  if (!read_file(fmt::format("/proc/{}/comm", *process), program)) program = "a process\n";
  program.pop_back();
  return io::PortOwner{0, static_cast<int>(*process), program};
}

/// As far as it can be found out.
std::string describe_owner(const ListenAddress& address) {
  std::string table;
  if (!read_file("/proc/net/unix", table)) table.clear();
  const std::optional<io::PortOwner> owner = find_owner(address);
  const int pid = owner ? owner->pid : 0;
  if (std::string notice = find_notice(table, address, pid); !notice.empty()) return notice;
  if (!owner) return "another process, or connections that still hold it";
  if (owner->pid == 0) return fmt::format("a process of {}", user_name(owner->user));
  return fmt::format("{} (pid {})", owner->program, owner->pid);
}

std::string refusal(const ListenAddress& address) {
  return fmt::format("cannot listen on {}: it is used by {}; stop that process, or set another {}",
                     shown_address(address), describe_owner(address), listener_key(address));
}

io::ListenOutcome probe(const ListenAddress& address) {
  if (address.kind == ListenerKind::unix_socket) {
    if (!io::unix_owner(address.path)) return {};
    return {-1, "it is used by another process", EADDRINUSE};
  }
  io::ListenConfig config;
  config.address = address.host;
  config.port = address.port;
  return io::probe_tcp(config);
}

std::string wait_for(const ListenAddress& address, core::Nanos wait) {
  for (core::Nanos waited = 0;; waited += probe_interval) {
    io::ListenOutcome outcome = probe(address);
    if (outcome.error.empty()) return {};
    if (outcome.error_code != EADDRINUSE) return std::move(outcome.error);
    if (waited >= wait) return refusal(address);
    pause();
  }
}

}  // namespace

std::string wait_until_free(const std::vector<ListenAddress>& addresses, core::Nanos wait) {
  for (const ListenAddress& address : addresses)
    if (std::string error = wait_for(address, wait); !error.empty()) return error;
  return {};
}

io::ListenOutcome try_listening(const ListenAddress& address) {
  io::ListenOutcome outcome = probe(address);
  if (outcome.error_code == EADDRINUSE) outcome.error = refusal(address);
  return outcome;
}

bool is_any_in_use(const std::vector<ListenAddress>& addresses) {
  return std::any_of(addresses.begin(), addresses.end(), [](const ListenAddress& address) {
    return probe(address).error_code == EADDRINUSE;
  });
}

ListenTurn::ListenTurn(core::Nanos wait) {
  for (core::Nanos waited = 0; fd_ < 0; waited += probe_interval) {
    fd_ = bind_abstract(turn_name);
    if (fd_ >= 0 || waited >= wait) return;
    pause();
  }
}

ListenTurn::~ListenTurn() {
  if (fd_ >= 0) close(fd_);
}

ListenNotices::~ListenNotices() {
  for (const int fd : fds_) close(fd);
}

/// One that cannot be posted is missing in an error text, nothing else.
void ListenNotices::post(const ListenAddress& address, const std::string& data_dir) {
  const int fd = bind_abstract(fmt::format("{}{} pid {} data_dir {}", notice_prefix,
                                           shown_address(address), getpid(), data_dir));
  if (fd >= 0) fds_.push_back(fd);
}

/// Of the same port or path: that the addresses overlap is known.
std::string find_notice(std::string_view table, const ListenAddress& address, int pid) {
  const std::string port = address.kind == ListenerKind::unix_socket
                               ? fmt::format("{} pid ", address.path)
                               : fmt::format(":{} pid ", address.port);
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    const std::size_t begin = line.find(fmt::format("@{}", notice_prefix));
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin + 1 + notice_prefix.size());
    const std::size_t index = line.find(port);
    if (index == std::string_view::npos) continue;
    const std::string_view rest = line.substr(index + port.size());
    const std::string_view number = rest.substr(0, rest.find(' '));
    if (pid != 0 && number != fmt::format("{}", pid)) continue;
    return fmt::format("lepus (pid {},{})", number, rest.substr(number.size()));
  }
  return {};
}

}  // namespace lepus::server
