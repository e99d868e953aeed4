// A queue whose messages do not all fit in memory: which of them leave it, and how they come back
// before they are needed.
#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/limits.h"
#include "core/queue/queue.h"

namespace lepus::core {

Paging& Queue::paging() {
  if (!paging_) paging_ = std::make_unique<Paging>();
  return *paging_;
}

/// Once everything is in memory again.
void Queue::forget_paging() {
  const bool is_used =
      !paging_->pending.empty() || !paging_->gets.empty() || paging_->asked_count > 0;
  if (!is_used && backlog_.cold_count() == 0) paging_.reset();
}

// --- Out of memory

void Queue::list_for_eviction() {
  CHECK(!is_listed_);
  is_listed_ = true;
  host_.add_eviction_candidate(info_->id, has_own_limit());
}

/// x-queue-mode=lazy, x-max-in-memory-length, x-max-in-memory-bytes.
bool Queue::has_own_limit() const {
  const QueueArguments& rules = info_->effective;
  return rules.queue_mode == QueueMode::lazy || rules.max_in_memory_length ||
         rules.max_in_memory_bytes;
}

bool Queue::is_above_own_limit() const {
  const QueueArguments& rules = info_->effective;
  if (rules.queue_mode == QueueMode::lazy) return backlog_.warm_count() > 0;
  if (rules.max_in_memory_length && backlog_.warm_count() > *rules.max_in_memory_length)
    return true;
  return rules.max_in_memory_bytes && backlog_.bytes() > *rules.max_in_memory_bytes;
}

/// Messages from the head on that may stay in memory.
std::uint64_t Queue::resident_count() const {
  const QueueArguments& rules = info_->effective;
  const std::uint64_t warm_count = backlog_.warm_count();
  CHECK(warm_count > 0);
  const std::uint64_t size_mean = std::max<std::uint64_t>(backlog_.bytes() / warm_count, 1);
  if (!has_own_limit())
    return std::clamp<std::uint64_t>(limits::resident_head_bytes / size_mean, 1,
                                     limits::resident_head_count);
  if (rules.queue_mode == QueueMode::lazy) return 0;
  return std::min(rules.max_in_memory_length.value_or(UINT64_MAX),
                  rules.max_in_memory_bytes.value_or(UINT64_MAX) / size_mean);
}

bool Queue::page_out(bool is_short) {
  if (stream_) stream_->shrink_cache(is_short);
  const std::uint64_t warm_count = backlog_.warm_count();
  if (warm_count == 0 || replays_) return false;
  Backlog::PageOut wish;
  wish.is_short = is_short;
  wish.appends = !stream_ && (is_short || is_above_own_limit());
  wish.is_recorded = records_.is_durable();
  wish.all_recorded = records_.records_all();
  wish.written_end = host_.ledger().written_end();
  wish.count = limits::page_out_count;
  wish.keep = stream_ ? 0 : resident_count();
  if (is_short && short_period_ != host_.turn().pressure_epoch) backlog_.forget_short();
  short_period_ = host_.turn().pressure_epoch;
  const std::uint32_t count =
      backlog_.page_out(wish, [&](Sequence sequence, const Message& message) {
        if (host_.ledger().is_behind()) return false;
        const RecordPlace place = host_.ledger().append_paged(message, {info_->id, sequence});
        if (!place) return false;
        if (paging().pending.empty()) host_.await_written(info_->id);
        paging().pending.push_back({host_.ledger().open_batch(), sequence, place});
        return true;
      });
  if (backlog_.warm_count() < warm_count && !stream_) (void)paging();
  return count > 0;
}

bool Queue::on_written() {
  if (stream_) return stream_->on_written();
  if (!paging_) return false;
  const std::uint64_t durable = host_.ledger().durable();
  std::deque<Paging::Pending>& pending = paging_->pending;
  for (; !pending.empty() && pending.front().batch <= durable; pending.pop_front()) {
    const Paging::Pending& next = pending.front();
    // It may have been delivered and settled meanwhile.
    if (!backlog_.make_cold(next.sequence, next.place, true)) host_.ledger().dropped(next.place);
  }
  return !pending.empty();
}

std::optional<Held> Queue::find_held(Sequence sequence) const {
  if (stream_ && StreamOffsets::owns(sequence)) return stream_->offsets().find_held(sequence);
  return records_.find(sequence);
}

void Queue::on_moved(Sequence sequence, const RecordPlace& place) {
  if (stream_ && StreamOffsets::owns(sequence)) return stream_->offsets().on_moved(sequence, place);
  backlog_.move(sequence, place);
}

// --- Back into memory

/// False: it was asked for.
bool Queue::head_is_here() {
  const Backlog::Ready head = backlog_.peek();
  if (head.message != nullptr) return true;
  ask(head.sequence);
  return false;
}

void Queue::ask(Sequence sequence) {
  if (!backlog_.ask(sequence)) return;
  ++paging().asked_count;
  const Ledger::Wanted wanted{{info_->id, sequence}, backlog_.slot_at(sequence).place()};
  host_.ledger().fetch({&wanted, 1});
}

/// The next ones, before consumers need them: so many at once that a disk works at its best.
void Queue::read_ahead() {
  const bool is_short = host_.turn().memory_pressure;
  const std::uint32_t count = is_short ? limits::read_ahead_count_short : limits::read_ahead_count;
  if (paging_->asked_count > count / 2) return;
  boost::container::small_vector<Ledger::Wanted, 64> wanted;
  backlog_.ask_ahead(count - paging_->asked_count,
                     is_short ? limits::read_ahead_bytes_short : limits::read_ahead_bytes,
                     [&](Sequence sequence, const RecordPlace& place) {
                       wanted.push_back({{info_->id, sequence}, place});
                     });
  if (wanted.empty()) return;
  paging_->asked_count += static_cast<std::uint32_t>(wanted.size());
  host_.ledger().fetch(wanted);
}

bool Queue::on_fetched(Sequence sequence, const RecordPlace& place, MessageRef message) {
  if (stream_) return stream_->on_fetched(sequence, place, std::move(message));
  CHECK(paging_ != nullptr);
  CHECK(paging_->asked_count > 0);
  --paging_->asked_count;
  host_.schedule(*this);
  const Slot slot = backlog_.slot_at(sequence);
  if (slot.state() == Slot::State::gone || !slot.is_cold() || !slot.is_asked()) return false;
  backlog_.unask(sequence);
  if (slot.place() != place) {
    ask(sequence);
    return false;
  }
  if (!message) {
    lose(sequence);
    return true;
  }
  if (slot.is_paged()) {
    host_.ledger().dropped(place);
  } else {
    message->set_place(place);
  }
  backlog_.make_warm(sequence, std::move(message));
  if (!is_listed_) list_for_eviction();
  serve_replays();
  if (!leaving_ || !leaving_->is_under_way(sequence)) return false;
  send_away(sequence, leaving_->reason(sequence));
  continue_line();
  return false;
}

void Queue::lose(Sequence sequence) {
  if (stream_ && StreamOffsets::owns(sequence)) {
    stream_->offsets().lose(sequence);
    return host_.schedule(*this);
  }
  (void)take(sequence);
  if (leaving_) continue_line();
}

/// A channel that is closing gives back at once what it gets, and then this queue pumps again.
void Queue::serve_gets() {
  std::vector<Get> gets = std::exchange(paging_->gets, {});
  std::size_t done = 0;
  for (; done < gets.size(); ++done) {
    // Nobody would give back what its channel does not take.
    const bool is_gone =
        gets[done].channel.shard == host_.shard() && !host_.is_attached(gets[done].channel);
    if (is_gone) continue;
    if (backlog_.ready_count() > 0 && !head_is_here()) break;
    answer_get(gets[done]);
  }
  gets.erase(gets.begin(), gets.begin() + static_cast<std::ptrdiff_t>(done));
  if (gets.empty()) return;
  std::vector<Get>& waiting = paging().gets;
  waiting.insert(waiting.begin(), gets.begin(), gets.end());
}

void Queue::abandon_gets() {
  if (!paging_) return;
  for (const Get& get : std::exchange(paging_->gets, {}))
    host_.answer_get({get.channel, 0, info_->id, 0, nullptr, host_.shard(), false, true}, {});
}

}  // namespace lepus::core
