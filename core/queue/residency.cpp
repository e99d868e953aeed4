// Evicting, spilling, fetching.
#include "core/queue/residency.h"

#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/limits.h"

namespace lepus::core {

Residency::Residency(const Parts& parts, bool reads_back)
    : parts_(parts), reads_back_(reads_back) {}

Residency::State& Residency::state() {
  if (!state_) state_ = std::make_unique<State>();
  return *state_;
}

void Residency::engage() {
  if (reads_back_) (void)state();
}

void Residency::release() {
  if (!state_ || parts_.backlog.counts().evicted > 0) return;
  if (state_->spilled.empty() && state_->requested_count == 0) state_.reset();
}

// --- Out of memory

void Residency::add_candidate() {
  CHECK(!is_candidate_);
  is_candidate_ = true;
  parts_.host.add_eviction_candidate(parts_.info.id, has_own_limit());
}

void Residency::on_policy_changed() {
  // In the list that is right for it now.
  is_candidate_ = false;
  if (parts_.backlog.resident_count() > 0) add_candidate();
}

bool Residency::has_own_limit() const {
  const QueueArguments& rules = *parts_.info.effective;
  return rules.queue_mode == QueueMode::lazy || rules.max_in_memory_length ||
         rules.max_in_memory_bytes;
}

bool Residency::is_above_own_limit() const {
  const QueueArguments& rules = *parts_.info.effective;
  const PriorityBacklog& backlog = parts_.backlog;
  if (rules.queue_mode == QueueMode::lazy) return backlog.resident_count() > 0;
  if (rules.max_in_memory_length && backlog.resident_count() > *rules.max_in_memory_length)
    return true;
  return rules.max_in_memory_bytes && backlog.counts().bytes > *rules.max_in_memory_bytes;
}

/// Messages from the head on that may stay in memory.
std::uint64_t Residency::head_count() const {
  const QueueArguments& rules = *parts_.info.effective;
  const std::uint64_t resident_count = parts_.backlog.resident_count();
  CHECK(resident_count > 0);
  const std::uint64_t size_mean =
      std::max<std::uint64_t>(parts_.backlog.counts().bytes / resident_count, 1);
  if (!has_own_limit())
    return std::clamp<std::uint64_t>(limits::resident_head_bytes / size_mean, 1,
                                     limits::resident_head_count);
  if (rules.queue_mode == QueueMode::lazy) return 0;
  return std::min(rules.max_in_memory_length.value_or(UINT64_MAX),
                  rules.max_in_memory_bytes.value_or(UINT64_MAX) / size_mean);
}

bool Residency::evict(bool memory_pressure) {
  PriorityBacklog& backlog = parts_.backlog;
  const std::uint64_t resident_count = backlog.resident_count();
  if (resident_count == 0) return false;
  Backlog::Eviction options;
  options.memory_pressure = memory_pressure;
  options.appends = reads_back_ && (memory_pressure || is_above_own_limit());
  options.is_recorded = parts_.records.rule().is_durable;
  options.all_recorded = parts_.records.rule().records_all;
  options.written_end = parts_.host.message_log().written_end();
  options.count = limits::page_out_count;
  options.keep = reads_back_ ? head_count() : 0;
  const std::uint32_t epoch = parts_.host.turn().pressure_epoch;
  if (std::exchange(pressure_epoch_, epoch) != epoch && memory_pressure)
    backlog.restart_under_pressure();
  const std::uint32_t count = backlog.evict(
      options,
      [this](Sequence sequence, const Message& message) { return spill(sequence, message); });
  if (backlog.resident_count() < resident_count) engage();
  return count > 0;
}

/// False: the message log takes no more now.
bool Residency::spill(Sequence sequence, const Message& message) {
  CHECK(reads_back_);
  MessageLog& message_log = parts_.host.message_log();
  if (message_log.is_behind()) return false;
  const RecordLocation place = message_log.append_paged(message, {parts_.info.id, sequence});
  if (!place) return false;
  if (state().spilled.empty()) parts_.host.await_written(parts_.info.id);
  state().spilled.push_back({message_log.open_batch(), sequence, place});
  ++parts_.backlog.tally->disk_writes;
  return true;
}

bool Residency::on_written() {
  if (!state_) return false;
  MessageLog& message_log = parts_.host.message_log();
  const std::uint64_t durable = message_log.durable();
  std::deque<Spilled>& spilled = state_->spilled;
  for (; !spilled.empty() && spilled.front().batch <= durable; spilled.pop_front()) {
    const Spilled& next = spilled.front();
    // It may have been delivered and settled meanwhile.
    if (!parts_.backlog.make_evicted(next.sequence, next.place, true))
      message_log.dropped(next.place);
  }
  return !spilled.empty();
}

void Residency::drop_pending() {
  if (!state_) return;
  for (const Spilled& spilled : std::exchange(state_->spilled, {}))
    parts_.host.message_log().dropped(spilled.place);
}

// --- Back into memory

bool Residency::obtain_head() {
  const Backlog::Ready head = parts_.backlog.peek();
  if (head.message != nullptr) return true;
  request_fetch(head.sequence);
  return false;
}

void Residency::request_fetch(Sequence sequence) {
  if (!parts_.backlog.request_fetch(sequence)) return;
  ++state().requested_count;
  const MessageLog::FetchRequest wanted{{parts_.info.id, sequence},
                                        parts_.backlog.slot_at(sequence).place()};
  parts_.host.message_log().fetch({&wanted, 1});
}

void Residency::read_ahead() {
  CHECK(state_ != nullptr);
  const bool memory_pressure = parts_.host.turn().memory_pressure;
  const std::uint32_t count =
      memory_pressure ? limits::read_ahead_count_short : limits::read_ahead_count;
  if (state_->requested_count > count / 2) return;
  boost::container::small_vector<MessageLog::FetchRequest, 64> wanted;
  parts_.backlog.request_ahead(
      count - state_->requested_count,
      memory_pressure ? limits::read_ahead_bytes_short : limits::read_ahead_bytes,
      [&](Sequence sequence, const RecordLocation& place) {
        wanted.push_back({{parts_.info.id, sequence}, place});
      });
  if (wanted.empty()) return;
  state_->requested_count += static_cast<std::uint32_t>(wanted.size());
  parts_.host.message_log().fetch(wanted);
}

Residency::Fetched Residency::on_fetched(Sequence sequence, const RecordLocation& place,
                                         MessageRef message) {
  CHECK(state_ != nullptr);
  CHECK(state_->requested_count > 0);
  --state_->requested_count;
  PriorityBacklog& backlog = parts_.backlog;
  const Slot slot = backlog.slot_at(sequence);
  if (slot.state() == Slot::State::gone || !slot.is_evicted() || !slot.is_fetch_pending())
    return Fetched::ignored;
  backlog.cancel_fetch(sequence);
  if (slot.place() != place) {
    request_fetch(sequence);
    return Fetched::ignored;
  }
  if (!message || message->body_size() != slot.body_size()) return Fetched::unreadable;
  if (slot.is_spilled()) {
    parts_.host.message_log().dropped(place);
  } else {
    message->set_place(place);
  }
  ++backlog.tally->disk_reads;
  backlog.make_resident(sequence, std::move(message));
  note_resident();
  return Fetched::resident;
}

}  // namespace lepus::core
