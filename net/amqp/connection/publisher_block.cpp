// Told once an alarm, whatever becomes short in addition.
#include "net/amqp/connection/publisher_block.h"

#include <utility>

#include "core/limits.h"

namespace lepus::amqp {

void PublisherBlock::block(const core::Alarm& alarm, bool is_half_done, core::Nanos now) {
  CHECK(alarm.any());
  parts_.input.stop(InputStop::alarm);
  if (is_half_done) {
    stopped_at_ = now;
    // Heartbeats look more often anyway.
    if (parts_.facts.tuned.heartbeat_s == 0)
      parts_.timer.arm_at(now + core::limits::content_stop_wait);
  }
  if (is_told_ || !parts_.facts.capabilities.connection_blocked) return;
  is_told_ = true;
  const char* reason = alarm.memory ? "low on memory" : "low on disk";
  parts_.output.send(
      0, ConnectionBlocked{alarm.memory && alarm.disk ? "low on memory & disk" : reason});
}

void PublisherBlock::unblock() {
  if (std::exchange(is_told_, false)) parts_.output.send(0, ConnectionUnblocked{});
  stopped_at_ = 0;
  parts_.input.allow(InputStop::alarm);
}

bool PublisherBlock::stopped_long(core::Nanos now) const {
  return stopped_at_ != 0 && now - stopped_at_ >= core::limits::content_stop_wait;
}

}  // namespace lepus::amqp
