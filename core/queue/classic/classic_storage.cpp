// What is there after a restart, and contents that come from disk, or do not.
#include "core/queue/classic/classic_storage.h"

#include <utility>

#include "core/queue/queue_description.h"

namespace lepus::core {

/// The message log may move what is held away from where deliveries were announced.
void ClassicStorage::restore(const RestoredQueue& restored) {
  CHECK(context_.messages.records().rule().is_durable);
  QueueHost& host = context_.host;
  QueueState& state = context_.messages.state();
  for (const RestoredRun& run : restored.runs) {
    state.restore(run, host.now(), host.turn().wall_clock_offset);
    context_.messages.records().note_restored(run);
  }
  note_restored_times(restored, host.turn(), state.messages());
  state.end_restore();
  if (!restored.runs.empty()) parts_.residency.engage();
  for (const Sequence next : restored.next) state.messages().continue_at(next);
  for (const Sequence below : restored.delivered_below) state.messages().restore_watermark(below);
  context_.timer.wake_at(state.next_deadline());
  // What was unacknowledged counts again. Dropped when exchanges and bindings are there, too.
  if (state.is_over_limit()) host.add_deadline(host.now(), context_.info.id);
  if (context_.messages.ready_count() > 0) host.schedule(context_.queue);
}

bool ClassicStorage::drop_records(std::size_t& budget) {
  parts_.gets.abandon();
  parts_.residency.drop_pending();
  return context_.messages.records().drop_next(budget);
}

bool ClassicStorage::on_fetched(Sequence sequence, const RecordLocation& place,
                                MessageRef message) {
  context_.host.schedule(context_.queue);
  switch (parts_.residency.on_fetched(sequence, place, std::move(message))) {
    case Residency::Fetched::ignored:
      return false;
    case Residency::Fetched::unreadable:
      park(sequence);
      return true;
    case Residency::Fetched::resident:
      break;
  }
  parts_.forwarding.on_resident(sequence);
  // What is to be sent again goes at once: before the queue's turn to be pumped it might leave
  // memory again, and again.
  const Slot slot = context_.messages.backlog().slot_at(sequence);
  if (slot.state() == Slot::State::unacked) (void)context_.queue.pump();
  return false;
}

/// What is retained and not on its way out is read again when its time comes.
void ClassicStorage::park(Sequence sequence) {
  QueueState& state = context_.messages.state();
  UnreadableMessages& unreadable = state.messages().tally->unreadable;
  CHECK(state.messages().slot_at(sequence).is_evicted());
  if (state.messages().state(sequence) != Slot::State::retained) {
    state.messages().retain(sequence);
    unreadable.add({sequence});
    (void)parts_.forwarding.on_unreadable(sequence);
  } else if (const auto reason = parts_.forwarding.on_unreadable(sequence)) {
    unreadable.add({sequence, reason});
  }
}

std::size_t ClassicStorage::resolve_unreadable(const UnreadableOrder& order, std::size_t count) {
  QueueState& state = context_.messages.state();
  QueueTally& tally = *state.messages().tally;
  CHECK(count > 0);
  const std::vector<UnreadableMessages::Entry> taken = tally.unreadable.take(order, count);
  for (const UnreadableMessages::Entry& entry : taken) {
    if (state.messages().state(entry.sequence) != Slot::State::retained) continue;
    if (order.drops) {
      tally.lost += entry.reason ? 0 : 1;
      (void)context_.messages.take(entry.sequence);
    } else if (entry.reason) {
      parts_.forwarding.retry(entry.sequence, *entry.reason);
    } else if (!state.unpark(entry.sequence)) {
      parts_.forwarding.discard(entry.sequence, DeathReason::expired);
    }
  }
  if (state.is_over_limit()) context_.host.add_deadline(context_.host.now(), context_.info.id);
  context_.host.schedule(context_.queue);
  return taken.size();
}

/// What was given up before is counted as that.
void ClassicStorage::lose(Sequence sequence) {
  QueueState& state = context_.messages.state();
  QueueTally& tally = *state.messages().tally;
  const auto held = [&] {
    return state.messages().ready_count() + state.unacked_count() + tally.unreadable.count() -
           tally.unreadable.given_up_count();
  };
  const std::uint64_t held_before = held();
  (void)context_.messages.take(sequence);
  tally.unreadable.remove(sequence);
  if (held() < held_before) ++tally.lost;
  (void)parts_.forwarding.on_unreadable(sequence);
}

}  // namespace lepus::core
