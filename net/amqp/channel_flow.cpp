// channel.flow: the client stops its consumers and lets them go on (AMQP 0-9-1, channel.flow).
// RabbitMQ answers a stop with 540, and so does Lepus unless the client's capabilities or the
// settings say otherwise: clients' own tests depend on it. What basic.get asks for, and replies by
// direct reply-to, come nevertheless: nobody else holds them.
//
//   flow stop -> every queue is told and answers -> flow-ok: nothing comes behind it
#include "net/amqp/channel.h"
#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

Channel::Outcome Channel::on(const ChannelFlow& flow) {
  const bool may_stop =
      connection_.capabilities().channel_flow || connection_.server().settings().channel_flow;
  if (!flow.active && !may_stop)
    return core::AmqpError{core::ReplyCode::not_implemented, "active=false"};
  const bool was_stopped = flow_stopped_;
  flow_stopped_ = !flow.active;
  if (flow.active) {
    if (was_stopped && !connection_.pauses_consumers()) resume_consumers();
    send(ChannelFlowOk{true});
    return std::nullopt;
  }
  // One answer is ours, until all were asked.
  const auto answers_due = static_cast<std::uint32_t>(consumers_.count()) + 1;
  expect(MethodId::channel_flow, false, core::StopConsumersRequest{answers_due});
  consumers_.for_each([this](std::uint32_t, Consumer& consumer) {
    consumer.paused = true;
    core::ConsumerFlow stop = consumer.flow();
    stop.answer_to = ref_;
    broker().send(consumer.home, stop);
  });
  take_answer(pending_.on_reply({}));
  return std::nullopt;
}

}  // namespace lepus::amqp
