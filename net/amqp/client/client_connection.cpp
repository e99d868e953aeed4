// Frames, the login, and every way to end. See client_connection.h.
#include "net/amqp/client/client_connection.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/limits.h"
#include "net/amqp/codec/arguments.h"

namespace lepus::amqp {

namespace {

template <class Method>
core::Refusal read(const MethodReady& ready, Method& out) {
  if (decode(ready.arguments, out)) return std::nullopt;
  return decode_error(Method::id, ready.arguments);
}

constexpr core::Nanos finish_wait = 2 * core::nanos_per_s;
}  // namespace

ClientConnection::ClientConnection(std::unique_ptr<net::Stream> stream, const Parts& parts,
                                   ClientLogin login)
    : parts_(parts),
      login_(std::move(login)),
      stream_(std::move(stream)),
      writer_(stream_->out()),
      channel_({writer_, parts_.listener, parts_.memory, parts_.message_size_max}),
      clock_(parts_.answer_wait) {
  timer_.bind<&ClientConnection::on_timer>(this);
}

ClientConnection::~ClientConnection() {
  CHECK(state_ == State::closed || state_ == State::fresh);
  parts_.loop.timers().cancel(timer_);
}

void ClientConnection::start() {
  CHECK(state_ == State::fresh);
  state_ = State::awaiting_start;
  stream_->start(*this);
  stream_->set_send_timeout(parts_.answer_wait);
  static constexpr std::string_view header{"AMQP\0\0\11\1", 8};
  writer_.raw(core::as_bytes(header));
  stream_->touch();
  await_answer();
}

// --- Input

void ClientConnection::on_bytes(core::Bytes bytes) {
  if (state_ >= State::closing) return;
  clock_.on_received(parts_.loop.now());
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  std::size_t used = 0;
  while (state_ < State::closing) {
    const core::Bytes left = core::Bytes{input_}.subspan(used);
    // A broker of another protocol or version answers with the header of its own.
    if (state_ == State::awaiting_start && core::as_text(left).starts_with("AMQP"))
      return end("the other side does not speak AMQP 0-9-1");
    const FrameResult result = next_frame(left, payload_max_of(parts_.frame_max));
    if (result.incomplete()) break;
    if (!result.complete()) return refuse(result.error());
    used += result.size;
    on_frame(result.frame);
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
  if (state_ < State::closing) parts_.loop.timers().arm(timer_, clock_.next_look());
}

void ClientConnection::on_frame(const Frame& frame) {
  if (frame.type == FrameType::heartbeat) return;
  if (frame.channel == ClientChannel::number && state_ == State::open)
    return on_channel_frame(frame);
  if (frame.channel != 0 || frame.type != FrameType::method)
    return refuse(unexpected_frame_error(frame));
  const std::uint32_t number = core::load_u32(frame.payload.data());
  const auto id = static_cast<MethodId>(number);
  if (!is_known(class_id_of(id), method_id_of(id))) return refuse(unknown_method_error(number));
  on_connection_method({id, frame.payload.subspan(method_header_size)});
}

void ClientConnection::on_channel_frame(const Frame& frame) {
  const ClientChannel::Outcome outcome = channel_.on_frame(frame);
  stream_->touch();
  if (outcome.refused) return refuse(*outcome.refused);
  if (!outcome.ended.empty()) return end(outcome.ended);
  if (outcome.is_opening) return await_answer();
  if (!outcome.is_opened) return;
  note_answered();
  parts_.listener.on_channel_open();
}

void ClientConnection::on_connection_method(const MethodReady& method) {
  if (method.method == MethodId::connection_close) {
    ConnectionClose close;
    if (const auto refused = read(method, close)) return refuse(*refused);
    writer_.method(0, ConnectionCloseOk{});
    return end("closed by the other broker: " + std::to_string(close.reply_code) + " " +
               std::string{close.reply_text});
  }
  if ((method.method == MethodId::connection_start && state_ == State::awaiting_start) ||
      (method.method == MethodId::connection_tune && state_ == State::awaiting_tune))
    return log_in(method);
  if (method.method == MethodId::connection_open_ok && state_ == State::awaiting_open_ok) {
    state_ = State::open;
    channel_.open();
    stream_->touch();
    return await_answer();
  }
  const bool is_past_login = state_ == State::open;
  if (is_past_login && method.method == MethodId::connection_blocked) {
    is_blocked_ = true;
  } else if (is_past_login && method.method == MethodId::connection_unblocked) {
    is_blocked_ = false;
  } else if (method.method == MethodId::connection_secure) {
    end("the other broker asks for a login in several steps, which is not there");
  } else {
    refuse(unexpected_method(method.method));
  }
}

void ClientConnection::log_in(const MethodReady& method) {
  std::string error;
  if (state_ == State::awaiting_start) {
    ConnectionStart start;
    if (const auto refused = read(method, start)) return refuse(*refused);
    error = answer_start(start, login_, writer_);
    state_ = State::awaiting_tune;
  } else {
    ConnectionTune tune;
    if (const auto refused = read(method, tune)) return refuse(*refused);
    ClientLimits limits{parts_.frame_max};
    error = answer_tune(tune, login_, limits, writer_);
    clock_.start_heartbeat(limits.heartbeat_s, parts_.loop.now());
    state_ = State::awaiting_open_ok;
  }
  if (!error.empty()) return end(std::move(error));
  stream_->touch();
  await_answer();
}

// --- Output

void ClientConnection::publish(const Publish& publish, core::MessageRef body) {
  CHECK(is_open());
  BasicPublish method;
  method.exchange = publish.exchange;
  method.routing_key = publish.key;
  method.mandatory = publish.mandatory;
  writer_.content(ClientChannel::number, method, publish.properties, std::move(body));
  stream_->touch();
}

void ClientConnection::set_reading(bool is_reading) {
  if (std::exchange(is_reading_, is_reading) == is_reading || state_ >= State::closing) return;
  is_reading ? stream_->resume_reading() : stream_->pause_reading();
}

// --- Time

void ClientConnection::await_answer() {
  clock_.await_answer(parts_.loop.now());
  parts_.loop.timers().arm(timer_, clock_.next_look());
}

void ClientConnection::note_answered() {
  clock_.note_answered();
  parts_.loop.timers().arm(timer_, clock_.next_look());
}

void ClientConnection::on_timer(io::Timer&) {
  const core::Nanos now = parts_.loop.now();
  if (clock_.is_answer_late(now)) return end("the other broker did not answer in time");
  const Heartbeat::Due due = clock_.look(now, is_reading_);
  if (due == Heartbeat::Due::peer_gone) return end("missed heartbeats of the other broker");
  if (due == Heartbeat::Due::send) {
    writer_.heartbeat();
    stream_->touch();
  }
  parts_.loop.timers().arm(timer_, clock_.next_look());
}

// --- The end

/// The other side is told what it did.
void ClientConnection::refuse(const core::AmqpError& error) {
  const std::string text = error.text();
  writer_.method(0, ConnectionClose{static_cast<std::uint16_t>(error.code), text, error.class_id,
                                    error.method_id});
  end("what the other broker sent was refused: " + text);
}

void ClientConnection::end(std::string why) {
  if (state_ >= State::closing) return;
  state_ = State::closing;
  parts_.loop.timers().cancel(timer_);
  channel_.clear();
  stream_->touch();
  stream_->finish(finish_wait);
  parts_.listener.on_ended(std::move(why));
}

void ClientConnection::close() {
  if (state_ >= State::closing) return;
  if (state_ == State::fresh) {
    state_ = State::closing;
    stream_->start(*this);
    return stream_->close();
  }
  if (state_ == State::open)
    writer_.method(0, ConnectionClose{static_cast<std::uint16_t>(core::ReplyCode::success),
                                      "shovel ended", 0, 0});
  state_ = State::closing;
  parts_.loop.timers().cancel(timer_);
  stream_->touch();
  stream_->finish(finish_wait);
}

void ClientConnection::on_peer_closed() {
  end(state_ == State::awaiting_tune
          ? "the other broker closed the connection during the login: are user and password right?"
          : "the other broker closed the connection");
}

void ClientConnection::on_closed(std::string_view why) {
  parts_.loop.timers().cancel(timer_);
  const bool is_told = std::exchange(state_, State::closed) >= State::closing;
  channel_.clear();
  if (!is_told) parts_.listener.on_ended("the connection was lost: " + std::string{why});
}

}  // namespace lepus::amqp
