// Making and dropping queues; what the message log asks goes to the queue that holds the message.
#include "core/broker/queue_table.h"

#include <algorithm>
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
  walk_.add(info.id, [this](QueueId id) { return find(id) != nullptr; });
  info.local = queues_.emplace(info.id, make_queue(info, host_)).first->second.get();
  if (restorer_ == nullptr || !info.survives_restart()) return;
  info.local->storage().restore(restorer_->restore(info));
}

bool QueueTable::prepare_removal(QueueId id, std::size_t& budget) {
  Queue* queue = find(id);
  if (queue == nullptr) return true;
  queue->set_deleting();
  QueueForwards& forwards = queue->forwards();
  QueueConsumers& consumers = queue->consumers();
  Removal& removal =
      removals_.try_emplace(id, Removal{forwards.pending_count(), consumers.all().size()})
          .first->second;
  if (removal.forwards_left > 0) {
    const std::size_t share = std::min(removal.forwards_left, budget);
    std::size_t unused = share;
    const bool has_more = forwards.forward_rest(unused);
    budget -= share - unused;
    removal.forwards_left = has_more ? removal.forwards_left - (share - unused) : 0;
    if (removal.forwards_left > 0) return false;
  }
  for (; removal.consumers_left > 0 && !consumers.all().empty(); --removal.consumers_left) {
    if (budget == 0) return false;
    --budget;
    cancel_oldest(consumers);
  }
  return true;
}

void QueueTable::cancel_oldest(QueueConsumers& consumers) {
  Consumer& consumer = consumers.all().front();
  const ConsumerCancelled cancelled{consumer.spec.channel, consumer.spec.number};
  consumers.unsubscribe(consumer);
  host_.send_to_session(cancelled.channel.shard, ConsumerCancelled{cancelled});
}

void QueueTable::remove(QueueId id) {
  removals_.erase(id);
  Queue* queue = find(id);
  if (queue == nullptr) return;
  std::size_t rest = limits::discards_per_turn_max;
  (void)queue->forwards().forward_rest(rest);
  while (!queue->consumers().all().empty()) cancel_oldest(queue->consumers());
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
