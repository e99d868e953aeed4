// What an alarm does to a connection that publishes: its input is held, and its client is told when
// it understands that (connection.blocked, connection.unblocked).
//
// A client that was stopped in the middle of a content or a transaction may hold what causes the
// alarm: stopped_long() says when it has for too long.
#pragma once

#include "core/base/time.h"
#include "core/broker/command.h"
#include "net/amqp/connection/connection_timer.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/output.h"

namespace lepus::amqp {

class PublisherBlock {
 public:
  /// All outlive this object.
  struct Parts {
    const ConnectionFacts& facts;
    Output& output;
    InputGate& input;
    ConnectionTimer& timer;
  };
  explicit PublisherBlock(const Parts& parts) : parts_(parts) {}

  /// The client publishes while something is short. `is_half_done`: it is in the middle of a
  /// content or a transaction; the timer then fires when stopped_long() may have become true.
  void block(const core::Alarm& alarm, bool is_half_done, core::Nanos now);
  /// Nothing is short any more.
  void unblock();
  bool stopped_long(core::Nanos now) const;

 private:
  Parts parts_;
  bool is_told_ = false;
  core::Nanos stopped_at_ = 0;  ///< Half done; 0: it was not.
};

}  // namespace lepus::amqp
