// What the process asks of the operating system before its loops run: sockets, processors, limits.
// Plain blocking calls; nothing here is used once a loop turns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lepus::io {

struct ListenConfig {
  std::string
      address;  ///< Numeric or a name; "::" or empty: all IPv4 and IPv6, "0.0.0.0": all IPv4.
  std::uint16_t port = 0;  ///< 0: the kernel chooses; see local_port().
  int backlog = 128;
  // Accepted sockets inherit these.
  bool nodelay = true;
  bool keepalive = true;
  int send_buffer_size = 0;     ///< 0: the kernel's choice, which grows with the traffic.
  int receive_buffer_size = 0;  ///< As above.
};

struct ListenOutcome {
  int fd = -1;         ///< Owned by the caller; -1 on failure.
  std::string error;   ///< What failed, where, what to do.
  int error_code = 0;  ///< An errno, 0 when the address is no address.
};

/// A listening TCP socket. SO_REUSEPORT: each shard has its own for the same address, and so could
/// any other process of this user: probe_tcp() asks before.
ListenOutcome listen_tcp(const ListenConfig& config);

/// Whether listen_tcp() would be alone: it fails with EADDRINUSE while any process listens on this
/// address or on one that overlaps it (0.0.0.0, ::). The outcome has no descriptor in any case.
ListenOutcome probe_tcp(const ListenConfig& config);

/// Port a socket is bound to; 0 when it is not.
std::uint16_t local_port(int fd);

/// For descriptors that no loop owns.
void close_fd(int fd);

/// Processors this process may use, ascending.
std::vector<int> allowed_cpus();

/// Binds the calling thread. Empty: done, else what failed.
std::string pin_thread(int cpu);

/// Lets the calling thread run on any of these. Empty: done, else what failed.
std::string pin_thread_to(const std::vector<unsigned>& cpus);

/// The calling thread gets less of a processor that others want, too: `step` as nice(1) counts it,
/// 0 to 19. Nothing happens where the kernel refuses.
void lower_thread_priority(int step);

/// For ps and debuggers; cut to 15 bytes.
void name_thread(const std::string& name);

/// Open files of this process, and how many it may have.
struct FileUse {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
};
/// Reads /proc: for operators, not for anything that must be quick.
FileUse file_use();
/// The limit alone: quick.
std::uint64_t file_limit();
/// Of this process. Reads /proc, too.
std::uint64_t thread_count();

/// Raises the soft limit of open files to the hard one. Returns the limit now in force.
std::uint64_t raise_file_limit();

}  // namespace lepus::io
