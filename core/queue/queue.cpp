// Delivery: who takes the next message, and what a settled one means.
#include "core/queue/queue.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

Queue::Queue(const QueueInfo& info, QueueHost& host)
    : info_(&info),
      host_(host),
      backlog_(info.parsed.max_priority.value_or(0)),
      idle_since_(host.now()),
      has_rules_(false),
      is_kept_(info.is_kept()),
      keeps_all_(info.parsed.queue_type != QueueType::classic) {
  if (info.parsed.queue_type == QueueType::stream) stream_ = std::make_unique<Stream>(*this, host);
  read_rules();
  register_deadline();
}

Queue::~Queue() {
  while (!active_.empty()) active_.remove(active_.front());
  CHECK(consumers_.empty());
}

std::optional<Sequence> Queue::push(MessageRef message) {
  CHECK(message->complete());
  if (!is_listed_) list_for_eviction();
  if (has_rules_ || message->ttl_ms() != Message::no_ttl) return push_by_rules(std::move(message));
  const Sequence sequence = backlog_.push(std::move(message));
  host_.schedule(*this);
  return sequence;
}

// --- What the ledger is told

void Queue::announce_kept(Sequence sequence) {
  if (const Sequence below = backlog_.announce(sequence); below != 0)
    host_.ledger().seen({info_->id, below});
}

/// Null: it was on disk only.
MessageRef Queue::take(Sequence sequence) {
  Backlog::Taken taken = backlog_.take(sequence);
  if (is_kept_ || !taken.message) note_taken(sequence, taken);
  if (returns_) returns_->forget(sequence);
  if (leaving_) leaving_->forget(sequence);
  return std::move(taken.message);
}

void Queue::note_taken(Sequence sequence, const Backlog::Taken& taken) {
  if (!taken.place || (taken.message && !records(*taken.message))) return;
  if (taken.is_paged) {
    host_.ledger().dropped(taken.place);
  } else {
    host_.ledger().settled(taken.place, {info_->id, sequence});
  }
}

void Queue::drop_records() {
  backlog_.for_each([this](Sequence, const Slot& slot) {
    const RecordPlace place = slot.is_cold() ? slot.place() : slot.message()->place();
    if (place && (slot.is_cold() || records(*slot.message()))) host_.ledger().dropped(place);
  });
  if (stream_) stream_->offsets().drop_records();
  if (!paging_) return;
  for (const Paging::Pending& pending : paging_->pending) host_.ledger().dropped(pending.place);
}

void Queue::repeat_marks() {
  if (!is_kept_) return;
  backlog_.for_each_announced([this](Sequence below) { host_.ledger().seen({info_->id, below}); });
}

void Queue::restore(const RestoredQueue& held) {
  CHECK(is_kept_);
  for (const RestoredRun& run : held.runs) {
    if (stream_ && StreamOffsets::owns(run.first)) {
      stream_->offsets().restore(run);
      continue;
    }
    if (stream_) {
      stream_->restore(run);
    } else {
      restore_deadlines(run);
    }
    RecordPlace place = run.place;
    for (Sequence sequence = run.first; sequence < run.first + run.count; ++sequence) {
      backlog_.restore(sequence, place, run.body_size, run.redelivered);
      place.offset += place.size;
    }
  }
  if (expiry_) expiry_->sort_arrivals();
  if (!held.runs.empty() && !stream_) (void)paging();
  restore_levels(held);
  register_deadline();
  // What was unacknowledged counts again. Dropped when exchanges and bindings are there, too.
  if (has_rules_ && is_full_for(nullptr)) host_.add_deadline(host_.now(), info_->id);
  if (backlog_.ready_count() > 0) host_.schedule(*this);
}

void Queue::restore_levels(const RestoredQueue& held) {
  for (const Sequence next : held.next) {
    if (stream_ && StreamOffsets::owns(next)) {
      stream_->offsets().continue_at(next);
    } else {
      backlog_.continue_at(next);
    }
  }
  // The ledger may move what is held away from where this was said. Streams announce nothing.
  if (stream_) return;
  for (const Sequence below : held.seen) backlog_.restore_announced(below);
}

/// Times from before the restart are of the wall clock, which may have been set since.
void Queue::restore_deadlines(const RestoredRun& run) {
  const bool has_own = run.deadline != never;
  const bool has_ttl = expiry_ && expiry_->has_ttl();
  if (has_own && !expiry_) expiry_ = std::make_unique<Expiry>();
  Nanos arrived = host_.now();
  if (run.enqueued_ms != 0)
    arrived = std::min(arrived, static_cast<Nanos>(run.enqueued_ms) * nanos_per_ms -
                                    host_.turn().wall_clock_offset);
  for (Sequence sequence = run.first; sequence < run.first + run.count; ++sequence) {
    if (has_own) expiry_->add(run.deadline, sequence);
    if (has_ttl) expiry_->arrived(arrived, sequence);
  }
}

std::uint64_t Queue::purge() {
  const std::uint64_t count = backlog_.ready_count();
  for (std::uint64_t i = 0; i < count; ++i) (void)take(backlog_.peek().sequence);
  return count;
}

// --- Delivery

/// A channel that is closing gives back at once what it gets.
bool Queue::pump() {
  if (std::exchange(is_pumping_, true)) return true;
  const bool has_more = stream_ ? stream_->pump() : deliver_ready();
  is_pumping_ = false;
  return has_more;
}

bool Queue::deliver_ready() {
  if (paging_ && !paging_->gets.empty()) serve_gets();
  std::size_t budget = limits::deliveries_per_pump_max;
  bool retry = redelivering_ > 0 && serve_redeliveries(budget);
  Consumer* consumer = active_.empty() ? nullptr : &active_.front();
  while (consumer != nullptr && backlog_.ready_count() > 0 && budget > 0) {
    if (paging_ && !head_is_here()) break;
    Consumer* next = active_.next(*consumer);
    switch (offer(*consumer)) {
      case Turn::delivered:
        --budget;
        rotate(*consumer);
        consumer = &active_.front();
        break;
      case Turn::not_now:
        active_.remove(*consumer);
        return_unused_credit(*consumer);
        consumer = next;
        break;
      case Turn::too_large:  // The next one may not be: it stays in the ring.
        consumer = next;
        break;
      case Turn::retry_later:
        retry = true;
        consumer = next;
        break;
    }
  }
  if (backlog_.ready_count() == 0 && unused_credit_ > 0)
    for (Consumer* idle : consumers_) return_unused_credit(*idle);
  if (paging_ && !active_.empty()) read_ahead();
  if (paging_ && backlog_.ready_count() == 0) forget_paging();
  return retry || (budget == 0 && backlog_.ready_count() > 0 && !active_.empty());
}

Queue::Turn Queue::offer(Consumer& consumer) {
  if (!consumer.has_room()) return Turn::not_now;
  if (consumer.local == nullptr && host_.outbox().congested(consumer.spec.channel.shard))
    return Turn::retry_later;
  if (consumer.spec.prefetch_size > 0 || consumer.spec.limited) {
    const std::uint64_t size = backlog_.peek().message->body_size();
    if (!consumer.has_room_for(size)) return Turn::too_large;
    if (consumer.spec.limited && !obtain_credit(consumer, size)) return Turn::not_now;
  }
  deliver_to(consumer);
  return Turn::delivered;
}

/// A channel with a shared limit hands out credit; asked once until it answers.
bool Queue::obtain_credit(Consumer& consumer, std::uint64_t size) {
  if (consumer.credit.count > 0 && size <= consumer.credit.size_max) return true;
  return_unused_credit(consumer);
  if (consumer.credit_asked) return false;
  auto wanted = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(backlog_.ready_count(), limits::deliveries_per_pump_max));
  if (consumer.spec.prefetch > 0)
    wanted = std::min(wanted, consumer.spec.prefetch - consumer.unacked_count);
  const CreditRequest request{consumer.spec.channel,
                              consumer.spec.number,
                              host_.shard(),
                              info_->id,
                              consumer.handle,
                              std::max(wanted, 1U),
                              static_cast<std::uint32_t>(size)};
  consumer.credit_asked = true;
  if (consumer.local == nullptr) {
    host_.outbox().send(consumer.spec.channel.shard, request);
    return false;
  }
  if (const Credit granted = consumer.local->on_credit_request(request); granted.count > 0)
    take_credit(consumer, granted);
  return consumer.credit.count > 0;
}

void Queue::take_credit(Consumer& consumer, const Credit& credit) {
  consumer.credit_asked = false;
  consumer.credit.count += credit.count;
  consumer.credit.size_max = credit.size_max;
  unused_credit_ += credit.count;
}

void Queue::return_unused_credit(Consumer& consumer) {
  if (consumer.credit.count == 0) return;
  const CreditReturn unused{consumer.spec.channel, std::exchange(consumer.credit, {}).count};
  unused_credit_ -= unused.count;
  if (consumer.local != nullptr) {
    consumer.local->on_credit_return(unused.count);
  } else {
    host_.outbox().send(unused.channel.shard, unused);
  }
}

/// For good, or until it is settled. Inlined, or the call costs half as much as what it does.
[[gnu::always_inline]] inline Queue::Outgoing Queue::send_head(bool no_ack) {
  const Backlog::Ready head = backlog_.peek();
  const bool is_counted = returns_ && head.redelivered;
  Outgoing out{
      head.sequence, head.redelivered, is_counted ? returns_->count(head.sequence) : 0, {}};
  if (no_ack) {
    out.message = take(head.sequence);
  } else {
    announce(head.sequence);
    backlog_.deliver(head.sequence);
    out.message = MessageRef::share(head.message);
  }
  return out;
}

void Queue::deliver_to(Consumer& consumer) {
  const Subscribe& spec = consumer.spec;
  Outgoing head = send_head(spec.no_ack);
  if (!spec.no_ack) consumer.add_unacked(head.message->body_size());
  if (spec.limited) {
    --consumer.credit.count;
    --unused_credit_;
  }
  Deliver delivery{spec.channel, spec.number,   info_->id,        head.sequence,
                   nullptr,      host_.shard(), head.redelivered, spec.no_ack};
  delivery.delivery_count = head.delivery_count;
  delivery.used_credit = spec.limited;
  if (consumer.local != nullptr) {
    if (!consumer.local->on_deliver(delivery, std::move(head.message))) consumer.paused = true;
    return;
  }
  delivery.message = export_message(std::move(head.message));
  host_.outbox().send(spec.channel.shard, delivery);
}

void Queue::get(const Get& request) {
  note_used();
  const bool has_to_wait =
      paging_ && (!paging_->gets.empty() || (backlog_.ready_count() > 0 && !head_is_here()));
  if (!has_to_wait) return answer_get(request);
  paging_->gets.push_back(request);
  host_.schedule(*this);
}

/// With the head, which is here, or with nothing.
void Queue::answer_get(const Get& request) {
  GetReply reply{request.channel, 0, info_->id, 0, nullptr, host_.shard(), false, request.no_ack};
  if (backlog_.ready_count() == 0) return host_.answer_get(reply, {});
  Outgoing head = send_head(request.no_ack);
  reply.sequence = head.sequence;
  reply.redelivered = head.redelivered;
  reply.delivery_count = head.delivery_count;
  reply.message_count = static_cast<std::uint32_t>(backlog_.ready_count());
  host_.answer_get(reply, std::move(head.message));
}

void Queue::settle(const Settle& settle, Consumer* consumer) {
  CHECK(settle.first <= settle.last);
  if (stream_) return stream_->settle(settle, consumer);
  // What a client gives back may be due by now. What it never had comes back within a pump.
  if (expiry_ && gives_back(settle.outcome) && settle.outcome != Outcome::unseen)
    expire_due(host_.now());
  const bool counts_bytes = consumer != nullptr && consumer->spec.prefetch_size > 0;
  for (Sequence sequence = settle.first; sequence <= settle.last; ++sequence) {
    if (backlog_.state(sequence) != Backlog::State::unacked) continue;
    const std::uint64_t size = counts_bytes ? backlog_.slot_at(sequence).body_size() : 0;
    if (gives_back(settle.outcome)) {
      return_to_backlog(sequence, settle.outcome);
    } else {
      if (expiry_) expiry_->forget_overdue(sequence);
      if (settle.outcome == Outcome::rejected) {
        let_go(sequence, DeathReason::rejected);
      } else {
        (void)take(sequence);
      }
    }
    if (consumer != nullptr) consumer->drop_unacked(1, size);
  }
  if (consumer != nullptr) consumer_changed(*consumer);
  if (gives_back(settle.outcome)) host_.schedule(*this);
}

}  // namespace lepus::core
