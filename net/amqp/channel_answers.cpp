// What requests led to, in AMQP's words.
#include <utility>
#include <variant>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;

struct Channel::AnswerWriter {
  // Steps of which the client is not told: the session does not bring them.
  void operator()(std::monostate) const {}
  void operator()(const core::QueueDeclared&) const {}
  void operator()(const core::QueueVanished&) const {}
  void operator()(const core::RoomAnswered&) const {}

  void operator()(const core::Subscribed& done) const {
    const core::SessionConsumer& consumer =
        channel.session_.deliveries().consumers().at(done.number);
    if (consumer.timeout != core::never) channel.look_for_overdue(channel.overdue_timer_);
    answer(BasicConsumeOk{consumer.tag});
  }
  void operator()(const core::Unsubscribed& done) const { answer(BasicCancelOk{done.tag}); }
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
  void operator()(const core::Committed&) const { answer(TxCommitOk{}); }
  void operator()(const core::RolledBack&) const { answer(TxRollbackOk{}); }
  void operator()(const core::RequestFailed& failed) const {
    AmqpError error = failed.error;
    if (error.detail.empty())
      error.detail = "no " + channel.session_.requests().queue_title(failed.name);
    channel.context_.host.raise(channel, std::move(error));
  }
  void operator()(const core::SubscribeFailed& failed) const { (*this)(failed.why); }

  template <class Method>
  void answer(const Method& method) const {
    if (!origin.no_wait) channel.send(method);
  }

  Channel& channel;
  Origin origin;
};

void Channel::on_answer(const Origin& origin, const core::Answer& answer) {
  std::visit(AnswerWriter{*this, origin}, answer);
}

void Channel::on_request_pending() { context_.input.stop(InputStop::reply); }

void Channel::on_request_done() { context_.input.allow(InputStop::reply); }

std::string Channel::connection_name() const { return context_.facts.peer.text(); }

}  // namespace lepus::amqp
