// Each change schedules the queue if somebody may get something now.
#include "core/queue/classic/classic_consumers.h"

namespace lepus::core {

Consumer* ClassicConsumers::subscribe(const ConsumerSpec& request, const StreamSpec*,
                                      DeliveryPort* local) {
  Consumer* consumer = delivery_.add(request, local);
  if (consumer == nullptr) return nullptr;
  consumer->queue = &context_.queue;
  on_changed(*consumer);
  return consumer;
}

void ClassicConsumers::unsubscribe(Consumer& consumer) {
  CHECK(consumer.queue == &context_.queue);
  returns_.abandon(consumer);
  delivery_.remove(consumer);
  context_.queue.note_used();
  // Another one may have become the single active one.
  if (context_.messages.ready_count() > 0) context_.host.schedule(context_.queue);
}

void ClassicConsumers::set_flow(Consumer& consumer, const ConsumerFlow& flow) {
  CHECK(consumer.queue == &context_.queue);
  delivery_.set_flow(consumer, flow);
  on_changed(consumer);
}

void ClassicConsumers::grant_credit(Consumer& consumer, const Credit& credit) {
  CHECK(consumer.queue == &context_.queue);
  delivery_.credit().grant(consumer, credit);
  on_changed(consumer);
  // Another one became the single active one meanwhile.
  if (!consumer.linked()) delivery_.credit().give_up(consumer);
  context_.host.schedule(context_.queue);  // Also when it is empty: unused credit goes back.
}

}  // namespace lepus::core
