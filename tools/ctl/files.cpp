// See files.h.
#include "tools/ctl/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace lepus::ctl {

bool read_whole(const std::string& path, std::string& text) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : 1;
  std::string bytes(1 << 16, '\0');
  while (size > 0) {
    size = ::read(fd, bytes.data(), bytes.size());
    if (size > 0) text.append(bytes, 0, static_cast<std::size_t>(size));
    if (size < 0 && errno == EINTR) size = 1;
  }
  const int error_code = errno;
  if (fd > STDIN_FILENO) ::close(fd);
  errno = error_code;
  return size == 0;
}

bool write_whole(const std::string& path, std::string_view text) {
  const bool to_output = path == "-";
  const int fd = to_output ? STDOUT_FILENO
                           : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = fd >= 0;
  while (good && !text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    good = size > 0 || errno == EINTR;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  const int error_code = errno;
  if (fd >= 0 && !to_output && ::close(fd) != 0) return false;
  errno = error_code;
  return good;
}

}  // namespace lepus::ctl
