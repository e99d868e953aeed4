// See log_outputs.h. Errors of writing are not reported anywhere: this is where they would be.
#include "tools/server/log/log_outputs.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/server/log/log_format.h"

namespace lepus::server {

// --- The journal

JournalSocket::~JournalSocket() {
  if (fd_ >= 0) ::close(fd_);
}

JournalSocket::JournalSocket(JournalSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

JournalSocket& JournalSocket::operator=(JournalSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string JournalSocket::open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fmt::format("log.journald: {} is no path of a socket", path);
  std::memcpy(address.sun_path, path.data(), path.size());
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool is_connected =
      fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (is_connected) return {};
  return fmt::format(
      "log.journald: cannot reach systemd's journal at {}: {}; set log.journald = false where "
      "there "
      "is no systemd",
      path, std::strerror(errno));
}

void JournalSocket::send(core::LogLevel level, std::string_view text) const {
  const std::string datagram =
      fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER=lepus\nMESSAGE={}\n", log_priority(level), text);
  while (::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0 && errno == EINTR)
    continue;
}

// --- Console and file

void LogOutputs::Output::add(const LogLine& line) {
  if (fd < 0 || line.level < level || line.format != style.format) return;
  append_log_time(text, line.time, style);
  text.append(line.text).push_back('\n');
}

void LogOutputs::Output::write_out() {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::write(fd, text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    done += static_cast<std::size_t>(size);
  }
  text.clear();
}

LogOutputs::~LogOutputs() {
  if (file_.fd >= 0) ::close(file_.fd);
}

void LogOutputs::configure(const LogConfig& config) {
  console_.fd = !config.console ? -1 : config.console_to_stdout ? STDOUT_FILENO : STDERR_FILENO;
  console_.level = config.console_level;
  console_.style = config.console_style;
  file_.level = config.file_level;
  file_.style = config.file_style;
  journal_level_ = config.journald_level;
}

void LogOutputs::replace(int file_fd, JournalSocket journal) {
  if (file_.fd >= 0) ::close(file_.fd);
  file_.fd = file_fd;
  journal_ = std::move(journal);
}

void LogOutputs::add(const LogLine& line) {
  console_.add(line);
  file_.add(line);
  const bool is_for_journal = line.format == LogFormat::plaintext && line.level >= journal_level_;
  if (journal_.is_open() && is_for_journal) journal_.send(line.level, line.text);
}

void LogOutputs::write_out() {
  console_.write_out();
  file_.write_out();
}

void LogOutputs::shrink() {
  console_.text.shrink_to_fit();
  file_.text.shrink_to_fit();
}

}  // namespace lepus::server
