// Consumers that come, change and leave: what that means for the messages of the queue.
#include "core/queue/queue.h"

namespace lepus::core {

Consumer* Queue::subscribe(const ConsumerSpec& request, const StreamSpec*, DeliveryPort* local) {
  Consumer* consumer = delivery_.add(request, local);
  if (consumer == nullptr) return nullptr;
  consumer->queue = this;
  consumer_changed(*consumer);
  return consumer;
}

void Queue::unsubscribe(Consumer& consumer) {
  CHECK(consumer.queue == this);
  abandon_redeliveries(consumer);
  delivery_.remove(consumer);
  note_used();
  // Another one may have become the single active one.
  if (ready_count() > 0) host_.schedule(*this);
}

void Queue::set_flow(Consumer& consumer, const ConsumerFlow& flow) {
  CHECK(consumer.queue == this);
  consumer.paused = flow.paused;
  consumer.spec.limited = flow.limited;
  if (!flow.limited) delivery_.credit().give_up(consumer);
  consumer_changed(consumer);
}

void Queue::grant_credit(Consumer& consumer, const Credit& credit) {
  CHECK(consumer.queue == this);
  delivery_.credit().grant(consumer, credit);
  consumer_changed(consumer);
  // Another one became the single active one meanwhile.
  if (!consumer.linked()) delivery_.credit().give_up(consumer);
  host_.schedule(*this);  // Also when it is empty now: pump() gives unused credit back.
}

void Queue::consumer_changed(Consumer& consumer) {
  delivery_.on_changed(consumer);
  if (messages().ready_count() > 0 || consumer.redeliveries) host_.schedule(*this);
}

bool Queue::can_deliver_at_once(std::uint64_t size, bool hopes) {
  if (messages().ready_count() > 0) return false;
  for (Consumer* consumer : consumers())
    if (consumer->linked() && delivery_.is_able(*consumer, size, hopes)) return true;
  return false;
}

}  // namespace lepus::core
