// What several parts of a session have to do with: deliveries, answers and the end.
#include "core/session/session.h"

#include <utility>
#include <variant>

#include "core/queue/queue_description.h"

namespace lepus::core {

namespace {

/// For the firehose.
void trace(const SessionLink& link, QueueId from, const Message& message, bool redelivered) {
  CHECK(link.is_traced);
  const std::string name = link.listener.connection_name();
  Trace trace{link.owner.vhost, name, link.owner.channel, link.owner.user};
  const QueueInfo* queue = link.broker.topology().find_queue(from);
  if (queue != nullptr) trace.queue = queue->name;
  trace.redelivered = redelivered;
  (void)link.broker.trace(trace, message);
}

}  // namespace

Session::Session(Broker& broker, const SessionOwner& owner, const Ports& ports)
    : link_{broker, ports.listener, owner,
            SessionCounts{broker.description().vhosts().acquire(owner.vhost)}},
      access_(broker.topology(), link_.owner),
      transaction_(&broker.memory().unacked_bytes),
      requests_({link_, access_, *this}),
      publishes_(link_, access_, reply_address_),
      unacked_(link_, transaction_),
      deliveries_({link_, requests_, unacked_}),
      settling_({link_, requests_, deliveries_, unacked_}),
      commits_({link_, requests_, publishes_, unacked_, transaction_}) {
  link_.ref = broker.attach({this, ports.deliveries, this});
  CHECK(link_.ref);
}

Session::~Session() {
  CHECK(state_ == State::detached);
  link_.broker.description().vhosts().release(link_.owner.vhost);
}

Session::Taken Session::take_delivery(const Deliver& delivery, const Message& message) {
  if (state_ != State::open) {
    if (state_ == State::closing && delivery.queue && closing_->takes_deliveries()) {
      (void)deliveries_.take(delivery, message);
    } else if (!delivery.no_ack) {
      link_.broker.send_back(delivery.home, delivery.queue, delivery.sequence);
    }
    return {};
  }
  if (!delivery.queue) {
    if (!reply_address_.accepts(delivery)) return {};
    return {unacked_.take_tag(), &reply_address_.tag()};
  }
  const Taken taken = deliveries_.take(delivery, message);
  if (taken.tag != 0 && link_.is_traced)
    trace(link_, delivery.queue, message, delivery.redelivered);
  return taken;
}

// --- Answers

/// After the end it may belong to a request that was forgotten: a consumer that nobody waits for
/// must not stay.
void Session::on_reply(const Reply& reply) {
  if (state_ == State::open) return requests_.on_reply(reply);
  if (reply.consumer.generation != 0)
    return link_.broker.send(reply.home, Unsubscribe{reply.queue, {}, reply.consumer});
  if (state_ == State::closing) closing_->on_answer();
}

void Session::on_topology_done(const TopologyDone& done) {
  if (state_ == State::open) return requests_.on_topology_done(done);
  if (state_ == State::closing) closing_->on_answer();
}

void Session::on_get_reply(const GetReply& reply, MessageRef message) {
  if (state_ != State::open) {
    if (message && !reply.no_ack) link_.broker.send_back(reply.home, reply.queue, reply.sequence);
    return;
  }
  (void)requests_.finish();
  if (!message) {
    link_.counts.add(MessageEvent::get_empty);
    return link_.listener.on_message_got(reply, 0, {});
  }
  link_.counts.add(reply.no_ack ? MessageEvent::get_no_ack : MessageEvent::get);
  if (reply.redelivered) link_.counts.add(MessageEvent::redeliver);
  if (link_.is_traced) trace(link_, reply.queue, *message, reply.redelivered);
  const auto size = static_cast<std::uint32_t>(message->body_size());
  const std::uint64_t tag =
      reply.no_ack ? unacked_.take_tag()
                   : unacked_.add({0, reply.queue, reply.sequence, {}, size, reply.home});
  link_.listener.on_message_got(reply, tag, std::move(message));
}

void Session::on_immediate_reply(const ImmediateReply& reply) {
  if (state_ != State::open) return;
  const bool is_last = publishes_.on_immediate_reply(reply);
  if (is_last && requests_.awaits<PublishRequest>()) (void)requests_.finish();
}

/// Steps are taken here; of what is final the listener hears, after what it means for the session.
void Session::on_answered(PendingAnswer::Answered answered) {
  const Answer& answer = answered.answer;
  if (const auto* declared = std::get_if<QueueDeclared>(&answer))
    return requests_.inspect_declared(*declared);
  if (std::holds_alternative<QueueVanished>(answer)) return requests_.declare_again();
  if (const auto* room = std::get_if<RoomAnswered>(&answer))
    return commits_.on_room_answer(room->is_full);
  if (!answered.is_final) return;
  if (std::holds_alternative<QueueInspected>(answer)) ++link_.broker.counters.queues_declared;
  if (const auto* done = std::get_if<Subscribed>(&answer)) deliveries_.on_subscribed(*done);
  if (const auto* done = std::get_if<Unsubscribed>(&answer)) deliveries_.forget(done->number);
  if (const auto* failed = std::get_if<SubscribeFailed>(&answer))
    deliveries_.forget(failed->number);
  link_.listener.on_answer(answered.origin, answer);
}

// --- End

void Session::close(bool wait_for_answers) {
  CHECK(state_ == State::open);
  state_ = State::closing;
  closing_ = std::make_unique<SessionClosing>(
      SessionClosing::Parts{link_, commits_, settling_, transaction_, deliveries_, unacked_});
  requests_.cancel();
  publishes_.clear();
  closing_->begin(wait_for_answers);
}

void Session::detach() {
  CHECK(state_ == State::closing);
  CHECK(closing_->is_done());
  state_ = State::detached;
  CHECK(link_.ref);
  link_.broker.detach(link_.ref);
}

// --- For the operator

namespace {

/// When a sample first saw what this one sees; 0: something is new.
std::uint64_t idle_since_ms(const SessionLink& link, std::uint64_t uncommitted, SessionSeen& seen) {
  const QueueHost::Turn& turn = link.broker.turn();
  std::uint64_t events = uncommitted;
  for (std::size_t i = 0; i < message_event_count; ++i)
    events += link.counts.own()[static_cast<MessageEvent>(i)];
  if (std::exchange(seen.events, events) != events) {
    seen.time = turn.now;
    return 0;
  }
  return wall_clock_ms(turn, seen.time);
}

}  // namespace

ChannelStats Session::describe() {
  ChannelStats row;
  const bool confirms = publishes_.counting() == SessionPublishes::Counting::confirms;
  row.number = link_.owner.channel;
  row.confirm = confirms;
  row.transactional = transaction_.is_on();
  row.consumer_count = static_cast<std::uint32_t>(deliveries_.consumers().count());
  row.prefetch_count = deliveries_.prefetch().count;
  row.global_prefetch_count = unacked_.shared().count();
  row.acks_uncommitted = transaction_.settle_count();
  row.messages_unacknowledged = unacked_.count() + row.acks_uncommitted;
  row.messages_unconfirmed = confirms ? publishes_.confirms().outstanding_count() : 0;
  row.messages_uncommitted = transaction_.publish_count();
  row.content_bytes = commits_.content_bytes();
  row.counts = link_.counts.own();
  row.idle_since_ms = idle_since_ms(link_, row.messages_uncommitted + row.acks_uncommitted, seen_);
  return row;
}

void Session::describe_consumers(std::vector<ConsumerStats>& out) const {
  deliveries_.consumers().for_each([&](std::uint32_t, const SessionConsumer& consumer) {
    if (!consumer.has_handle()) return;  // It waits for its queue's answer.
    ConsumerStats row;
    row.queue = consumer.queue;
    row.channel = link_.owner.channel;
    row.tag = consumer.tag;
    row.arguments = consumer.arguments;
    row.prefetch_count = consumer.prefetch;
    row.ack_required = !consumer.no_ack;
    row.exclusive = consumer.exclusive;
    row.active = !consumer.is_waiting;
    row.single_active = consumer.single_active;
    out.push_back(std::move(row));
  });
}

}  // namespace lepus::core
