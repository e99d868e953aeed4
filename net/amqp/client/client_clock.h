// The times of a client's connection: heartbeats in both directions, and an answer that is awaited.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"
#include "net/amqp/heartbeat.h"

namespace lepus::amqp {

class ClientClock {
 public:
  explicit ClientClock(core::Nanos answer_wait) : answer_wait_(answer_wait) {}

  void start_heartbeat(std::uint16_t interval_s, core::Nanos now) {
    heartbeat_.start(interval_s, now);
  }
  void on_received(core::Nanos now) { heartbeat_.on_received(now); }
  void await_answer(core::Nanos now) { answer_due_ = now + answer_wait_; }
  void note_answered() { answer_due_ = core::never; }
  bool is_answer_late(core::Nanos now) const { return now >= answer_due_; }
  /// As of Heartbeat::look().
  Heartbeat::Due look(core::Nanos now, bool is_reading) { return heartbeat_.look(now, is_reading); }
  core::Nanos next_look() const {
    return heartbeat_.is_on() ? std::min(answer_due_, heartbeat_.next_look()) : answer_due_;
  }

 private:
  const core::Nanos answer_wait_;
  core::Nanos answer_due_ = core::never;
  Heartbeat heartbeat_;
};

}  // namespace lepus::amqp
