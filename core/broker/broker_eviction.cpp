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
  (has_own_limit ? limited_candidates_ : candidates_).add(queue);
}

void Broker::note_written() {
  std::erase_if(written_awaited_, [this](QueueId id) {
    Queue* queue = find_queue(id);
    return queue == nullptr || !queue->on_written();
  });
}

std::uint64_t Broker::resident_max() const {
  return std::min(limits::resident_max, memory_pressure_threshold_);
}

void Broker::evict() {
  const bool memory_pressure = memory_.message_bytes > memory_pressure_threshold_;
  if (memory_pressure && !turn_.memory_pressure) ++turn_.pressure_epoch;
  turn_.memory_pressure = memory_pressure;
  has_more_to_evict_ = false;
  const auto is_gone = [this](QueueId id) { return find_queue(id) == nullptr; };
  limited_candidates_.tidy(queues_.size(), is_gone);
  candidates_.tidy(queues_.size(), is_gone);
  if (!limited_candidates_.empty()) evict_from(limited_candidates_, 0);
  if (memory_.message_bytes > resident_max()) evict_from(candidates_, resident_max());
}

/// Each queue a piece, until no more than `enough` bytes of messages are in memory.
void Broker::evict_from(EvictionCandidates& candidates, std::uint64_t enough) {
  const auto visit = [this](QueueId id) {
    Queue* queue = find_queue(id);
    if (queue == nullptr) return false;
    if (queue->resident_count() == 0) {
      queue->on_eviction_done();
      return false;
    }
    has_more_to_evict_ |= queue->evict(turn_.memory_pressure);
    return true;
  };
  candidates.visit_next(visit, [&] { return memory_.message_bytes <= enough; });
}

}  // namespace lepus::core
