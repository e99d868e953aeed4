// Queues by turns, each a piece.
#include "core/broker/eviction_list.h"

#include <algorithm>

#include "core/limits.h"

namespace lepus::core {

void EvictionList::add(QueueId queue, bool has_own_limit) {
  CHECK(queue);
  (has_own_limit ? limited_ : candidates_).add(queue);
}

void EvictionList::work(QueueHost::Turn& turn) {
  note_written();
  const bool memory_pressure = memory_.message_bytes > pressure_threshold_;
  if (memory_pressure && !turn.memory_pressure) ++turn.pressure_epoch;
  turn.memory_pressure = memory_pressure;
  has_more_ = false;
  const auto is_gone = [this](QueueId id) { return queues_.find(id) == nullptr; };
  limited_.tidy(queues_.size(), is_gone);
  candidates_.tidy(queues_.size(), is_gone);
  evict(limited_, memory_pressure, 0);
  evict(candidates_, memory_pressure, std::min(limits::resident_max, pressure_threshold_));
}

void EvictionList::note_written() {
  std::erase_if(written_awaited_, [this](QueueId id) {
    Queue* queue = queues_.find(id);
    return queue == nullptr || !queue->storage().on_written();
  });
}

/// Each queue a piece, until no more than `enough` bytes of messages are in memory.
void EvictionList::evict(EvictionCandidates& candidates, bool memory_pressure,
                         std::uint64_t enough) {
  const auto visit = [&](QueueId id) {
    Queue* queue = queues_.find(id);
    if (queue == nullptr) return false;
    QueueStorage& storage = queue->storage();
    if (storage.resident_count() == 0) {
      storage.on_eviction_done();
      return false;
    }
    has_more_ |= storage.evict(memory_pressure);
    return true;
  };
  candidates.visit_next(visit, [&] { return memory_.message_bytes <= enough; });
}

}  // namespace lepus::core
