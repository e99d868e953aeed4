// Linux calls behind io/unix_socket.h.
#include "io/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/base/assert.h"

namespace lepus::io {
namespace {

/// The address of a path, and what keeps it valid while it is used.
class UnixAddress {
 public:
  explicit UnixAddress(const std::string& path) {
    address_.sun_family = AF_UNIX;
    std::string shown = path;
    if (path.size() >= sizeof address_.sun_path) {
      const std::size_t slash = path.rfind('/');
      const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
      directory_fd_ = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (directory_fd_ < 0) {
        error_code_ = errno;
        return;
      }
      shown = "/proc/self/fd/" + std::to_string(directory_fd_) + "/" +
              path.substr(slash == std::string::npos ? 0 : slash + 1);
    }
    if (shown.size() >= sizeof address_.sun_path) {
      error_code_ = ENAMETOOLONG;
      return;
    }
    std::memcpy(address_.sun_path, shown.c_str(), shown.size() + 1);
  }
  ~UnixAddress() {
    if (directory_fd_ >= 0) ::close(directory_fd_);
  }
  UnixAddress(const UnixAddress&) = delete;
  UnixAddress& operator=(const UnixAddress&) = delete;

  int error_code() const { return error_code_; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size = sizeof(sockaddr_un);

 private:
  sockaddr_un address_{};
  int directory_fd_ = -1;
  int error_code_ = 0;
};

UnixOutcome failed(const char* label, const std::string& path, int error_code) {
  return {-1, error_code, std::string(label) + " " + path + ": " + std::strerror(error_code)};
}

bool is_socket(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

UnixOutcome connect_as(const std::string& path, int flags) {
  CHECK(!path.empty());
  const UnixAddress address{path};
  if (address.error_code() != 0) return failed("cannot connect to", path, address.error_code());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) return failed("cannot connect to", path, errno);
  if (connect(fd, address.get(), UnixAddress::size) == 0) return {fd, 0, {}};
  const int error_code = errno;
  ::close(fd);
  return failed("cannot connect to", path, error_code);
}

}  // namespace

/// One in another namespace (0) counts as alive.
std::optional<std::uint32_t> unix_owner(const std::string& path) {
  if (!is_socket(path)) return {};
  const UnixOutcome other = connect_as(path, SOCK_NONBLOCK);
  if (other.error_code == EAGAIN) return 0;  // So many wait already: it is somebody's.
  if (other.fd < 0) return {};
  ucred listener{};
  socklen_t size = sizeof listener;
  const bool is_known = getsockopt(other.fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0;
  ::close(other.fd);
  if (!is_known) return 0;
  const bool is_gone = listener.pid > 0 && kill(listener.pid, 0) != 0 && errno == ESRCH;
  if (is_gone) return {};
  return static_cast<std::uint32_t>(listener.pid);
}

UnixOutcome listen_unix(const std::string& path, UnixListen config) {
  CHECK(!path.empty());
  if (is_socket(path)) {
    if (config.place == UnixPlace::shared && unix_owner(path))
      return failed("cannot listen on", path, EADDRINUSE);
    remove_unix(path);
  }
  const UnixAddress address{path};
  if (address.error_code() != 0) return failed("cannot listen on", path, address.error_code());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("cannot listen on", path, errno);
  // The file gets its mode from the socket's: it is never open to others, not even for a moment.
  if (fchmod(fd, config.mode) != 0 || bind(fd, address.get(), UnixAddress::size) != 0 ||
      chmod(path.c_str(), config.mode) != 0 || listen(fd, config.backlog) != 0) {
    const int error_code = errno;
    ::close(fd);
    return failed("cannot listen on", path, error_code);
  }
  return {fd, 0, {}};
}

UnixOutcome connect_unix(const std::string& path) { return connect_as(path, 0); }

void remove_unix(const std::string& path) {
  if (is_socket(path)) ::unlink(path.c_str());
}

int duplicate_fd(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

std::optional<UnixPeer> unix_peer(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  sockaddr_storage address{};
  socklen_t address_size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &address_size) != 0) return {};
  if (address.ss_family != AF_UNIX) return {};
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
  return UnixPeer{credentials.uid, static_cast<std::uint32_t>(credentials.pid)};
}

}  // namespace lepus::io
