// See client_channel.h.
#include "net/amqp/client/client_channel.h"

#include <utility>
#include <variant>

#include "net/amqp/codec/arguments.h"

namespace lepus::amqp {

core::AmqpError unexpected_method(MethodId method) {
  return {core::ReplyCode::command_invalid, "unexpected method " + std::string{method_name(method)},
          class_id_of(method), method_id_of(method)};
}

void ClientChannel::open() {
  state_ = State::opening;
  parts_.writer.method(number, ChannelOpen{});
}

ClientChannel::Outcome ClientChannel::on_frame(const Frame& frame) {
  if (state_ == State::closed) return {unexpected_frame_error(frame)};
  const AssemblerEvent event = assembler_.on_frame(frame);
  if (const auto* method = std::get_if<MethodReady>(&event)) return on_method(*method);
  if (const auto* header = std::get_if<ContentHeader>(&event)) {
    if (core::Refusal refused = incoming_.set_header(*header)) return {std::move(refused)};
    if (header->body_size == 0) finish_content();
    return {};
  }
  if (const auto* piece = std::get_if<BodyPiece>(&event)) {
    incoming_.append(piece->bytes);
    if (piece->last) finish_content();
    return {};
  }
  return {std::get<AssemblerError>(event).to_amqp_error()};
}

ClientChannel::Outcome ClientChannel::on_method(const MethodReady& method) {
  if (method.method == MethodId::channel_close) return on_close(method);
  if (state_ == State::opening) {
    if (method.method != MethodId::channel_open_ok) return {unexpected_method(method.method)};
    state_ = State::open;
    return {.is_opened = true};
  }
  if (IncomingContent::is_begin(method.method)) return {incoming_.begin(method)};
  if (method.method == MethodId::channel_flow) {
    ChannelFlow flow;
    if (!decode(method.arguments, flow)) return {decode_error(method.method, method.arguments)};
    is_flow_stopped_ = !flow.active;
    parts_.writer.method(number, ChannelFlowOk{flow.active});
    return {};
  }
  if (has_content(method.method) || !parts_.listener.on_method(method))
    return {unexpected_method(method.method)};
  return {};
}

ClientChannel::Outcome ClientChannel::on_close(const MethodReady& method) {
  ChannelClose close;
  if (!decode(method.arguments, close)) return {decode_error(method.method, method.arguments)};
  parts_.writer.method(number, ChannelCloseOk{});
  state_ = State::closed;
  incoming_.clear();
  if (!parts_.listener.on_channel_closed(close.reply_code, close.reply_text))
    return {.ended = "the other broker closed the channel: " + std::to_string(close.reply_code) +
                     " " + std::string{close.reply_text}};
  assembler_ = {};
  open();
  return {.is_opening = true};
}

void ClientChannel::finish_content() {
  IncomingContent::Content done = incoming_.take();
  if (done.is_return) return parts_.listener.on_returned(done.reply_text);
  parts_.listener.on_delivery(done.tag, std::move(done.message));
}

}  // namespace lepus::amqp
