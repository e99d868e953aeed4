// A delivery on its way to the channel of its consumer, here or on another shard.
#pragma once

#include <utility>

#include "core/queue/consumer.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

/// Sends one delivery to the consumer's channel on another shard.
void send_remote_delivery(QueueHost& host, Deliver& delivery, MessageRef message);

/// Sends one delivery to the consumer's channel, here or on another shard.
inline void send_delivery(QueueHost& host, Consumer& consumer, Deliver& delivery,
                          MessageRef&& message) {
  if (consumer.local == nullptr) return send_remote_delivery(host, delivery, std::move(message));
  if (!consumer.local->on_deliver(delivery, std::move(message))) consumer.paused = true;
}

}  // namespace lepus::core
