// Connections that are over for the broker and whose socket is left to the client for a while:
// after close-ok (the client closes the socket, as with RabbitMQ), and after a login or a handshake
// that failed (who guesses passwords waits). Each has a timer of its own; this list bounds how many
// there are at a time, and counts how many refused logins are answered at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/time.h"
#include "core/limits.h"

namespace lepus::amqp {

template <class Connection>
class LingerList {
 public:
  /// Returns the oldest when there are too many: it is to be closed now, and leaves the list.
  Connection* add(Connection& connection) {
    list_.push_back(connection);
    if (++count_ <= core::limits::lingering_max) return nullptr;
    Connection& oldest = list_.front();
    remove(oldest);
    return &oldest;
  }
  void remove(Connection& connection) {
    if (!connection.linked()) return;
    list_.remove(connection);
    --count_;
  }
  std::size_t count() const { return count_; }

  /// Whether a login refused now is told so now; who guesses faster than this many a second waits
  /// as long as a client that cannot be told.
  bool tells_refusal_at_once(core::Nanos now) {
    if (now - refusals_since_ >= core::nanos_per_s) {
      refusals_since_ = now;
      refusals_ = 0;
    }
    return ++refusals_ <= core::limits::refusals_per_second;
  }

 private:
  core::IntrusiveList<Connection> list_;  ///< Oldest first.
  std::size_t count_ = 0;
  core::Nanos refusals_since_ = 0;
  std::uint64_t refusals_ = 0;  ///< Since then.
};

}  // namespace lepus::amqp
