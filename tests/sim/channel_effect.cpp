// What requests did to the model, once they were answered or given up.
#include "tests/sim/channel.h"

namespace lepus::sim {

using amqp::MethodId;

void Channel::end_trouble(const std::set<std::uint32_t>& queues, bool losses) {
  for (const std::uint32_t index : queues) {
    QueueModel& queue = model().queue(index);
    Trouble& trouble = losses ? queue.losses : queue.disturbances;
    --trouble.by_request;
    trouble.until = judge().now();
    if (losses) oracle().forgive_losses(queue);
  }
}

void Channel::release_binding(const Pending& pending, Presence state) {
  BindingModel& binding = model().binding(pending.target);
  --binding.locks;
  --model().exchange(binding.source).locks;
  --(binding.to_queue ? model().queue(binding.destination).locks
                      : model().exchange(binding.destination).locks);
  binding.exists.set(state, judge().advance());
  model().update_auto_delete_exchanges();
}

namespace {

/// Of a queue or an exchange whose declare or delete was answered.
template <class Thing>
void finish_change(Thing& thing, Presence state, Tick now) {
  --thing.locks;
  if (thing.wild) return;
  thing.changing = false;
  if (!thing.unclear) thing.exists.set(state, now);
}

template <class Thing>
void lose_track(Thing& thing, Tick now) {
  --thing.locks;
  if (thing.wild) return;
  thing.changing = false;
  thing.unclear = true;
  thing.exists.set(Presence::maybe, now);
}

}  // namespace

void Channel::succeed(const Pending& pending) {
  judge().advance();
  const MethodId method = pending.method;
  if (method == MethodId::queue_declare || method == MethodId::queue_delete) {
    succeed_queue_change(pending);
  } else if (method == MethodId::exchange_declare || method == MethodId::exchange_delete) {
    succeed_exchange_change(pending);
  } else if (method == MethodId::basic_get || method == MethodId::queue_purge) {
    QueueModel& queue = model().queue(pending.target);
    if (!queue.wild && queue.exists.surely_absent(pending.sent))
      judge().fail(11, "queue {} is used although it does not exist", queue.name);
    if (method == MethodId::basic_get) return;
    --queue.locks;
    end_trouble({pending.target}, true);
  } else if (method == MethodId::queue_bind || method == MethodId::exchange_bind) {
    release_binding(pending, Presence::present);
  } else if (method == MethodId::queue_unbind || method == MethodId::exchange_unbind) {
    release_binding(pending, Presence::absent);
  } else if (method == MethodId::basic_consume) {
    succeed_consume(pending);
  } else if (method == MethodId::basic_cancel) {
    finish_cancel(pending);
  } else if (method == MethodId::basic_recover) {
    --recovering_;
    end_trouble(pending.touched, false);
  }
}

void Channel::succeed_queue_change(const Pending& pending) {
  const Tick now = judge().now();
  QueueModel& queue = model().queue(pending.target);
  if (pending.method == MethodId::queue_delete) {
    finish_change(queue, Presence::absent, now);
    for (const auto& consumer : queue.consumers)
      if (!queue.wild) consumer->active.set(Presence::absent, now);
    return model().update_auto_delete_exchanges();
  }
  // Somebody may have consumed already, and left.
  const bool settled =
      queue.rules.expires_ms == 0 && (!queue.auto_delete || queue.consumers.empty());
  if (!pending.flag)
    return finish_change(queue, settled ? Presence::present : Presence::maybe, now);
  if (!queue.wild && queue.exists.surely_absent(pending.sent))
    judge().fail(11, "queue {} is found although it does not exist", queue.name);
}

void Channel::succeed_exchange_change(const Pending& pending) {
  const Tick now = judge().now();
  ExchangeModel& exchange = model().exchange(pending.target);
  if (pending.method == MethodId::exchange_delete) {
    finish_change(exchange, Presence::absent, now);
    return model().update_auto_delete_exchanges();
  }
  if (!pending.flag) return finish_change(exchange, Presence::present, now);
  if (!exchange.wild && exchange.exists.surely_absent(pending.sent))
    judge().fail(11, "exchange {} is found although it does not exist", exchange.name);
}

/// Promises 8 and 11.
void Channel::succeed_consume(const Pending& pending) {
  if (pending.tag == reply_tag) return;
  const auto found = consumers_.find(pending.tag);
  if (found == consumers_.end()) return;  // The queue was deleted meanwhile, and it was told so.
  QueueModel& queue = model().queue(pending.target);
  ConsumerModel* self = found->second.model;
  if (!queue.wild && queue.exists.surely_absent(pending.sent))
    judge().fail(11, "consumes from queue {}, which does not exist", queue.name);
  for (const auto& other : queue.consumers) {
    const bool alone = other->exclusive || self->exclusive;
    const bool certain = other->active.surely_present(pending.sent) && other->channel != nullptr &&
                         !other->channel->at_risk();
    if (other.get() != self && alone && certain)
      judge().fail(8, "queue {} has an exclusive consumer and another one", queue.name);
  }
  if (state_ == State::open && !found->second.cancelling)
    self->active.set(Presence::present, judge().now());
}

void Channel::finish_cancel(const Pending& pending) {
  const auto found = consumers_.find(pending.tag);
  if (found == consumers_.end()) return;
  QueueModel& queue = model().queue(pending.target);
  found->second.model->active.set(Presence::absent, judge().now());
  found->second.model->channel = nullptr;
  consumers_.erase(found);
  model().update_auto_delete_queue(queue, pending.sent);
}

/// The channel is gone and nobody knows whether the request was carried out.
void Channel::give_up(const Pending& pending) {
  const Tick now = judge().advance();
  const MethodId method = pending.method;
  const bool declares = (method == MethodId::queue_declare || method == MethodId::exchange_declare);
  if (declares && pending.flag) return;  // Passive.
  if (method == MethodId::queue_declare || method == MethodId::queue_delete) {
    lose_track(model().queue(pending.target), now);
  } else if (method == MethodId::exchange_declare || method == MethodId::exchange_delete) {
    lose_track(model().exchange(pending.target), now);
  } else if (method == MethodId::queue_purge) {
    QueueModel& queue = model().queue(pending.target);
    --queue.locks;
    ++queue.losses.by_death;
    --queue.losses.by_request;
  } else if (method == MethodId::queue_bind || method == MethodId::exchange_bind ||
             method == MethodId::queue_unbind || method == MethodId::exchange_unbind) {
    release_binding(pending, Presence::maybe);
    ++model().binding(pending.target).locks;  // For good.
  } else if (method == MethodId::basic_recover) {
    --recovering_;
    end_trouble(pending.touched, false);
  }
  model().update_auto_delete_exchanges();
}

}  // namespace lepus::sim
