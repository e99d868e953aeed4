// Where a connection is in its life. The parts that bring it forward (handshake.h, closing.h) share
// this object; move_to() checks each move.
//
//   awaiting_header -> starting -> tuning -> opening -> open -> closing -> lingering -> finished
//   a fault before open -> lingering; any but the first -> close_sent -> finished; any -> finished
//
//   closing: the client asked; channels give back what they hold before close-ok
//   close_sent: we said connection.close; everything but close-ok is discarded
//   lingering: it is over, the socket is left to the client for a while (net/amqp/lingering.h)
#pragma once

#include <cstdint>

#include "core/base/assert.h"

namespace lepus::amqp {

enum class Phase : std::uint8_t {
  awaiting_header,
  starting,
  tuning,
  opening,
  open,
  closing,
  close_sent,
  lingering,
  finished
};

class ConnectionPhase {
 public:
  Phase now() const { return now_; }
  bool is(Phase phase) const { return now_ == phase; }
  /// Connection.open was done, and it is not over yet.
  bool is_in_use() const { return is(Phase::open) || is(Phase::closing); }
  void move_to(Phase next) {
    CHECK(may_move_to(next));
    now_ = next;
  }
  bool may_move_to(Phase next) const {
    switch (next) {
      case Phase::awaiting_header:
        return false;
      case Phase::starting:
      case Phase::tuning:
      case Phase::opening:
      case Phase::open:
      case Phase::closing:  // One step.
        return static_cast<int>(next) == static_cast<int>(now_) + 1;
      case Phase::close_sent:
        return !is(Phase::awaiting_header) && !is(Phase::close_sent) && !is(Phase::finished);
      case Phase::lingering:
        return is(Phase::closing) || (now_ > Phase::awaiting_header && now_ < Phase::open);
      case Phase::finished:
        return true;
    }
    return false;
  }

 private:
  Phase now_ = Phase::awaiting_header;
};

}  // namespace lepus::amqp
