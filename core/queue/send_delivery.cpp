// Across shards, a message is a copy or the only reference.
#include "core/queue/send_delivery.h"

namespace lepus::core {

void send_remote_delivery(QueueHost& host, Deliver& delivery, MessageRef message) {
  CHECK(!delivery.message);
  delivery.message = export_message(std::move(message));
  host.outbox().send(delivery.channel.shard, std::move(delivery));
}

}  // namespace lepus::core
