// The two closes, and the end.
#include "net/amqp/channel/channel_closing.h"

#include <string>
#include <utility>

#include "net/amqp/connection/input_gate.h"

namespace lepus::amqp {

using core::ReplyCode;

void ChannelClosing::on_close_method() {
  CHECK(state_ == State::open);
  state_ = State::closing;
  is_answer_due_ = true;
  close_session(true);
}

/// RabbitMQ ignores everything on a channel it has closed, but for close, close-ok and a premature
/// open.
void ChannelClosing::on_frame(const Frame& frame) {
  if (frame.type != FrameType::method || state_ != State::close_sent) return;
  const auto method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  if (method == MethodId::channel_close) link_.send(ChannelCloseOk{});
  if (method == MethodId::channel_close_ok) {
    shut_down(true);
    // The number is free, and what comes behind is read, when all that it held is given back.
    holds_input_ = state_ == State::closing;
    if (holds_input_) link_.context.input.stop(InputStop::reply);
  }
  if (method == MethodId::channel_open) {
    link_.context.host.raise(
        link_.number, {ReplyCode::channel_error, "second 'channel.open' seen", class_channel, 10});
  }
}

void ChannelClosing::close_with(const core::AmqpError& error) {
  CHECK(state_ == State::open);
  const std::string text = error.text();
  link_.send(
      ChannelClose{static_cast<std::uint16_t>(error.code), text, error.class_id, error.method_id});
  state_ = State::close_sent;
  close_session(false);
}

void ChannelClosing::shut_down(bool orderly) {
  if (state_ == State::closed || (state_ == State::closing && orderly)) return;
  const bool was_open = state_ == State::open;
  state_ = State::closing;
  is_answer_due_ = false;
  if (was_open) return close_session(orderly);
  if (link_.session.closing().is_done()) return end();
  link_.session.closing().stop_waiting();
}

/// on_session_closed() comes when nothing is awaited any more, also from within.
void ChannelClosing::close_session(bool wait_for_answers) {
  acks_.cancel();
  link_.session.close(wait_for_answers);
}

void ChannelClosing::on_session_closed() {
  if (state_ == State::closing) end();
}

void ChannelClosing::end() {
  if (is_answer_due_) link_.send(ChannelCloseOk{});
  state_ = State::closed;
  if (std::exchange(holds_input_, false)) link_.context.input.allow(InputStop::reply);
  acks_.cancel();
  link_.session.detach();
  link_.context.host.on_channel_closed(link_.number);
}

}  // namespace lepus::amqp
