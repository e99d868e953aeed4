// Blocking calls with poll() before each, for the time limit.
#include "tools/ctl/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>

#include "io/unix_socket.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::ctl {

namespace {

constexpr std::array usual_places{"/var/lib/lepus/lepus.sock", "/run/lepus/lepus.sock"};
/// Of a broker that was started by tools/run.sh: seen from the repository, and from the directory
/// of the programs there, build/release.
constexpr const char* nearby_place = "data/lepus.sock";
constexpr const char* place_from_program = "../../data/lepus.sock";
constexpr int retry_ms = 100;
constexpr double timeout_max_s = 1e9;  ///< As good as none.

/// Empty when the kernel does not say where this program is.
std::string beside_program() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  return (program.parent_path() / place_from_program).lexically_normal().string();
}

/// In a directory of somebody else anything may wait for passwords: only what is ours or root's.
bool is_own_socket(const char* path) {
  struct stat found {};
  if (lstat(path, &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  return found.st_uid == 0 || found.st_uid == geteuid();
}

std::int64_t now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

ClientError explain(const io::UnixOutcome& outcome) {
  std::string text = outcome.error;
  int exit_code = exit_unavailable;
  if (outcome.error_code == ENOENT) {
    text +=
        ". The broker does not run, or its socket is elsewhere: name it with --socket or "
        "LEPUS_SOCKET (it is lepus.sock in the broker's data_dir, or management.socket; "
        "tools/run.sh has it in data/ of the repository)";
  } else if (outcome.error_code == ECONNREFUSED) {
    text += ". The broker does not run (the file is left from one that was killed): start it";
  } else if (outcome.error_code == EACCES || outcome.error_code == EPERM) {
    text += ". Only root and the broker's own user may do this: use sudo";
    exit_code = exit_no_permission;
  }
  return {exit_code, std::move(text)};
}

bool may_come(int error_code) { return error_code == ENOENT || error_code == ECONNREFUSED; }

}  // namespace

std::string find_socket(const Invocation& invocation) {
  if (!invocation.socket.empty()) return invocation.socket;
  if (const char* named = std::getenv("LEPUS_SOCKET"); named != nullptr && *named != '\0')
    return named;
  for (const char* place : usual_places)
    if (access(place, F_OK) == 0) return place;
  if (is_own_socket(nearby_place)) return nearby_place;
  if (const std::string place = beside_program(); is_own_socket(place.c_str())) return place;
  return usual_places.front();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

bool is_local_node(std::string_view node, std::string_view host) {
  const std::size_t index = node.find('@');
  if (index == std::string_view::npos) return true;  // A name alone means this host.
  const std::string_view named = node.substr(index + 1);
  return named == host || named == host.substr(0, host.find('.')) || named == "localhost";
}

Client::Client(double timeout_s)
    : timeout_s_(timeout_s),
      deadline_ms_(timeout_s > 0 ? now_ms() + static_cast<std::int64_t>(
                                                  std::min(timeout_s, timeout_max_s) * 1000)
                                 : 0) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

int Client::milliseconds_left() const {
  if (deadline_ms_ == 0) return -1;
  return static_cast<int>(std::clamp<std::int64_t>(deadline_ms_ - now_ms(), 0, INT_MAX));
}

std::optional<ClientError> Client::timed_out() const {
  return ClientError{exit_timeout,
                     fmt::format("operation timed out. Timeout value used: {:g}", timeout_s_)};
}

std::optional<ClientError> Client::wait_for(short events) {
  pollfd wanted{fd_, events, 0};
  for (;;) {
    const int count = ::poll(&wanted, 1, milliseconds_left());
    if (count > 0) return std::nullopt;
    if (count == 0) return timed_out();
    if (errno != EINTR)
      return ClientError{exit_unavailable, fmt::format("cannot wait: {}", std::strerror(errno))};
  }
}

std::optional<ClientError> Client::connect(const std::string& path, bool is_patient) {
  for (;;) {
    const io::UnixOutcome outcome = io::connect_unix(path);
    fd_ = outcome.fd;
    if (fd_ >= 0) return std::nullopt;
    if (!is_patient || !may_come(outcome.error_code)) return explain(outcome);
    const int left = milliseconds_left();
    if (left == 0) return timed_out();
    (void)::poll(nullptr, 0, left < 0 ? retry_ms : std::min(left, retry_ms));
  }
}

std::optional<ClientError> Client::send(std::string_view line) {
  while (!line.empty()) {
    if (auto error = wait_for(POLLOUT)) return error;
    const ssize_t size = ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      line.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return std::nullopt;  // There may be a last word to read.
    } else if (errno != EINTR && errno != EAGAIN) {
      return ClientError{exit_unavailable,
                         fmt::format("cannot send to the broker: {}", std::strerror(errno))};
    }
  }
  return std::nullopt;
}

std::optional<ClientError> Client::receive(std::string& line) {
  for (;;) {
    const std::size_t end = input_.find('\n', searched_);
    if (end != std::string::npos) {
      line.assign(input_, 0, end);
      input_.erase(0, end + 1);
      searched_ = 0;
      return std::nullopt;
    }
    searched_ = input_.size();
    if (auto error = wait_for(POLLIN)) return error;
    std::array<char, 65536> bytes;
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (size == 0 || (size < 0 && errno == ECONNRESET))
      return ClientError{exit_unavailable, "the broker closed the connection without an answer"};
    if (size < 0 && errno != EINTR)
      return ClientError{exit_unavailable,
                         fmt::format("cannot read from the broker: {}", std::strerror(errno))};
    if (size > 0) input_.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

std::optional<ClientError> Client::wait_for_end() {
  for (;;) {
    if (auto error = wait_for(POLLIN)) return error;
    std::array<char, 4096> bytes;
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (size == 0 || (size < 0 && errno != EINTR)) return std::nullopt;
  }
}

std::string request_line(const Invocation& invocation, const VerbSpec& verb) {
  server::JsonWriter json;
  json.begin_object();
  json.field("verb", invocation.verb);
  json.field("vhost", invocation.vhost);
  json.key("columns");
  json.begin_array();
  for (const std::string& column : invocation.columns) json.text(column);
  json.end_array();
  json.key("arguments");
  json.begin_array();
  for (const std::string& argument : invocation.arguments) json.text(argument);
  json.end_array();
  json.key("options");
  json.begin_object();
  for (const OptionSpec& option : verb.options) {
    const auto given = invocation.options.find(option.name);
    if (option.sent_as.empty() || given == invocation.options.end()) continue;
    json.field(option.sent_as, option.takes.empty() ? std::string("true") : given->second);
  }
  // Whether one was named counts there.
  if (verb.name == "import_definitions" && invocation.has_vhost)
    json.field("vhost", invocation.vhost);
  if (verb.name == "publish") json.field("payload_encoding", "base64");
  json.end_object();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace lepus::ctl
