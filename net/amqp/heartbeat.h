// When heartbeats are due, in both directions (AMQP 0-9-1 section 4.2.7).
//
//   to the client:   something at least every half interval, the first half an interval after
//                    start(); clients give up after one silent interval, or two
//   from the client: one that was silent for three intervals is gone. RabbitMQ looks once an
//                    interval and gives up at the second look without change: after two to three
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"

namespace lepus::amqp {

class Heartbeat {
 public:
  /// 0 seconds: there are none.
  void start(std::uint16_t interval_s, core::Nanos now) {
    interval_ = interval_s * core::nanos_per_s;
    sent_ = received_ = now;
  }
  bool is_on() const { return interval_ > 0; }
  void on_received(core::Nanos now) { received_ = now; }
  void on_sent(core::Nanos now) { sent_ = now; }
  bool is_send_due(core::Nanos now) const { return now - sent_ >= interval_ / 2; }
  bool is_peer_gone(core::Nanos now) const { return now - received_ >= 3 * interval_; }
  enum class Due : std::uint8_t { nothing, send, peer_gone };
  /// What is due now. While we do not read (`is_reading` false), the client's silence says nothing.
  Due look(core::Nanos now, bool is_reading) {
    if (!is_on()) return Due::nothing;
    if (!is_reading) on_received(now);
    if (is_peer_gone(now)) return Due::peer_gone;
    if (!is_send_due(now)) return Due::nothing;
    on_sent(now);
    return Due::send;
  }
  /// When one of the two may have become true.
  core::Nanos next_look() const {
    return std::min(sent_ + interval_ / 2, received_ + 3 * interval_);
  }

 private:
  core::Nanos interval_ = 0;
  core::Nanos sent_ = 0;
  core::Nanos received_ = 0;
};

}  // namespace lepus::amqp
