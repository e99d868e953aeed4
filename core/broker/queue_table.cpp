// Making and dropping queues; what the message log asks goes to the queue that holds the message.
#include "core/broker/queue_table.h"

#include <utility>

#include "core/limits.h"
#include "core/queue_kinds.h"

namespace lepus::core {

void QueueTable::clear() {
  for (auto& [id, queue] : queues_) {
    QueueConsumers& consumers = queue->consumers();
    while (!consumers.all().empty()) consumers.unsubscribe(consumers.all().back());
    host_.unschedule(*queue);
  }
  queues_.clear();
}

Queue* QueueTable::find(QueueId id) {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->second.get();
}

void QueueTable::add(QueueInfo& info) {
  info.local = queues_.emplace(info.id, make_queue(info, host_)).first->second.get();
  if (restorer_ == nullptr || !info.survives_restart()) return;
  info.local->storage().restore(restorer_->restore(info));
}

void QueueTable::remove(QueueId id) {
  Queue* queue = find(id);
  if (queue == nullptr) return;
  std::size_t unlimited = SIZE_MAX;
  (void)queue->forwards().forward_pending(unlimited);
  QueueConsumers& consumers = queue->consumers();
  while (!consumers.all().empty()) {
    Consumer& consumer = consumers.all().front();
    const ConsumerCancelled cancelled{consumer.spec.channel, consumer.spec.number};
    consumers.unsubscribe(consumer);
    host_.send_to_session(cancelled.channel.shard, ConsumerCancelled{cancelled});
  }
  host_.unschedule(*queue);
  const auto entry = queues_.find(id);
  std::size_t budget = limits::discards_per_turn_max;
  if (queue->storage().drop_records(budget)) discards_.add(std::move(entry->second));
  queues_.erase(entry);
}

void QueueTable::repeat_watermarks() {
  const std::uint64_t lost = host_.message_log().watermarks_lost();
  if (std::exchange(watermarks_lost_, lost) == lost) return;
  for (auto& [id, queue] : queues_) queue->storage().repeat_watermarks();
}

std::optional<LocatedRecord> QueueTable::locate(const QueuePosition& position) {
  Queue* queue = find(position.queue);
  return queue == nullptr ? std::nullopt : queue->storage().locate(position.sequence);
}

void QueueTable::on_moved(const QueuePosition& position, const RecordLocation& place) {
  Queue* queue = find(position.queue);
  CHECK(queue != nullptr);
  queue->storage().on_moved(position.sequence, place);
}

bool QueueTable::on_fetched(const QueuePosition& position, const RecordLocation& place,
                            MessageRef message) {
  Queue* queue = find(position.queue);
  return queue != nullptr &&
         queue->storage().on_fetched(position.sequence, place, std::move(message));
}

void QueueTable::on_lost(const QueuePosition& position) {
  Queue* queue = find(position.queue);
  CHECK(queue != nullptr);
  queue->storage().lose(position.sequence);
}

}  // namespace lepus::core
