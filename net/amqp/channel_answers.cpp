// Answers of other threads, and of this shard's queues: what the pending request makes of them
// (core/session/pending_answer.h) is told to the client here.
#include <utility>
#include <variant>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;

struct Channel::AnswerWriter {
  void operator()(std::monostate) const {}
  void operator()(const core::Subscribed& done) const {
    Consumer& consumer = channel.consumers_.at(done.number);
    consumer.handle = done.handle;
    channel.start_timeout(consumer);
    channel.tell_consumer(consumer, true);
    answer(BasicConsumeOk{consumer.tag});
  }
  /// Its queue may have been deleted meanwhile; then the consumer is gone already.
  void operator()(const core::Unsubscribed& done) const {
    if (channel.consumers_.contains(done.number)) channel.forget_consumer(done.number);
    answer(BasicCancelOk{done.tag});
  }
  /// Another client may have deleted the queue since; then it was declared all the same, and is
  /// empty.
  void operator()(const core::QueueDeclared& done) const {
    channel.last_queue_ = done.name;
    core::Broker& broker = channel.broker();
    const core::QueueInfo* info =
        broker.topology().find_queue(channel.connection_.vhost(), done.name);
    if (info != nullptr) return broker.send(info->home, core::Inspect{info->id, channel.ref_});
    channel.finish_request();
    answer(QueueDeclareOk{done.name, 0, 0});
  }
  void operator()(const core::QueueInspected& done) const {
    answer(QueueDeclareOk{done.name, done.message_count, done.consumer_count});
  }
  void operator()(const core::QueuePurged& done) const { answer(QueuePurgeOk{done.message_count}); }
  void operator()(const core::QueueDeleted& done) const {
    answer(QueueDeleteOk{done.message_count});
    channel.tell_cancelled();
  }
  void operator()(const core::TopologyChanged&) const {
    const auto is_of = [this]<class Method>(const Method&) {
      return origin.class_id == class_id_of(Method::id) &&
             origin.method_id == method_id_of(Method::id);
    };
    if (is_of(QueueBind{})) answer(QueueBindOk{});
    if (is_of(QueueUnbind{})) answer(QueueUnbindOk{});
    if (is_of(ExchangeDeclare{})) answer(ExchangeDeclareOk{});
    if (is_of(ExchangeDelete{})) answer(ExchangeDeleteOk{});
    if (is_of(ExchangeBind{})) answer(ExchangeBindOk{});
    if (is_of(ExchangeUnbind{})) answer(ExchangeUnbindOk{});
  }
  void operator()(const core::ConsumersStopped&) const { answer(ChannelFlowOk{false}); }
  void operator()(const core::RoomAnswered& done) const { channel.on_room_answer(done.is_full); }
  void operator()(const core::RequestFailed& failed) const {
    AmqpError error = failed.error;
    if (error.detail.empty()) error.detail = "no " + channel.queue_title(failed.name);
    channel.connection_.raise(channel, std::move(error));
  }
  void operator()(const core::SubscribeFailed& failed) const {
    channel.forget_consumer(failed.number);
    (*this)(failed.why);
  }

  template <class Method>
  void answer(const Method& method) const {
    if (!origin.no_wait) channel.send(method);
  }

  Channel& channel;
  core::PendingAnswer::Origin origin;
};

void Channel::expect(MethodId method, bool no_wait, core::PendingAnswer::Request request) {
  pending_.expect({class_id_of(method), method_id_of(method), no_wait}, std::move(request));
  connection_.stop_input(Connection::stop_for_reply);
}

void Channel::finish_request() {
  pending_.finish();
  connection_.allow_input(Connection::stop_for_reply);
}

void Channel::take_answer(core::PendingAnswer::Answered answered) {
  if (answered.is_final) connection_.allow_input(Connection::stop_for_reply);
  std::visit(AnswerWriter{*this, answered.origin}, answered.answer);
}

void Channel::on_reply(const core::Reply& reply) {
  if (state_ == State::closing) return on_give_back_answer();
  if (state_ == State::open) take_answer(pending_.on_reply(reply));
}

void Channel::on_topology_done(const core::TopologyDone& done) {
  if (state_ == State::closing) return on_give_back_answer();
  if (state_ == State::open) take_answer(pending_.on_topology_done(done));
}

}  // namespace lepus::amqp
