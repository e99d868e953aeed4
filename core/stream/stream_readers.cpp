// What each consumer gets next, and what it waits for when that is nothing.
#include "core/stream/stream_readers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/limits.h"
#include "core/queue/send_delivery.h"

namespace lepus::core {

StreamReaders::StreamReaders(const Parts& parts)
    : parts_(parts), consumers_(parts.queue.info().id, parts.host) {}

Consumer* StreamReaders::subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                                   DeliveryPort* local) {
  const bool is_look = stream != nullptr && stream->is_look;
  Consumer* consumer =
      is_look ? &consumers_.add_look(request, local) : consumers_.add(request, local);
  if (consumer == nullptr) return nullptr;
  consumer->queue = &parts_.queue;
  if (is_look) ++look_count_;
  auto reader = std::make_unique<StreamReader>();
  if (stream != nullptr) reader->spec = *stream;
  reader->next = parts_.log.start_of(reader->spec.start);
  if (!reader->spec.name.empty()) parts_.tracking.begin(*reader);
  consumer->extension = std::move(reader);
  make_ready(*consumer);
  return consumer;
}

void StreamReaders::unsubscribe(Consumer& consumer) {
  CHECK(consumer.queue == &parts_.queue);
  if (consumer.linked()) ready_.remove(consumer);  // Of whichever list it is in.
  CHECK(!consumer.is_look || look_count_ > 0);
  if (consumer.is_look) --look_count_;
  parts_.tracking.leave(consumer);
  consumers_.remove(consumer);
  if (consumers_.all().empty()) parts_.content.drop_cache();
}

void StreamReaders::set_flow(Consumer& consumer, const ConsumerFlow& flow) {
  CHECK(consumer.queue == &parts_.queue);
  consumers_.set_flow(consumer, flow);
  make_ready(consumer);
}

void StreamReaders::grant_credit(Consumer& consumer, const Credit& credit) {
  CHECK(consumer.queue == &parts_.queue);
  consumers_.credit().grant(consumer, credit);
  make_ready(consumer);
}

void StreamReaders::settle(const Settle& settle, Consumer* consumer) {
  CHECK(settle.first <= settle.last);
  if (settle.outcome == Outcome::acknowledged)
    parts_.log.backlog().tally->counts[MessageEvent::ack] += settle.last - settle.first + 1;
  if (consumer == nullptr) return parts_.tracking.settle_departed(settle);
  std::uint64_t bytes = 0;
  for (Sequence offset = settle.first; consumer->spec.prefetch_size > 0 && offset <= settle.last;
       ++offset) {
    const Slot slot = parts_.log.backlog().slot_at(offset);
    if (slot.state() != Slot::State::gone) bytes += slot.body_size();
  }
  consumer->drop_unacked(settle.last - settle.first + 1, bytes);
  if (const auto& progress = reader_of(*consumer).progress) progress->settle(settle);
  make_ready(*consumer);
}

void StreamReaders::redeliver(const Redeliver& request, Consumer& consumer) {
  settle({request.queue, request.first, request.last, request.consumer, Outcome::returned},
         &consumer);
  const auto count = static_cast<std::uint32_t>(request.last - request.first + 1);
  if (request.used_credit) SharedCredit::give_back(parts_.host, consumer, count);
}

bool StreamReaders::can_take(std::uint64_t size) {
  for (Consumer* consumer : consumers_.all())
    if (!consumer->is_look && consumers_.is_able(*consumer, size, false)) return true;
  return false;
}

// --- Turns

/// The link of a consumer is in the list that its reader says.
void StreamReaders::make_ready(Consumer& consumer) {
  StreamReader& reader = reader_of(consumer);
  parts_.host.schedule(parts_.queue);
  if (reader.waits == Waits::turn) return;
  if (consumer.linked()) ready_.remove(consumer);
  reader.waits = Waits::turn;
  ready_.push_back(consumer);
}

void StreamReaders::resume(IntrusiveList<Consumer>& list) {
  while (!list.empty()) make_ready(list.front());
}

/// Who is ready again meanwhile has its turn in the next call.
bool StreamReaders::pump() {
  const std::size_t count = consumers_.all().size();
  if (count == 0) {
    parts_.content.drop_cache();
    return false;
  }
  const std::size_t share =
      std::max(limits::deliveries_per_pump_max / count, limits::stream_share_min);
  const Consumer* const last = ready_.last();
  bool has_more = false;
  while (!ready_.empty()) {
    Consumer& consumer = ready_.front();
    const bool is_last = &consumer == last;
    ready_.remove(consumer);
    reader_of(consumer).waits = Waits::settlement;
    has_more |= serve(consumer, share);
    parts_.tracking.keep(reader_of(consumer));
    if (is_last) break;
  }
  parts_.content.note_served();
  return has_more;
}

/// Returns true if it can go on in the next turn. A channel that is closing gives back at once what
/// it gets: the consumer may be ready again by then.
bool StreamReaders::serve(Consumer& consumer, std::size_t share) {
  Offer last = Offer::retry_later;
  std::uint64_t delivered = 0;
  for (std::size_t i = 0; i < share; ++i) {
    last = offer(consumer);
    if (last == Offer::taken) ++delivered;
    if (last != Offer::taken && last != Offer::skipped) break;
  }
  if (delivered > 0 && !consumer.is_look)
    parts_.log.backlog().tally->counts[MessageEvent::deliver] += delivered;
  if (reader_of(consumer).waits == Waits::settlement) wait(consumer, last);
  return reader_of(consumer).waits == Waits::turn;
}

void StreamReaders::wait(Consumer& consumer, Offer offer) {
  StreamReader& reader = reader_of(consumer);
  CHECK(!consumer.linked());
  switch (offer) {
    case Offer::taken:
    case Offer::skipped:
    case Offer::retry_later:
      reader.waits = Waits::turn;
      return ready_.push_back(consumer);
    case Offer::at_end:
      reader.waits = Waits::message;
      at_end_.push_back(consumer);
      return consumers_.credit().give_up(consumer);
    case Offer::no_content:
      // Credit is kept: without it, what comes might have to be read again when there is some.
      reader.waits = Waits::content;
      return awaiting_content_.push_back(consumer);
    case Offer::no_room:
      reader.waits = Waits::settlement;
      return consumers_.credit().give_up(consumer);
  }
}

StreamReaders::Offer StreamReaders::offer(Consumer& consumer) {
  StreamReader& reader = reader_of(consumer);
  StreamLog& log = parts_.log;
  if (!parts_.tracking.place(reader)) return Offer::no_content;
  reader.next = std::max(reader.next, log.first());
  if (reader.next >= log.end()) return Offer::at_end;
  if (!consumer.has_room()) return Offer::no_room;
  if (consumers_.is_congested(consumer)) return Offer::retry_later;
  const Slot slot = log.backlog().slot_at(reader.next);
  if (slot.state() != Slot::State::ready) {
    ++reader.next;
    return Offer::skipped;
  }
  const std::uint64_t size = slot.body_size();
  if (!consumer.has_room_for(size)) return Offer::no_room;
  const SharedCredit::Demand demand{size, log.backlog().ready_count()};
  if (consumer.spec.limited && !consumers_.credit().obtain(consumer, demand)) return Offer::no_room;
  MessageRef message = parts_.content.find(reader, consumers_.all().size());
  if (!message) return Offer::no_content;
  if (!reader.spec.wants(message->properties())) {
    ++reader.next;
    return Offer::skipped;
  }
  deliver(consumer, std::move(message));
  return Offer::taken;
}

void StreamReaders::deliver(Consumer& consumer, MessageRef message) {
  const ConsumerSpec& spec = consumer.spec;
  StreamReader& reader = reader_of(consumer);
  const Sequence offset = reader.next++;
  if (reader.progress) reader.progress->delivered(offset);
  consumer.add_unacked(message->body_size());
  if (spec.limited) consumers_.credit().use(consumer);
  Deliver delivery{spec.channel, spec.number, parts_.queue.info().id,
                   offset,       {},          parts_.host.shard(),
                   false,        false};
  delivery.is_stream = true;
  delivery.used_credit = spec.limited;
  send_delivery(parts_.host, consumer, delivery, std::move(message));
}

}  // namespace lepus::core
