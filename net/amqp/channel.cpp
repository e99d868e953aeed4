// Life of a channel: frames in, methods to their handlers, and giving everything back at the end.
#include "net/amqp/channel.h"

#include <utility>
#include <variant>

#include "net/amqp/channel_impl.h"
#include "net/amqp/connection/events.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Channel(const ChannelContext& context, std::uint16_t number)
    : context_(context),
      output_(context.output),
      number_(number),
      session_(broker(), session_owner(context.facts, number), {*this, this}) {
  broker().memory().session_bytes += core::limits::channel_memory;
  session_.set_traced(context.facts.is_traced);
  overdue_timer_.bind<&Channel::look_for_overdue>(this);
}

Channel::~Channel() {
  CHECK(state_ == State::closed);
  broker().memory().session_bytes -= core::limits::channel_memory;
  context_.services.loop().timers().cancel(overdue_timer_);
}

void Channel::on_frame(const Frame& frame) {
  if (state_ != State::open) return on_frame_while_closing(frame);
  const auto handle = [this](const AssemblerEvent& event) -> Outcome {
    if (const auto* method = std::get_if<MethodReady>(&event)) return on_method(*method);
    if (const auto* header = std::get_if<ContentHeader>(&event)) return on_content_header(*header);
    if (const auto* body = std::get_if<BodyPiece>(&event)) return on_body(*body);
    return std::get<AssemblerError>(event).to_amqp_error();
  };
  if (Outcome refused = handle(assembler_.on_frame(frame)))
    context_.host.raise(*this, std::move(*refused));
}

/// RabbitMQ ignores everything on a channel it has closed, but for close, close-ok and a premature
/// open.
void Channel::on_frame_while_closing(const Frame& frame) {
  if (frame.type != FrameType::method || state_ != State::close_sent) return;
  const auto method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  if (method == MethodId::channel_close) send(ChannelCloseOk{});
  if (method == MethodId::channel_close_ok) {
    shut_down(true);
    // The number is free, and what comes behind is read, when all that it held is given back.
    holds_input_ = state_ == State::closing;
    if (holds_input_) on_request_pending();
  }
  if (method == MethodId::channel_open) {
    context_.host.raise(
        *this, {ReplyCode::channel_error, "second 'channel.open' seen", class_channel, 10});
  }
}

template <class... Methods>
bool Channel::dispatch(const MethodReady& ready, Outcome& outcome) {
  const auto handle = [&]<class Method>(Method method) {
    if (decode(ready.arguments, method)) {
      outcome = on(method);
    } else {
      outcome = decode_error(Method::id, ready.arguments);
    }
    return true;
  };
  return ((ready.method == Methods::id && handle(Methods{})) || ...);
}

Channel::Outcome Channel::on_method(const MethodReady& ready) {
  Outcome outcome;
  const bool known =
      dispatch<BasicPublish, BasicAck, BasicGet, BasicNack, BasicReject>(ready, outcome) ||
      dispatch<BasicConsume, BasicCancel, BasicQos, BasicRecover, BasicRecoverAsync>(ready,
                                                                                     outcome) ||
      dispatch<QueueDeclare, QueueBind, QueueUnbind, QueuePurge, QueueDelete>(ready, outcome) ||
      dispatch<ExchangeDeclare, ExchangeDelete, ExchangeBind, ExchangeUnbind>(ready, outcome) ||
      dispatch<ConfirmSelect, TxSelect, TxCommit, TxRollback>(ready, outcome) ||
      dispatch<ChannelOpen, ChannelFlow, ChannelClose, AccessRequest>(ready, outcome);
  if (!known) outcome = AmqpError{ReplyCode::command_invalid, "unimplemented method"};
  const bool is_frame_level = outcome && outcome->code == ReplyCode::frame_error;
  if (outcome && outcome->class_id == 0 && !is_frame_level) {
    outcome->class_id = class_id_of(ready.method);
    outcome->method_id = method_id_of(ready.method);
  }
  return outcome;
}

Channel::Outcome Channel::on(const ChannelOpen&) {
  return AmqpError{ReplyCode::channel_error, "second 'channel.open' seen"};
}

Channel::Outcome Channel::on(const AccessRequest&) {
  send(AccessRequestOk{1});
  return std::nullopt;
}

/// RabbitMQ answers a stop with 540, and so does Lepus unless the client's capabilities or the
/// settings say otherwise: clients' own tests depend on it. What basic.get asks for, and replies by
/// direct reply-to, come nevertheless: nobody else holds them.
Channel::Outcome Channel::on(const ChannelFlow& flow) {
  const bool may_stop =
      context_.facts.capabilities.channel_flow || context_.services.settings().channel_flow;
  if (!flow.active && !may_stop) return AmqpError{ReplyCode::not_implemented, "active=false"};
  core::SessionDeliveries& deliveries = session_.deliveries();
  if (!flow.active) {
    deliveries.stop_flow(origin_of(MethodId::channel_flow));
    return std::nullopt;
  }
  const bool was_stopped = deliveries.is_flow_stopped();
  deliveries.start_flow();
  if (was_stopped && !output_.pauses_consumers()) deliveries.resume();
  send(ChannelFlowOk{true});
  return std::nullopt;
}

Channel::Outcome Channel::on(const ChannelClose&) {
  state_ = State::closing;
  tell_client_closed_ = true;
  close_session(true);
  return std::nullopt;
}

void Channel::close_with(const AmqpError& error) {
  CHECK(state_ == State::open);
  const std::string text = error.text();
  send(ChannelClose{static_cast<std::uint16_t>(error.code), text, error.class_id, error.method_id});
  state_ = State::close_sent;
  close_session(false);
}

void Channel::shut_down(bool orderly) {
  if (state_ == State::closed || (state_ == State::closing && orderly)) return;
  const bool was_open = state_ == State::open;
  state_ = State::closing;
  tell_client_closed_ = false;
  if (was_open) return close_session(orderly);
  if (session_.closing().is_done()) return end();
  session_.closing().stop_waiting();
}

/// on_closed() comes when nothing is awaited any more, also from within.
void Channel::close_session(bool wait_for_answers) {
  context_.lists.forget_acks(*this);
  session_.close(wait_for_answers);
}

void Channel::on_consumer_changed(const core::SessionConsumer& consumer, bool is_there) {
  emit_consumer(broker(), context_.facts, {number_, is_there}, consumer);
}

void Channel::on_closed() {
  if (state_ == State::closing) end();
}

void Channel::end() {
  if (tell_client_closed_) send(ChannelCloseOk{});
  state_ = State::closed;
  if (std::exchange(holds_input_, false)) on_request_done();
  context_.lists.forget_acks(*this);
  session_.detach();
  context_.host.on_channel_closed(*this);
}

}  // namespace lepus::amqp
