// One broker for an address. Each shard has a socket of its own for the same address
// (SO_REUSEPORT), and the kernel would give a share of the connections to any other process of
// this user, too. So a broker listens only where nobody else does:
//
//   wait_until_free() -> ListenTurn -> wait_until_free() -> listen -> ListenNotices -> ~ListenTurn
//
// A turn is an abstract unix socket: like TCP ports these belong to a network namespace, whoever
// the user is, and go with the process. Notices, also such sockets, have a text in their name,
// which the next broker finds in /proc/net/unix: so it can name one of another user.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/limits.h"
#include "io/os.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// Empty, or what cannot be listened on and who has it. Blocks up to `wait` for one in use.
[[nodiscard]] std::string wait_until_free(const std::vector<ListenAddress>& addresses,
                                          core::Nanos wait = core::limits::listen_wait);

/// What a start would find at an address now: the error is empty when it could listen there.
io::ListenOutcome try_listening(const ListenAddress& address);

/// Returns true if another process has one of the addresses now.
bool is_any_in_use(const std::vector<ListenAddress>& addresses);

/// While it lives no other broker is between its check of the addresses and its listening.
class ListenTurn {
 public:
  /// Blocks up to `wait` for another's turn.
  explicit ListenTurn(core::Nanos wait = core::limits::listen_wait);
  ~ListenTurn();
  ListenTurn(const ListenTurn&) = delete;
  ListenTurn& operator=(const ListenTurn&) = delete;
  /// False: another process has it for longer than one can need. Whether two start at once is then
  /// not known.
  bool is_held() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Says to other brokers who listens here, as long as it lives.
class ListenNotices {
 public:
  ListenNotices() = default;
  ~ListenNotices();
  ListenNotices(const ListenNotices&) = delete;
  ListenNotices& operator=(const ListenNotices&) = delete;
  void post(const ListenAddress& address, const std::string& data_dir);

 private:
  std::vector<int> fds_;
};

/// The notice about this address in a table like /proc/net/unix: "lepus (pid 7, data_dir /x)";
/// empty when there is none. `pid` 0: of any process.
std::string find_notice(std::string_view table, const ListenAddress& address, int pid);

}  // namespace lepus::server
