// Life of a channel: frames in, methods to their handlers, and giving everything back at the end.
#include "net/amqp/channel.h"

#include <utility>
#include <variant>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Channel(Connection& connection, std::uint16_t number)
    : connection_(connection),
      number_(number),
      access_(connection.server().broker().topology(), connection.session_owner()) {
  ref_ = broker().attach({this, this, this});
}

Channel::~Channel() {
  CHECK(state_ == State::closed);
  if (timeouts_) connection_.server().loop().timers().cancel(timeouts_->timer);
}

void Channel::on_frame(const Frame& frame) {
  if (state_ != State::open) return on_frame_while_closing(frame);
  AssemblerEvent event = assembler_.on_frame(frame);
  Outcome outcome;
  if (const auto* method = std::get_if<MethodReady>(&event)) {
    outcome = on_method(*method);
  } else if (const auto* header = std::get_if<ContentHeader>(&event)) {
    outcome = on_content_header(*header);
  } else if (const auto* body = std::get_if<BodyPiece>(&event)) {
    outcome = on_body(*body);
  } else {
    outcome = std::get<AssemblerError>(event).to_amqp_error();
  }
  if (outcome) connection_.raise(*this, std::move(*outcome));
}

/// RabbitMQ ignores everything on a channel it has closed, but for close, close-ok and a premature
/// open.
void Channel::on_frame_while_closing(const Frame& frame) {
  if (frame.type != FrameType::method || state_ != State::close_sent) return;
  const auto method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  if (method == MethodId::channel_close) send(ChannelCloseOk{});
  if (method == MethodId::channel_close_ok) end();
  if (method == MethodId::channel_open) {
    connection_.raise(*this,
                      {ReplyCode::channel_error, "second 'channel.open' seen", class_channel, 10});
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

Channel::Outcome Channel::on(const ChannelClose&) {
  state_ = State::closing;
  tell_client_closed_ = true;
  give_back_everything(true);
  return std::nullopt;
}

void Channel::close_with(const AmqpError& error) {
  CHECK(state_ == State::open);
  const std::string text = error.text();
  send(ChannelClose{static_cast<std::uint16_t>(error.code), text, error.class_id, error.method_id});
  state_ = State::close_sent;
  give_back_everything(false);
}

void Channel::shut_down(bool orderly) {
  if (state_ == State::closed) return;
  if (state_ == State::closing) {
    if (orderly) return;
    tell_client_closed_ = false;
    return end();
  }
  const bool was_open = state_ == State::open;
  state_ = State::closing;
  tell_client_closed_ = false;
  if (was_open) {
    give_back_everything(orderly);
  } else {
    end();
  }
}

/// Consumers leave their queues, then everything unacked returns to its place. `wait_for_answers`:
/// the end waits until each queue has answered, so that auto-delete queues are gone when the client
/// reads close-ok.
void Channel::give_back_everything(bool wait_for_answers) {
  pending_.cancel();
  publishing_ = {};
  immediate_publishes_.clear();
  shared_prefetch_.drop_requests();
  give_back_answers_due_ = 1;  // Ours, until all are on their way.
  consumers_.for_each([&](std::uint32_t number, const Consumer& consumer) {
    if (!consumer.has_handle()) return;
    consumers_.remove(number);
    tell_consumer(consumer, false);
    if (wait_for_answers) ++give_back_answers_due_;
    broker().send(consumer.home,
                  core::Unsubscribe{consumer.queue, wait_for_answers ? ref_ : core::ChannelRef{},
                                    consumer.handle});
  });
  std::vector<core::UnackedWindow::Entry> entries = transaction_.roll_back();
  unacked_.take_up_to(0, entries);
  settle_entries(entries, core::Outcome::returned);
  if (linked()) connection_.server().forget_acks(*this);
  connection_.allow_input(Connection::stop_for_reply);
  on_give_back_answer();
}

void Channel::on_give_back_answer() {
  CHECK(give_back_answers_due_ > 0);
  if (--give_back_answers_due_ == 0 && state_ == State::closing) end();
}

void Channel::end() {
  if (tell_client_closed_) send(ChannelCloseOk{});
  state_ = State::closed;
  if (linked()) connection_.server().forget_acks(*this);
  broker().detach(ref_);
  connection_.on_channel_closed(*this);
}

std::string Channel::queue_title(std::string_view name) const {
  return core::queue_title(name, connection_.vhost_name());
}

}  // namespace lepus::amqp
