// Reading: what each consumer gets next, and what is read from disk for it before it gets there.
#include "core/stream/stream.h"

#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/limits.h"
#include "core/queue/consumer.h"

namespace lepus::core {

Stream::Stream(const Parts& parts)
    : queue_(parts.queue),
      info_(parts.info),
      host_(parts.host),
      backlog_(parts.backlog),
      records_(parts.records),
      delivery_(parts.delivery),
      offsets_(parts.info.id, parts.host.message_log()) {}

std::uint64_t Stream::wall_clock_ms() const {
  return static_cast<std::uint64_t>(host_.turn().stamp / nanos_per_ms);
}

Sequence Stream::end() const { return backlog_.end(); }

Sequence Stream::first() const {
  return backlog_.ready_count() > 0 ? backlog_.peek().sequence : end();
}

Sequence Stream::push(MessageRef message) {
  const Sequence sequence = backlog_.push(std::move(message));
  times_.add(sequence, wall_clock_ms());
  host_.schedule(queue_);
  drop_excess();
  return sequence;
}

void Stream::restore(const RestoredRun& run) { times_.add(run.first, run.enqueued_ms); }

// --- Consumers

void Stream::add_reader(Consumer& consumer, const StreamSpec& spec) {
  consumer.reader = std::make_unique<StreamReader>();
  consumer.reader->spec = spec;
  consumer.reader->next = start_of(spec.start);
  host_.schedule(queue_);
  if (!spec.name.empty()) begin_named(*consumer.reader);
}

void Stream::readers_left() {
  if (delivery_.consumers().empty()) cache_.shrink(0);
}

Sequence Stream::start_of(const StreamStart& start) const {
  using Kind = StreamStart::Kind;
  switch (start.kind) {
    case Kind::first:
      return first();
    case Kind::last:
      return std::max(first(), end() > 0 ? end() - 1 : 0);
    case Kind::next:
      return end();
    case Kind::offset:
      return std::max(start.value, first());  // Also one that is still to come.
    case Kind::time:
      return std::max(first(), times_.older_than(start.value, end()));
    case Kind::age: {
      const std::uint64_t now_ms = wall_clock_ms();
      const std::uint64_t since_ms = now_ms - std::min(now_ms, start.value);
      return std::max(first(), times_.older_than(since_ms, end()));
    }
  }
  CHECK(false);
  return 0;
}

bool Stream::pump() {
  const std::vector<Consumer*>& consumers = delivery_.consumers();
  if (consumers.empty()) {
    cache_.note_served();
    cache_.shrink(0);  // What was on its way for those who left has come.
    return false;
  }
  const std::size_t share =
      std::max(limits::deliveries_per_pump_max / consumers.size(), limits::stream_share_min);
  bool has_more = false;
  for (Consumer* consumer : consumers) {
    has_more |= serve(*consumer, share);
    keep_offset(*consumer->reader);
  }
  cache_.note_served();
  shrink_cache(host_.turn().memory_pressure);
  return has_more;
}

/// True: it can go on in the next turn.
bool Stream::serve(Consumer& consumer, std::size_t share) {
  for (std::size_t i = 0; i < share; ++i) {
    const Turn turn = offer(consumer);
    if (turn == Turn::retry_later) return true;
    // Credit is kept: without it, what comes might have to be read again when there is some.
    if (turn == Turn::reads) return false;
    if (turn != Turn::waits) continue;
    delivery_.credit().give_up(consumer);
    return false;
  }
  return true;
}

Stream::Turn Stream::offer(Consumer& consumer) {
  StreamReader& reader = *consumer.reader;
  if (!place(reader)) return Turn::waits;
  reader.next = std::max(reader.next, first());
  if (reader.next >= end() || !consumer.has_room()) return Turn::waits;
  const bool is_remote = consumer.local == nullptr;
  if (is_remote && host_.outbox().congested(consumer.spec.channel.shard)) return Turn::retry_later;
  if (backlog_.state(reader.next) == Slot::State::gone) {
    ++reader.next;
    return Turn::skipped;
  }
  const std::uint64_t size = backlog_.slot_at(reader.next).body_size();
  if (!consumer.has_room_for(size)) return Turn::waits;
  if (consumer.spec.limited && !delivery_.credit().obtain(consumer, {size, backlog_.ready_count()}))
    return Turn::waits;
  MessageRef message = content(consumer);
  if (!message) return Turn::reads;
  if (!reader.spec.wants(message->properties())) {
    ++reader.next;
    return Turn::skipped;
  }
  deliver(consumer, std::move(message));
  return Turn::delivered;
}

/// Null: it is to be waited for.
MessageRef Stream::content(Consumer& consumer) {
  StreamReader& reader = *consumer.reader;
  const Slot slot = backlog_.slot_at(reader.next);
  if (!slot.is_evicted()) {
    const RecordLocation& place = slot.message()->place();
    if (!place || place < host_.message_log().written_end())
      return MessageRef::share(slot.message());
    await(place);
    return {};
  }
  read_ahead(reader);
  return cache_.find(reader.next);
}

void Stream::deliver(Consumer& consumer, MessageRef message) {
  const ConsumerSpec& spec = consumer.spec;
  const Sequence offset = consumer.reader->next++;
  if (consumer.reader->progress) consumer.reader->progress->delivered(offset);
  consumer.add_unacked(message->body_size());
  if (spec.limited) delivery_.credit().use(consumer);
  Deliver delivery{spec.channel, spec.number, info_.id, offset, {}, host_.shard(), false, false};
  delivery.is_stream = true;
  delivery.used_credit = spec.limited;
  send_delivery(host_, consumer, delivery, std::move(message));
}

// --- What is not in memory

void Stream::await(const RecordLocation& place) {
  if (!awaited_) host_.await_written(info_.id);
  if (!awaited_ || place < *awaited_) awaited_ = place;
}

bool Stream::on_written() {
  if (!awaited_) return false;
  if (!(*awaited_ < host_.message_log().written_end())) return true;
  awaited_.reset();
  host_.schedule(queue_);
  return false;
}

/// What of the page of `reader.next` and of those behind it was not asked for yet, once half of
/// what was asked for is used up. Of large messages a part of the page, once that part is used up.
void Stream::read_ahead(StreamReader& reader) {
  const Sequence page = StreamCache::page_of(reader.next);
  const bool is_asked = cache_.is_asked(reader.next);
  if (is_asked && reader.asked_page <= page && !cache_.is_page_asked(page)) return;
  std::uint64_t bytes_left =
      std::min(limits::stream_ahead_bytes,
               (host_.turn().memory_pressure ? limits::stream_cache_bytes_pressure
                                             : limits::stream_cache_bytes) /
                   (2 * delivery_.consumers().size()));
  const std::uint64_t pages = std::clamp<std::uint64_t>(
      bytes_left / std::max<std::uint64_t>(page_bytes_, 1), 1, limits::stream_ahead_pages);
  if (!is_asked) reader.asked_page = page;
  if (reader.asked_page > page + pages / 2) return;
  const Sequence page_end = StreamCache::page_of(end() - 1) + 1;
  const Sequence ahead_end = std::min(page + pages, page_end);
  reader.asked_page = std::max(reader.asked_page, page);
  for (; reader.asked_page < ahead_end && bytes_left > 0; ++reader.asked_page) {
    if (cache_.is_page_asked(reader.asked_page)) continue;
    const Sequence from = std::max(reader.next, reader.asked_page * StreamCache::page_size);
    if (!ask_page(from, bytes_left)) return;
  }
}

/// From `from` to the end of its page, but little more than `bytes_left`. True: all of that.
bool Stream::ask_page(Sequence from, std::uint64_t& bytes_left) {
  boost::container::small_vector<MessageLog::FetchRequest, StreamCache::page_size> wanted;
  std::uint64_t bytes = 0;
  const Sequence page_end = (StreamCache::page_of(from) + 1) * StreamCache::page_size;
  Sequence sequence = from;
  for (; sequence < page_end && bytes < bytes_left; ++sequence) {
    const Slot slot = backlog_.slot_at(sequence);
    if (slot.state() == Slot::State::gone || !slot.is_evicted()) continue;
    if (cache_.is_asked(sequence)) continue;
    cache_.note_asked(sequence);
    wanted.push_back({{info_.id, sequence}, slot.place()});
    bytes += slot.place().size;
  }
  bytes_left -= std::min(bytes_left, bytes);
  if (!wanted.empty()) {
    page_bytes_ = bytes * StreamCache::page_size / wanted.size();
    host_.message_log().fetch(wanted);
  }
  return sequence == page_end;
}

bool Stream::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  if (StreamOffsets::owns(sequence)) {
    host_.schedule(queue_);
    return offsets_.on_fetched(sequence, place, std::move(message));
  }
  const Slot slot = backlog_.slot_at(sequence);
  const bool is_wanted = slot.state() != Slot::State::gone && slot.is_evicted();
  if (is_wanted && slot.place() != place) {
    const MessageLog::FetchRequest wanted{{info_.id, sequence}, slot.place()};
    host_.message_log().fetch({&wanted, 1});
    return false;
  }
  host_.schedule(queue_);
  cache_.note_answered(sequence);
  if (!is_wanted) return false;
  if (!message) {
    (void)records_.take(sequence);
    return true;
  }
  message->set_place(place);
  cache_.put(sequence, std::move(message));
  return false;
}

void Stream::shrink_cache(bool memory_pressure) {
  cache_.shrink(memory_pressure ? limits::stream_cache_bytes_pressure : limits::stream_cache_bytes);
}

// --- Limits

bool Stream::is_over_limit() const {
  const auto& bytes_max = info_.effective->max_length_bytes;
  return bytes_max && backlog_.ready_body_bytes() > *bytes_max && backlog_.ready_count() > 1;
}

void Stream::drop_excess() {
  Sequence too_old = 0;
  if (const auto& max_age_ms = info_.effective->max_age_ms) {
    const std::uint64_t now_ms = wall_clock_ms();
    too_old = times_.older_than(now_ms - std::min(now_ms, *max_age_ms), end());
  }
  std::size_t dropped = 0;
  for (; backlog_.ready_count() > 0 && dropped < limits::drop_max; ++dropped) {
    const Sequence oldest = first();
    if (oldest >= too_old && !is_over_limit()) break;
    (void)records_.take(oldest);
  }
  if (dropped > 0) times_.drop_before(first());
}

Nanos Stream::next_deadline() const {
  if (backlog_.ready_count() == 0) return never;
  if (is_over_limit()) return host_.now();
  const auto& max_age_ms = info_.effective->max_age_ms;
  if (!max_age_ms) return never;
  const auto at = static_cast<Nanos>(times_.oldest_ms() + *max_age_ms) * nanos_per_ms;
  return host_.now() + std::max<Nanos>(at - host_.turn().stamp, 0);
}

}  // namespace lepus::core
