// Stream sockets in the file system, for programs of this machine only. Whoever may write to the
// file may connect: it is made with mode 0600, and the server looks at the peer's user besides.
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
/// A listening socket at `path`, mode 0600. A file that is no socket is left alone, and an error.
///
/// Whether a connect succeeds says little: the sockets of a killed io_uring process live on for a
/// while.
UnixOutcome listen_unix(const std::string& path, UnixPlace place);
/// Blocking.
UnixOutcome connect_unix(const std::string& path);
/// Takes the file away. Quiet when it is gone.
void remove_unix(const std::string& path);

/// The user at the other end of a connected unix socket; nothing: it is no such socket.
std::optional<std::uint32_t> peer_user(int fd);

}  // namespace lepus::io
