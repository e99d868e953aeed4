// Construction of the parts, the turn's rhythm (pump, flush), and the ways between them.
#include "core/broker/broker.h"

#include <algorithm>
#include <memory>
#include <variant>

namespace lepus::core {

Broker::Broker(const Wiring& wiring, ShardId shard_count)
    : QueueHost(wiring.shard, wiring.outbox, wiring.message_log),
      wiring_(wiring),
      topology_(shard_count),
      sessions_(wiring.shard),
      queues_(*this, discards_, wiring.restorer),
      eviction_(queues_, memory()),
      publisher_(*this, confirms_, shard_count),
      forwards_({*this, topology_, queues_, publisher_, sessions_}),
      events_({*this, topology_, forwards_}),
      replica_({*this, topology_, queues_, sessions_, forwards_, events_}),
      queue_commands_({*this, topology_, queues_, discards_, consumers_, sessions_, publisher_,
                       confirms_, wiring.control}),
      session_commands_({sessions_, *this, memory(), publisher_.flow().blocked()}),
      description_({*this, topology_, queues_, events_.traces()}) {}

Broker::~Broker() { queues_.clear(); }

void Broker::set_names(std::string node, std::string event_vhost) {
  events_.set_node_name(std::move(node));
  topology_.set_event_vhost(std::move(event_vhost));
}

// --- Ways

void Broker::send_to_session(ShardId home, SessionCommand&& command) {
  std::visit([&]<class Command>(Command& one) { send<Command>(home, std::move(one)); }, command);
}

void Broker::send_to_queue(ShardId home, QueueCommand&& command) {
  std::visit([&]<class Command>(Command& one) { send<Command>(home, std::move(one)); }, command);
}

void Broker::answer_get(GetReply&& reply, MessageRef message) {
  if (reply.channel.shard == shard()) {
    if (AnswerPort* port = sessions_.answers(reply.channel))
      port->on_get_reply(reply, std::move(message));
    return;
  }
  if (message) reply.message = export_message(std::move(message));
  outbox().send(reply.channel.shard, std::move(reply));
}

void Broker::ask(const TopologyRequest& request, const ChannelRef& channel,
                 std::unique_ptr<std::vector<TopologyRequest>> more) {
  outbox().send_to_control(
      TopologyAsk{channel, 0, std::make_unique<TopologyRequest>(request), std::move(more)});
}

void Broker::on(const Alarm& command) {
  const Alarm before = std::exchange(state_.alarm, command);
  events_.on_alarm_changed(before, state_.alarm);
}

Consumer& Broker::create_consumer(const ConsumerSpec& spec, DeliveryPort* local) {
  const auto [handle, consumer] = consumers_.create(spec, local);
  consumer->handle = {handle.slot, handle.generation};
  memory_.session_bytes += limits::consumer_memory;
  return *consumer;
}

void Broker::destroy_consumer(Consumer& consumer) {
  CHECK(memory_.session_bytes >= limits::consumer_memory);
  memory_.session_bytes -= limits::consumer_memory;
  consumers_.destroy(consumer.handle.slot);
}

// --- The turn

/// Queues scheduled while pumping wait for the next pump: a queue gets one share per step. Those
/// that could give nothing, for the ring to their consumers was full, come first then; else the
/// queues before them would take all of its room each time.
void Broker::pump() {
  const bool is_idle = runnable_.empty() && !forwards_.has_work();
  const TurnScope scope(is_idle ? nullptr : wiring_.profile, TurnJob::pump);
  forwards_.work();
  publisher_.flow().set_forwards_behind(forwards_.is_behind());
  IntrusiveList<RunnableQueue> unserved;
  const RunnableQueue* last = runnable_.last();
  while (!runnable_.empty()) {
    auto& queue = static_cast<Queue&>(runnable_.front());
    const bool is_last = &queue == last;
    runnable_.remove(queue);
    const std::uint64_t ready_before = queue.counts().ready;
    const bool has_more = queue.pump();
    if (has_more && !queue.linked())
      (queue.counts().ready == ready_before ? unserved : runnable_).push_back(queue);
    if (ready_before > limits::brake_length)
      publisher_.flow().brakes().on_pumped(
          {queue.info().id, ready_before, queue.counts().ready, queue.consumers().all()},
          turn_.now);
    if (is_last) break;
  }
  RunnableQueue* before = nullptr;
  while (RunnableQueue* queue = unserved.pop_front()) {
    runnable_.insert_after(before, *queue);
    before = queue;
  }
}

void Broker::flush() {
  {
    const TurnScope scope(replica_.has_work() ? wiring_.profile : nullptr, TurnJob::topology);
    replica_.work();
  }
  {
    const TurnScope scope(sessions_.works().empty() ? nullptr : wiring_.profile,
                          TurnJob::transactions);
    sessions_.works().work(limits::session_steps_per_turn_max);
  }
  queues_.repeat_watermarks();
  {
    const TurnScope scope(discards_.empty() ? nullptr : wiring_.profile, TurnJob::discards);
    queue_commands_.discard_piece();
  }
  {
    const TurnScope scope(eviction_.has_work() ? wiring_.profile : nullptr, TurnJob::eviction);
    eviction_.work(turn_);
  }
  message_log().flush();
  confirms_.send_due(message_log().durable(),
                     [this](const Confirm& due) { send(due.channel.shard, due); });
}

void Broker::advance(Nanos now) {
  CHECK(now >= turn_.now);
  turn_.now = now;
  publisher_.flow().work(now);
  turn_.stamp = std::max(turn_.stamp, now + turn_.wall_clock_offset);
  const bool is_due = deadlines_.next() <= now;
  const TurnScope scope(is_due ? wiring_.profile : nullptr, TurnJob::deadlines);
  // What a queue registers while its deadline runs is for the next call.
  for (std::size_t left = deadlines_.size(); left > 0; --left) {
    const std::optional<QueueId> due = deadlines_.take_due(now);
    if (!due) break;
    if (Queue* queue = queues_.find(*due)) queue->on_deadline(now);
  }
  deadlines_.tidy(queues_.size(), [this](QueueId id) { return queues_.find(id) == nullptr; });
}

void Broker::add_deadline(Nanos time, QueueId queue) {
  CHECK(queue);
  deadlines_.add(time, queue);
}

}  // namespace lepus::core
