// Which queues give up memory, and when: messages whose record is on disk above
// limits::resident_max, everything that can be written there when memory is short, and what queues'
// own limits ask for.
#include <algorithm>
#include <utility>

#include "core/broker/broker.h"
#include "core/limits.h"

namespace lepus::core {

std::optional<LocatedRecord> Broker::locate(const QueuePosition& at) {
  const Queue* queue = find_queue(at.queue);
  return queue == nullptr ? std::nullopt : queue->locate(at.sequence);
}

void Broker::on_moved(const QueuePosition& at, const RecordLocation& place) {
  Queue* queue = find_queue(at.queue);
  CHECK(queue != nullptr);
  queue->on_moved(at.sequence, place);
}

bool Broker::on_fetched(const QueuePosition& at, const RecordLocation& place, MessageRef message) {
  Queue* queue = find_queue(at.queue);
  return queue != nullptr && queue->on_fetched(at.sequence, place, std::move(message));
}

void Broker::on_lost(const QueuePosition& at) {
  Queue* queue = find_queue(at.queue);
  CHECK(queue != nullptr);
  queue->lose(at.sequence);
}

void Broker::add_eviction_candidate(QueueId queue, bool has_own_limit) {
  CHECK(queue);
  (has_own_limit ? eviction_.limited : eviction_.all).add(queue);
}

void Broker::note_written() {
  std::erase_if(written_awaited_, [this](QueueId id) {
    Queue* queue = find_queue(id);
    return queue == nullptr || !queue->on_written();
  });
}

void Broker::evict() {
  const bool memory_pressure = memory_.message_bytes > memory_pressure_threshold_;
  if (memory_pressure && !turn_.memory_pressure) ++turn_.pressure_epoch;
  turn_.memory_pressure = memory_pressure;
  eviction_.has_more = false;
  const auto is_gone = [this](QueueId id) { return find_queue(id) == nullptr; };
  // Each queue a piece, until no more than `enough` bytes of messages are in memory.
  const auto evict_from = [&](EvictionCandidates& candidates, std::uint64_t enough) {
    candidates.tidy(queues_.size(), is_gone);
    const auto visit = [this](QueueId id) {
      Queue* queue = find_queue(id);
      if (queue == nullptr) return false;
      if (queue->resident_count() == 0) {
        queue->on_eviction_done();
        return false;
      }
      eviction_.has_more |= queue->evict(turn_.memory_pressure);
      return true;
    };
    candidates.visit_next(visit, [&] { return memory_.message_bytes <= enough; });
  };
  evict_from(eviction_.limited, 0);
  evict_from(eviction_.all, std::min(limits::resident_max, memory_pressure_threshold_));
}

}  // namespace lepus::core
