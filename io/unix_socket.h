// Stream sockets in the file system, for programs of this machine only. Whoever may write to the
// file may connect.
//
// A path longer than the kernel's address (107 bytes) is reached through its open directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lepus::io {

struct UnixOutcome {
  int fd = -1;         ///< Owned by the caller; -1 on failure.
  int error_code = 0;  ///< errno of what failed.
  std::string error;   ///< What failed, and why.
};

/// What to do with a socket file that exists already.
enum class UnixPlace : std::uint8_t {
  own,     ///< It is left from this program's last run; no other program uses this path.
  shared,  ///< Another process may listen on it; it is replaced only when that is gone.
};
struct UnixListen {
  UnixPlace place = UnixPlace::shared;
  std::uint32_t mode = 0600;  ///< Of the file, whatever the process masks.
  int backlog = 64;
};
/// A listening socket at `path`. A file that is no socket is left alone, and an error.
///
/// Whether a connect succeeds says little: the sockets of a killed io_uring process live on for a
/// while.
UnixOutcome listen_unix(const std::string& path, UnixListen config);
/// One for this program's user only.
inline UnixOutcome listen_unix(const std::string& path, UnixPlace place) {
  return listen_unix(path, UnixListen{place});
}
/// The process that listens at `path`, if it lives; 0: its number is not known. Nothing: nobody
/// does.
std::optional<std::uint32_t> unix_owner(const std::string& path);
/// Another descriptor of the same socket; -1: there is none left.
int duplicate_fd(int fd);
/// Blocking.
UnixOutcome connect_unix(const std::string& path);
/// Takes the file away. Quiet when it is gone.
void remove_unix(const std::string& path);

struct UnixPeer {
  std::uint32_t user = 0;
  std::uint32_t process = 0;  ///< 0: it lives where its number is not known.
};
/// Who connected a unix socket; nothing: it is no such socket.
std::optional<UnixPeer> unix_peer(int fd);

}  // namespace lepus::io
