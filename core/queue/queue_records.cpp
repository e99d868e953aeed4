// What the message log is told of a queue's messages.
#include "core/queue/queue_records.h"

#include <algorithm>
#include <vector>

#include "core/base/assert.h"
#include "core/queue/discard_cost.h"

namespace lepus::core {

/// Its record is written for this queue among others.
void QueueRecords::count_persistent(const Message& message) {
  QueueTally& tally = *backlog_.tally;
  ++tally.persistent;
  tally.persistent_bytes += message.body_size();
  if (message.place()) ++tally.disk_writes;
}

void QueueRecords::note_restored(const RestoredRun& run) {
  CHECK(rule_.is_durable);
  QueueTally& tally = *backlog_.tally;
  tally.restored += run.count;
  tally.persistent += run.count;
  tally.persistent_bytes += std::uint64_t{run.body_size} * run.count;
}

void QueueRecords::note_taken(Sequence sequence, const Backlog::Taken& taken) {
  const bool is_persistent =
      rule_.is_durable && (taken.message ? rule_.covers(*taken.message) : !taken.is_spilled);
  if (is_persistent) {
    QueueTally& tally = *backlog_.tally;
    CHECK(tally.persistent > 0);
    --tally.persistent;
    tally.persistent_bytes -= taken.message ? taken.message->body_size() : taken.evicted_body_size;
  }
  if (!taken.place || (taken.message && !rule_.covers(*taken.message))) return;
  if (taken.is_spilled) {
    CHECK(!taken.message);
    message_log_.dropped(taken.place);
  } else {
    message_log_.settled(taken.place, {queue_, sequence});
  }
}

void QueueRecords::advance_durable_watermark(Sequence sequence) {
  CHECK(rule_.is_durable);
  if (const Sequence below = backlog_.advance_watermark(sequence); below != 0)
    message_log_.delivery_watermark({queue_, below});
}

void QueueRecords::repeat_watermarks() {
  if (!rule_.is_durable) return;
  backlog_.for_each_watermark([this](Sequence below) {
    message_log_.delivery_watermark({queue_, below});
  });
}

bool QueueRecords::drop_next(std::size_t& budget) {
  std::vector<Sequence> dropped;
  backlog_.for_each([&](Sequence sequence, const Slot& slot) {
    if (budget == 0) return false;
    budget -= std::min(budget, discard_cost(slot.is_evicted() ? nullptr : slot.message()));
    const RecordLocation place = slot.is_evicted() ? slot.place() : slot.message()->place();
    if (place && (slot.is_evicted() || rule_.covers(*slot.message()))) message_log_.dropped(place);
    dropped.push_back(sequence);
    return true;
  });
  for (const Sequence sequence : dropped) (void)backlog_.take(sequence);
  return backlog_.resident_count() + backlog_.counts().evicted > 0;
}

/// A record that is not written yet is not looked for.
std::optional<LocatedRecord> QueueRecords::find(Sequence sequence) const {
  const Slot slot = backlog_.slot_at(sequence);
  if (slot.state() == Slot::State::gone) return std::nullopt;
  if (slot.is_evicted()) return LocatedRecord{slot.place(), nullptr};
  if (!rule_.covers(*slot.message()) || !slot.message()->place()) return std::nullopt;
  return LocatedRecord{slot.message()->place(), slot.message()};
}

}  // namespace lepus::core
