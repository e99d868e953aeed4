// What requests led to, one method for each kind of answer.
#include "net/amqp/channel/answers.h"

#include <utility>
#include <variant>

#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/input_gate.h"

namespace lepus::amqp {

using core::AmqpError;

namespace {

struct AnswerWriter {
  // Steps of which the client is not told: the session does not bring them.
  void operator()(std::monostate) const {}
  void operator()(const core::QueueDeclared&) const {}
  void operator()(const core::QueueVanished&) const {}
  void operator()(const core::RoomAnswered&) const {}

  void operator()(const core::Subscribed& done) const {
    const core::SessionConsumer& consumer = link.session.deliveries().consumers().at(done.number);
    if (consumer.timeout != core::never) notices.watch();
    answer(BasicConsumeOk{consumer.tag});
  }
  void operator()(const core::Unsubscribed& done) const { answer(BasicCancelOk{done.tag}); }
  void operator()(const core::QueueInspected& done) const {
    answer(QueueDeclareOk{done.name, done.message_count, done.consumer_count});
  }
  void operator()(const core::QueuePurged& done) const { answer(QueuePurgeOk{done.message_count}); }
  void operator()(const core::QueueDeleted& done) const {
    answer(QueueDeleteOk{done.message_count});
    notices.on_queue_deleted();
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
  void operator()(const core::Recovered&) const { answer(BasicRecoverOk{}); }
  void operator()(const core::RequestFailed& failed) const {
    AmqpError error = failed.error;
    if (error.detail.empty())
      error.detail = "no " + link.session.requests().queue_title(failed.name);
    link.context.host.raise(link.number, std::move(error));
  }
  void operator()(const core::SubscribeFailed& failed) const { (*this)(failed.why); }

  template <class Method>
  void answer(const Method& method) const {
    if (!origin.no_wait) link.send(method);
  }

  const ChannelLink& link;
  ConsumerNotices& notices;
  core::PendingAnswer::Origin origin;
};

}  // namespace

void Answers::on_answer(const core::PendingAnswer::Origin& origin, const core::Answer& answer) {
  std::visit(AnswerWriter{parts_.link, parts_.notices, origin}, answer);
}

void Answers::on_message_got(const core::GetReply& reply, std::uint64_t tag,
                             core::MessageRef message) {
  parts_.deliveries.write_got(reply, tag, std::move(message));
}

void Answers::on_returned(core::ReplyCode code, core::MessageRef message) {
  const BasicReturn returned{static_cast<std::uint16_t>(code), core::reply_code_name(code),
                             message->exchange(), message->routing_key()};
  Output& output = parts_.link.output;
  const std::uint64_t begin = output.writer().position();
  output.writer().content(parts_.link.number, returned, std::move(message));
  output.writer().note_answer(begin);
  output.touch();
}

// --- Input

void Answers::on_request_pending() { parts_.link.context.input.stop(InputStop::reply); }

void Answers::on_request_done() { parts_.link.context.input.allow(InputStop::reply); }

/// A commit says it for each of its messages. With a consumer on the same connection its
/// acknowledgements would wait, too.
void Answers::on_blocked(const core::PublishTarget& target) {
  if (target.queue && parts_.link.context.host.has_consumers()) return;
  parts_.link.context.input.stop_until_unblocked(target);
}

// --- Consumers

void Answers::on_consumer_changed(const core::SessionConsumer& consumer, bool is_there) {
  parts_.notices.on_changed(consumer, is_there);
}

void Answers::on_consumer_overdue(const core::SessionConsumer& consumer) {
  parts_.notices.on_overdue(consumer);
}

std::string Answers::connection_name() const { return parts_.link.context.facts.peer.text(); }

}  // namespace lepus::amqp
