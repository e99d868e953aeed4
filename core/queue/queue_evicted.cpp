// A queue some of whose messages are on disk only: what it does when one comes back, or is lost.
#include <utility>

#include "core/queue/queue.h"

namespace lepus::core {

bool Queue::evict(bool memory_pressure) { return !replays_ && residency_.evict(memory_pressure); }

std::optional<LocatedRecord> Queue::locate(Sequence sequence) const {
  return records_.find(sequence);
}

void Queue::on_moved(Sequence sequence, const RecordLocation& place) {
  messages().move(sequence, place);
}

bool Queue::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  host_.schedule(*this);
  switch (residency_.on_fetched(sequence, place, std::move(message))) {
    case Residency::Fetched::ignored:
      return false;
    case Residency::Fetched::lost:
      lose(sequence);
      return true;
    case Residency::Fetched::resident:
      break;
  }
  serve_replays();
  if (!dead_letters_ || !dead_letters_->is_in_flight(sequence)) return false;
  forward(sequence, dead_letters_->reason(sequence));
  resume_forwarding();
  return false;
}

void Queue::lose(Sequence sequence) {
  (void)take(sequence);
  if (dead_letters_) resume_forwarding();
}

/// A channel that is closing gives back at once what it gets, and then this queue pumps again.
void Queue::serve_gets() {
  const std::vector<Get> gets = residency_.take_pending_gets();
  std::size_t done = 0;
  for (; done < gets.size(); ++done) {
    // Nobody would give back what its channel does not take.
    const bool is_gone =
        gets[done].channel.shard == host_.shard() && !host_.is_attached(gets[done].channel);
    if (is_gone) continue;
    if (messages().ready_count() > 0 && !residency_.obtain_head()) break;
    answer_get(gets[done]);
  }
  residency_.return_pending_gets(std::span{gets}.subspan(done));
}

void Queue::abandon_gets() {
  for (const Get& get : residency_.take_pending_gets())
    host_.answer_get({get.channel, 0, info_->id, 0, {}, host_.shard(), false, true}, {});
}

}  // namespace lepus::core
