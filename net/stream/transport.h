// The seam between a shard and what carries its bytes: sockets through the loop, a user-space stack
// that is polled.
//
//   listen() -> Acceptor::on_accept(stream, identity) ...  stop() -> on_listener_closed() for each
//   each turn: poll() -> ... the broker ... -> flush() -> may_sleep()
//
// Handlers of streams are called from completions, timers, poll() and flush(), never inside a call
// of the handler's owner. So what flush() brings is for the next turn, or for what is left of this
// one. A transport may take bytes of a send chain and acknowledge them turns later
// (SendChain::lend).
#pragma once

#include <memory>

#include "net/stream/listener_identity.h"
#include "net/stream/stream.h"

namespace lepus::net {

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// After stop(), when all listeners and streams are closed; or never used.
  virtual ~Transport() = default;

  /// Accepts from now on, for an acceptor that outlives its last on_listener_closed().
  virtual void listen(Listening listening, Acceptor& acceptor) = 0;
  /// At the begin of a turn: takes what came that no completion tells of. Returns true if it did
  /// something.
  virtual bool poll() = 0;
  /// At the end of a turn: what was touched leaves.
  virtual void flush() = 0;
  /// False: it has to be polled again at once.
  virtual bool may_sleep() const = 0;
  /// Listeners close; streams are closed by those who have them.
  virtual void stop() = 0;

  /// Destroys a closed stream, or a filter that owns it, at the next flush().
  virtual void destroy_later(std::unique_ptr<Stream> stream) = 0;
  /// Memory of what waits to be sent.
  virtual std::size_t output_bytes() const = 0;
};

}  // namespace lepus::net
