// Who of a queue's consumers may take: the ring of those with room, and the one that is chosen
// when there is to be only one (x-single-active-consumer).
#include <algorithm>
#include <utility>

#include "core/queue/queue.h"

namespace lepus::core {

Consumer* Queue::subscribe(const Subscribe& wish, const StreamSpec* stream, ChannelPort* local) {
  const bool taken =
      (!consumers_.empty() && (wish.exclusive || consumers_.front()->spec.exclusive)) ||
      (wish.exclusive && info_->effective.single_active_consumer);
  if (taken) return nullptr;
  Consumer& consumer = host_.create_consumer(wish, local);
  consumer.queue = this;
  consumer.paused = wish.paused;
  consumers_.push_back(&consumer);
  if (info_->effective.single_active_consumer) choose_sole();
  if (stream_) stream_->add_reader(consumer, stream != nullptr ? *stream : StreamSpec{});
  consumer_changed(consumer);
  return &consumer;
}

void Queue::unsubscribe(Consumer& consumer) {
  CHECK(consumer.queue == this);
  if (consumer.linked()) active_.remove(consumer);
  return_unused_credit(consumer);
  abandon_redeliveries(consumer);
  if (stream_) stream_->reader_leaves(consumer);
  std::erase(consumers_, &consumer);
  const bool was_sole = sole_ == &consumer;
  if (was_sole) sole_ = nullptr;
  if (was_sole || is_sole_leaving_) choose_sole();
  if (stream_) stream_->readers_left();
  note_used();
  host_.destroy_consumer(consumer);
}

void Queue::set_flow(Consumer& consumer, const ConsumerFlow& flow) {
  consumer.paused = flow.paused;
  consumer.spec.limited = flow.limited;
  if (!flow.limited) return_unused_credit(consumer);
  consumer_changed(consumer);
}

void Queue::grant_credit(Consumer& consumer, const Credit& credit) {
  take_credit(consumer, credit);
  consumer_changed(consumer);
  // Another one became the single active one meanwhile.
  if (!consumer.reader && !consumer.linked()) return_unused_credit(consumer);
  host_.schedule(*this);  // Also when it is empty now: pump() gives unused credit back.
}

void Queue::consumer_changed(Consumer& consumer) {
  if (stream_) return host_.schedule(*this);
  if (consumer.redeliveries) host_.schedule(*this);
  if (sole_ != nullptr && (sole_ != &consumer || is_sole_leaving_)) {
    if (sole_ == &consumer) choose_sole();
    return;
  }
  if (!consumer.linked() && consumer.has_room()) activate(consumer);
  if (backlog_.ready_count() > 0) host_.schedule(*this);
}

bool Queue::can_deliver_at_once(std::uint64_t size, bool hopes) {
  if (!stream_ && backlog_.ready_count() > 0) return false;
  for (Consumer* consumer : consumers_)
    if ((stream_ || consumer->linked()) && is_able(*consumer, size, hopes)) return true;
  return false;
}

bool Queue::is_able(Consumer& consumer, std::uint64_t size, bool hopes) {
  if (!consumer.has_room() || !consumer.has_room_for(size)) return false;
  const bool is_remote = consumer.local == nullptr;
  if (is_remote && host_.outbox().congested(consumer.spec.channel.shard)) return false;
  if (!consumer.spec.limited) return true;
  return (hopes && is_remote) || obtain_credit(consumer, size);
}

/// Behind the last one of its own or a higher priority.
void Queue::activate(Consumer& consumer) {
  Consumer* before = active_.last();
  while (before != nullptr && before->spec.priority < consumer.spec.priority)
    before = active_.previous(*before);
  active_.insert_after(before, consumer);
}

void Queue::rotate(Consumer& consumer) {
  Consumer* next = active_.next(consumer);
  if (next == nullptr || next->spec.priority < consumer.spec.priority) return;
  active_.remove(consumer);
  activate(consumer);
}

/// The one of highest priority, of those the one that came first. One of lower priority that is
/// active stays until it has settled what it has, and gets nothing more: messages are not
/// overtaken.
void Queue::choose_sole() {
  Consumer* best = sole_;
  for (Consumer* consumer : consumers_)
    if (best == nullptr || consumer->spec.priority > best->spec.priority) best = consumer;
  const bool was_leaving = std::exchange(is_sole_leaving_, false);
  if (best == sole_) {
    // The one it would have made room for is gone.
    if (was_leaving && sole_ != nullptr) consumer_changed(*sole_);
    return;
  }
  if (sole_ != nullptr) {
    if (sole_->linked()) active_.remove(*sole_);
    return_unused_credit(*sole_);
    if (sole_->unacked_count > 0) {
      is_sole_leaving_ = true;
      return;
    }
    tell_active(*sole_, false);
  }
  sole_ = best;
  tell_active(*sole_, true);
  consumer_changed(*sole_);
}

void Queue::tell_active(const Consumer& consumer, bool is_active) {
  host_.send(consumer.spec.channel.shard,
             ConsumerActive{consumer.spec.channel, consumer.spec.number, is_active});
}

}  // namespace lepus::core
