// From bytes to frames to channels: the loop over what connection/frame_reader.h cuts, and where a
// frame goes in which phase.
//
// Invariant: while input is not held, less than one frame is carried. While it is held, all that
// came is.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/amqp/connection.h"
#include "net/amqp/request_ahead.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Bytes;
using core::ReplyCode;
namespace limits = core::limits;

namespace {

/// Returns true if input, although it is held until a channel has an answer, may be read for one
/// more frame.
bool may_read_ahead(Bytes bytes, const InputGate& input, const FrameReader& reader,
                    const ChannelTable& channels) {
  if (!input.is_stopped_only_for(InputStop::reply) || !reader.is_between_frames()) return false;
  Channel* const channel = channels.last();
  if (channel == nullptr || !channel->is_open()) return false;
  const FrameResult next = next_frame(bytes, reader.payload_max());
  return next.complete() && next.frame.channel == channel->number() &&
         may_ask_ahead(next.frame, channel->session().requests());
}

}  // namespace

void Connection::on_bytes(Bytes bytes) {
  heartbeat_.on_received(server_.services().now());
  facts_.traffic.received_bytes += bytes.size();
  ++facts_.traffic.received_count;
  if (input_.is_dropped()) return;
  const bool is_held = input_.is_held();
  if (const Bytes left = is_held ? bytes : read(bytes); !left.empty()) {
    reader_.carry(left);
    input_.limit_kept(reader_.carried_size());
  }
  if (!is_held) server_.services().broker().pump();
}

/// Returns what is to be read later: the rest of `bytes`, which is nothing that is carried.
Bytes Connection::read(Bytes bytes) {
  input_.begin_reading();
  if (phase_.is(Phase::awaiting_header)) {
    const std::optional<ProtocolHeader> header = reader_.take_protocol_header(bytes);
    const auto foreign = header ? handshake_.on_protocol_header(*header) : std::nullopt;
    if (foreign) closing_.close_silently(*foreign);
  }
  while (reader_.has_carried() && !bytes.empty() && !input_.is_stopped() && !input_.is_dropped()) {
    const FrameReader::Completed frame = reader_.complete(bytes);
    if (!frame.result.incomplete()) on_frame_result(frame.result);
  }
  const auto may_go_on = [&] {
    return !input_.is_stopped() ||
           (phase_.is(Phase::open) && may_read_ahead(bytes, input_, reader_, channels_));
  };
  while (!bytes.empty() && may_go_on() && !input_.is_dropped()) {
    const FrameResult result = reader_.next(bytes, /*gives_pieces=*/phase_.is(Phase::open));
    if (result.complete()) [[likely]] {
      dispatch(result.frame);
      continue;
    }
    if (result.incomplete()) break;
    on_frame_result(result);
  }
  input_.end_reading();
  return input_.is_dropped() ? Bytes{} : bytes;
}

void Connection::resume_input() {
  input_.on_resume();
  // What was waited for may be more than the client takes.
  if (output_.holds_input() && phase_.is(Phase::open)) input_.stop(InputStop::output);
  if (input_.is_stopped() || input_.is_dropped()) return;
  if (reader_.has_carried()) {
    CarriedInput kept = reader_.take_carried();
    kept.keep_last(read(kept.bytes()).size());
    reader_.put_back(std::move(kept));
  }
  if (input_.has_ended() && !input_.is_held()) return closing_.end_without_client();
  if (!input_.is_stopped() && !input_.is_dropped()) input_.resume_socket();
}

void Connection::on_frame_result(const FrameResult& result) {
  if (result.complete()) return dispatch(result.frame);
  if (result.lost_sync()) input_.set_dropped(true);
  if (phase_.is(Phase::open)) {
    closing_.fail(result.error());
  } else if (phase_.is(Phase::lingering)) {
    closing_.abort();
  } else if (!phase_.is(Phase::close_sent)) {
    closing_.refuse(result.error());
  }
}

void Connection::dispatch(const Frame& frame) {
  switch (phase_.now()) {
    case Phase::open:
      if (frame.channel != 0) {
        if (Channel* channel = channels_.find(frame.channel)) {
          channel->on_frame(frame);
        } else if (core::Refusal refused = channels_.open(frame)) {
          closing_.fail(std::move(*refused));
        }
      } else if (frame.type != FrameType::heartbeat) {
        on_channel_zero(frame);
      }
      if (output_.holds_input() && phase_.is(Phase::open)) input_.stop(InputStop::output);
      return;
    case Phase::awaiting_header:
    case Phase::starting:
    case Phase::tuning:
    case Phase::opening:
      if (frame.type == FrameType::heartbeat) return;
      if (frame.channel == 0) return on_channel_zero(frame);
      if (phase_.is(Phase::opening)) return closing_.fail(unexpected_frame_error(frame));
      return closing_.refuse(unexpected_frame_error(frame));
    case Phase::closing:
    case Phase::close_sent:
    case Phase::lingering:
      return closing_.on_frame(frame);
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
  const bool is_open = phase_.is(Phase::open);
  if (!is_known(class_id, method_id)) {
    if (is_open) return closing_.fail(unknown_method_error(number));
    return closing_.refuse(unknown_method_error(number));
  }
  if (!is_open) {
    core::Result<Handshake::Step> step = handshake_.on_method(method, arguments);
    if (!step.ok()) return closing_.refuse(std::move(step.error()));
    if (step.value() == Handshake::Step::opened) on_opened();
    return;
  }
  if (method == MethodId::connection_close) return closing_.on_close_method();
  ConnectionUpdateSecret update;
  if (method != MethodId::connection_update_secret) {
    closing_.fail({ReplyCode::channel_error, "unexpected method in connection state running",
                   class_id, method_id});
  } else if (!decode(arguments, update)) {
    closing_.fail(decode_error(method, arguments));
  } else {
    if (core::Refusal refused = handshake_.renew(update.new_secret))
      return closing_.fail(std::move(*refused));
    look_at_heartbeat();
  }
}

}  // namespace lepus::amqp
