// The consumers of a classic or quorum queue, as sessions see them: what their coming, changing and
// leaving means for the messages of the queue. Who gets the next message says
// core/queue/classic/delivery.h.
#pragma once

#include "core/queue/classic/delivery.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/classic/returns.h"
#include "core/queue/queue_ports.h"

namespace lepus::core {

class ClassicConsumers final : public QueueConsumers {
 public:
  /// All outlive this object.
  ClassicConsumers(const QueueContext& context, Delivery& delivery, Returns& returns)
      : context_(context), delivery_(delivery), returns_(returns) {}

  const ConsumerList& all() const override { return delivery_.consumers(); }
  Consumer* subscribe(const ConsumerSpec& request, const StreamSpec* stream,
                      DeliveryPort* local) override;
  void unsubscribe(Consumer& consumer) override;
  void set_flow(Consumer& consumer, const ConsumerFlow& flow) override;
  void grant_credit(Consumer& consumer, const Credit& credit) override;

  /// The consumer may be able to take again.
  void on_changed(Consumer& consumer) {
    delivery_.on_changed(consumer);
    if (context_.messages.ready_count() > 0 || consumer.redeliveries)
      context_.host.schedule(context_.queue);
  }

 private:
  const QueueContext& context_;
  Delivery& delivery_;
  Returns& returns_;
};

}  // namespace lepus::core
