// From bytes to frames to channels. A frame inside one receive buffer is read in place; one that is
// cut in two is completed in carry_, by copying just what it lacks. A body frame is not waited for:
// its bytes go to the channel as they come, all but the last, which waits for the end octet.
//
// Invariant: while input is not held, carry_ holds less than one frame (once a body frame has
// begun: nothing, or its last byte). While it is held, carry_ keeps all that came.
#include <algorithm>
#include <utility>

#include "core/access/access_rules.h"
#include "core/limits.h"
#include "net/amqp/codec/protocol_header.h"
#include "net/amqp/connection.h"
#include "net/amqp/connection/events.h"
#include "net/amqp/request_ahead.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Bytes;
using core::ReplyCode;
namespace limits = core::limits;

namespace {

AmqpError unknown_method(std::uint16_t class_id, std::uint16_t method_id) {
  AssemblerError error;
  error.kind = AssemblerError::Kind::unknown_method;
  error.found_class = class_id;
  error.found_method = method_id;
  return error.to_amqp_error();
}

/// Returns true if the input, which is held until `channel` has an answer, may be read for one more
/// frame.
bool goes_on(core::Bytes bytes, std::size_t payload_max, Channel* channel) {
  if (channel == nullptr || channel->state() != Channel::State::open) return false;
  const FrameResult next = next_frame(bytes, payload_max);
  return next.complete() && next.frame.channel == channel->number() &&
         may_ask_ahead(next.frame, channel->session().requests());
}

}  // namespace

void Connection::on_bytes(Bytes bytes) {
  heartbeat_.on_received(services_.now());
  facts_.traffic.received_bytes += bytes.size();
  ++facts_.traffic.received_count;
  if (!reads_input()) return;
  if (is_input_stopped() || resume_due_) return carry_over(bytes);
  if (const Bytes left = read(bytes); !left.empty()) carry_over(left);
  services_.broker().pump();
}

/// Returns what is to be read later: the rest of `bytes`, which is nothing in carry_.
Bytes Connection::read(Bytes bytes) {
  CHECK(!reading_);
  reading_ = true;
  if (phase_ == Phase::awaiting_header) read_protocol_header(bytes);
  while (!carry_.empty() && !bytes.empty() && !is_input_stopped() && reads_input())
    complete_carried_frame(bytes);
  const auto may_go_on = [&] {
    if (!is_input_stopped()) return true;
    return input_stops_ == stop_for_reply && phase_ == Phase::open && body_.left == 0 &&
           goes_on(bytes, payload_max_, last_channel_);
  };
  while (!bytes.empty() && may_go_on() && reads_input()) {
    if (body_.left > 0) {
      if (!read_body(bytes)) break;
      continue;
    }
    const FrameResult result = next_frame(bytes, payload_max_);
    if (result.incomplete()) {
      if (!begin_body(bytes)) break;
      continue;
    }
    on_frame_result(result);
    bytes = bytes.subspan(std::min(result.size, bytes.size()));
  }
  reading_ = false;
  return reads_input() ? bytes : Bytes{};
}

/// The header of a body frame whose payload is still to come. Its size was checked by next_frame().
bool Connection::begin_body(Bytes& bytes) {
  if (phase_ != Phase::open || bytes.size() < frame_header_size + 2) return false;
  if (bytes[0] != frame_body || core::load_u16(bytes.data() + 1) == 0) return false;
  body_.channel = core::load_u16(bytes.data() + 1);
  body_.left = core::load_u32(bytes.data() + 3);
  bytes = bytes.subspan(frame_header_size);
  return body_.left > 0;
}

/// Passes on what is there of the body frame. False: only its last byte is, without the end octet.
bool Connection::read_body(Bytes& bytes) {
  const bool whole = bytes.size() > body_.left;
  if (whole && bytes[body_.left] != frame_end) {
    FrameResult broken;
    broken.status = FrameStatus::bad_end;
    broken.frame = {FrameType::body, body_.channel, bytes.first(body_.left)};
    broken.culprit = bytes[body_.left];
    body_.left = 0;
    on_frame_result(broken);
    return false;
  }
  const std::size_t size = whole ? body_.left : std::min<std::size_t>(bytes.size(), body_.left - 1);
  if (size == 0) return false;
  const Bytes part = bytes.first(size);
  bytes = bytes.subspan(whole ? size + 1 : size);
  body_.left = whole ? 0 : body_.left - static_cast<std::uint32_t>(size);
  dispatch({FrameType::body, body_.channel, part});
  return true;
}

/// Takes from `bytes` what the frame in carry_ lacks, as far as it is known.
void Connection::complete_carried_frame(Bytes& bytes) {
  if (body_.left > 0) {  // Its last byte waits for the end octet.
    CHECK(body_.left == 1 && carry_.size() == 1);
    carry_.append(bytes.first(1));
    bytes = bytes.subspan(1);
    const CarriedInput tail = std::exchange(carry_, {});
    Bytes last = tail.bytes();
    (void)read_body(last);
    return;
  }
  const FrameResult before = next_frame(carry_.bytes(), payload_max_);
  CHECK(before.incomplete());
  const Bytes part = bytes.first(std::min(before.size - carry_.size(), bytes.size()));
  carry_.reserve(before.size);  // Known and bounded by now: no growing by copying.
  carry_.append(part);
  bytes = bytes.subspan(part.size());
  const FrameResult result = next_frame(carry_.bytes(), payload_max_);
  if (result.incomplete()) return;
  const CarriedInput frame = std::exchange(carry_, {});  // The result's views stay good.
  on_frame_result(result);
}

void Connection::carry_over(Bytes bytes) {
  carry_.append(bytes);
  if (!is_input_stopped() || carry_.size() <= limits::held_input_max || paused_) return;
  paused_ = true;
  stream_->pause_reading();
}

void Connection::allow_input(InputStop why) {
  if ((input_stops_ & why) == 0) return;
  input_stops_ = static_cast<std::uint8_t>(input_stops_ & ~why);
  if (!is_input_stopped()) resume_soon();
}

void Connection::release_all() {
  input_stops_ = 0;
  if (!carry_.empty() || paused_) resume_soon();
}

/// Not at once: whoever releases may be in the middle of something. Until then carry_ may hold
/// whole frames, so what comes meanwhile is put behind them.
void Connection::resume_soon() {
  if (reading_ || resume_due_) return;
  resume_due_ = true;
  server_.resume_later(*this);
}

void Connection::resume_input() {
  resume_due_ = false;
  // What was waited for may be more than the client takes.
  if (writer_.brake().is_on() && phase_ == Phase::open) stop_input(stop_for_output);
  if (is_input_stopped() || !reads_input()) return;
  if (!carry_.empty()) {
    CarriedInput kept = std::exchange(carry_, {});
    kept.keep_last(read(kept.bytes()).size());
    CHECK(carry_.empty());
    if (!kept.empty()) carry_ = std::move(kept);
  }
  if (input_ended_ && !is_input_stopped() && !resume_due_) return end_without_client();
  if (is_input_stopped() || !paused_ || !reads_input()) return;
  paused_ = false;
  stream_->resume_reading();
}

void Connection::read_protocol_header(Bytes& bytes) {
  const Bytes part = bytes.first(std::min(protocol_header_size - carry_.size(), bytes.size()));
  carry_.append(part);
  bytes = bytes.subspan(part.size());
  if (carry_.size() < protocol_header_size) return;
  const CarriedInput kept = std::exchange(carry_, {});
  const Bytes header = kept.bytes();
  if (is_accepted_header(header)) return send_start();
  writer_.raw(protocol_header);
  touch();
  close_silently({ReplyCode::frame_error, describe_foreign_header(header)});
}

void Connection::on_frame_result(const FrameResult& result) {
  if (result.complete()) return dispatch(result.frame);
  if (result.lost_sync()) lost_sync_ = true;
  if (phase_ == Phase::open) {
    fail(result.error());
  } else if (phase_ == Phase::lingering) {
    stream_->close();
  } else if (phase_ != Phase::close_sent) {
    refuse(result.error());
  }
}

void Connection::dispatch(const Frame& frame) {
  switch (phase_) {
    case Phase::open:
      if (frame.channel != 0) {
        to_channel(frame);
      } else if (frame.type != FrameType::heartbeat) {
        on_channel_zero(frame);
      }
      if (writer_.brake().is_on() && phase_ == Phase::open) stop_input(stop_for_output);
      return;
    case Phase::awaiting_header:
    case Phase::starting:
    case Phase::tuning:
    case Phase::opening:
      if (frame.type == FrameType::heartbeat) return;
      if (frame.channel == 0) return on_channel_zero(frame);
      if (phase_ == Phase::opening) return fail(unexpected_frame_error(frame));
      return refuse(unexpected_frame_error(frame));
    case Phase::closing:
    case Phase::close_sent:
    case Phase::lingering:
      return on_frame_after_close(frame);
    case Phase::finished:
      return;
  }
}

/// Frames on channel 0 are methods: next_frame() refuses anything else there.
void Connection::on_channel_zero(const Frame& frame) {
  const std::uint32_t number = core::load_u32(frame.payload.data());
  const auto class_id = static_cast<std::uint16_t>(number >> 16);
  const auto method_id = static_cast<std::uint16_t>(number & 0xffff);
  const core::Bytes arguments = frame.payload.subspan(method_header_size);
  const auto method = static_cast<MethodId>(number);
  if (!is_known(class_id, method_id)) {
    if (phase_ == Phase::open) return fail(unknown_method(class_id, method_id));
    return refuse(unknown_method(class_id, method_id));
  }
  if (phase_ != Phase::open) return on_handshake_method(method, arguments);
  if (Outcome error = on_connection_method(method, arguments)) fail(std::move(*error));
}

void Connection::on_frame_after_close(const Frame& frame) {
  if (frame.type != FrameType::method || frame.channel != 0) return;
  const auto method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  if (method == MethodId::connection_close) {
    if (phase_ == Phase::lingering) return answer_close_while_lingering();
    if (phase_ == Phase::close_sent) return send(ConnectionCloseOk{});
    if (closes_due_ < UINT16_MAX) ++closes_due_;
  } else if (method == MethodId::connection_close_ok && phase_ == Phase::close_sent) {
    finish();
  }
}

void Connection::to_channel(const Frame& frame) {
  if (last_channel_ == nullptr || last_channel_->number() != frame.channel) {
    const auto found = channels_.find(frame.channel);
    if (found == channels_.end()) return open_channel(frame);
    last_channel_ = found->second.get();
  }
  last_channel_->on_frame(frame);
}

void Connection::open_channel(const Frame& frame) {
  if (frame.type != FrameType::method)
    return fail({ReplyCode::channel_error, "expected 'channel.open'"});
  const std::uint32_t number = core::load_u32(frame.payload.data());
  const auto class_id = static_cast<std::uint16_t>(number >> 16);
  const auto method_id = static_cast<std::uint16_t>(number & 0xffff);
  if (!is_known(class_id, method_id)) return fail(unknown_method(class_id, method_id));
  if (static_cast<MethodId>(number) != MethodId::channel_open)
    return fail({ReplyCode::channel_error, "expected 'channel.open'", class_id, method_id});
  ChannelOpen open;
  const core::Bytes arguments = frame.payload.subspan(method_header_size);
  if (!decode(arguments, open)) return fail(decode_error(MethodId::channel_open, arguments));
  if (channels_.size() >= facts_.tuned.channel_max) {
    const std::string max = std::to_string(facts_.tuned.channel_max);
    return fail({ReplyCode::not_allowed, "number of channels opened (" + max +
                                             ") has reached the negotiated channel_max (" + max +
                                             ")"});
  }
  const core::UserInfo* user = services_.broker().topology().access().find_user(facts_.user);
  const core::Limit limit = user == nullptr ? core::Limit{} : user->spec.limits.channels;
  if (!services_.uses().acquire(channels_of(facts_.user_id), limit))
    return fail(core::user_channels_reached(facts_.user, limit));
  channels_.emplace(frame.channel, std::make_unique<Channel>(*this, frame.channel));
  emit_channel(services_.broker(), facts_, frame.channel, true);
  writer_.method(frame.channel, ChannelOpenOk{});
  touch();
}

}  // namespace lepus::amqp
