// Messages, consumers and records of a stream.
#include "core/stream/stream_queue.h"

#include <utility>

namespace lepus::core {

StreamQueue::StreamQueue(const QueueInfo& info, QueueHost& host)
    : Queue(info, host), stream_({*this, info, host, messages(), records_, delivery_}) {}

std::optional<Sequence> StreamQueue::push(MessageRef message) {
  CHECK(message->complete());
  residency_.note_resident();
  const Sequence offset = stream_.push(std::move(message));
  register_deadline();
  return offset;
}

bool StreamQueue::drop_records(std::size_t& budget) {
  if (Queue::drop_records(budget)) return true;
  stream_.offsets().drop_records();
  return false;
}

// --- After a restart

void StreamQueue::restore_run(const RestoredRun& run) {
  if (StreamOffsets::owns(run.first)) return stream_.offsets().restore(run);
  stream_.restore(run);
  RestoredRun lasting = run;
  lasting.deadline = never;
  Queue::restore_run(lasting);
}

/// Deliveries of a stream are not announced.
void StreamQueue::restore_positions(const RestoredQueue& restored) {
  for (const Sequence next : restored.next) {
    if (StreamOffsets::owns(next)) {
      stream_.offsets().continue_at(next);
    } else {
      messages().continue_at(next);
    }
  }
}

// --- Consumers

Consumer* StreamQueue::subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                                 DeliveryPort* local) {
  Consumer* consumer = Queue::subscribe(request, nullptr, local);
  if (consumer != nullptr)
    stream_.add_reader(*consumer, stream != nullptr ? *stream : StreamSpec{});
  return consumer;
}

void StreamQueue::unsubscribe(Consumer& consumer) {
  CHECK(consumer.reader != nullptr);
  stream_.reader_leaves(consumer);
  Queue::unsubscribe(consumer);
  stream_.readers_left();
}

void StreamQueue::consumer_changed(Consumer&) { host_.schedule(*this); }

void StreamQueue::grant_credit(Consumer& consumer, const Credit& credit) {
  CHECK(consumer.queue == this);
  delivery_.credit().grant(consumer, credit);
  host_.schedule(*this);
}

bool StreamQueue::can_deliver_at_once(std::uint64_t size, bool hopes) {
  for (Consumer* consumer : consumers())
    if (delivery_.is_able(*consumer, size, hopes)) return true;
  return false;
}

void StreamQueue::settle(const Settle& settle, Consumer* consumer) {
  CHECK(settle.first <= settle.last);
  stream_.settle(settle, consumer);
}

void StreamQueue::redeliver(const Redeliver& request, Consumer& consumer) {
  settle({request.queue, request.first, request.last, request.consumer, Outcome::returned},
         &consumer);
  const auto count = static_cast<std::uint32_t>(request.last - request.first + 1);
  if (request.used_credit) SharedCredit::give_back(host_, consumer, count);
  host_.schedule(*this);
}

// --- Records

bool StreamQueue::evict(bool memory_pressure) {
  stream_.shrink_cache(memory_pressure);
  return residency_.evict(memory_pressure);
}

std::optional<LocatedRecord> StreamQueue::locate(Sequence sequence) const {
  if (StreamOffsets::owns(sequence)) return stream_.offsets().locate(sequence);
  return Queue::locate(sequence);
}

void StreamQueue::on_moved(Sequence sequence, const RecordLocation& place) {
  if (StreamOffsets::owns(sequence)) return stream_.offsets().on_moved(sequence, place);
  Queue::on_moved(sequence, place);
}

bool StreamQueue::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  return stream_.on_fetched(sequence, place, std::move(message));
}

void StreamQueue::lose(Sequence sequence) {
  if (!StreamOffsets::owns(sequence)) return Queue::lose(sequence);
  stream_.offsets().lose(sequence);
  host_.schedule(*this);
}

bool StreamQueue::run_due(Nanos) {
  stream_.drop_excess();
  return true;
}

}  // namespace lepus::core
