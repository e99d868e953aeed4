// Cutting the stream into frames and joining contents.
#include "tests/sim/wire.h"

#include <algorithm>
#include <utility>

namespace lepus::sim {

using amqp::Frame;
using amqp::FrameType;

void Wire::frame(const Frame& frame) {
  const std::size_t before = out_.size();
  out_.resize(before + frame.payload.size() + amqp::frame_overhead);
  auto* at = reinterpret_cast<std::uint8_t*>(out_.data() + before);
  at = amqp::store_frame_header(at, frame);
  amqp::store_frame_end(core::store_bytes(at, frame.payload));
}

void Wire::heartbeat() { frame({FrameType::heartbeat, 0, {}}); }

void Wire::content(std::uint16_t channel, const Content& content) {
  const amqp::ContentHeaderFields header{amqp::class_basic, content.announced_size,
                                         core::as_bytes(content.properties)};
  const std::size_t before = out_.size();
  out_.resize(before + amqp::content_header_frame_size(header));
  amqp::store_content_header_frame(reinterpret_cast<std::uint8_t*>(out_.data() + before), channel,
                                   header);
  std::string_view left = content.body;
  const std::size_t piece_max =
      std::min<std::size_t>(frame_max_ - amqp::frame_overhead, body_piece_max_);
  while (!left.empty()) {
    const std::string_view piece = left.substr(0, piece_max);
    frame({FrameType::body, channel, core::as_bytes(piece)});
    left.remove_prefix(piece.size());
  }
}

void Wire::flush() {
  if (out_.empty()) return;
  const std::size_t taken = client_->write(core::as_bytes(out_));
  out_.erase(0, taken);
}

void Wire::read(std::size_t size_max, WireHandler& handler) {
  const std::string bytes = client_->read(size_max);
  in_ += bytes;
  std::size_t used = 0;
  while (!broken_) {
    const core::Bytes left = core::as_bytes(in_).subspan(used);
    if (left.size() >= 8 && core::as_text(left.first(4)) == "AMQP") {
      used += 8;
      continue;
    }
    const amqp::FrameResult result = amqp::next_frame(left, frame_max_ - amqp::frame_overhead);
    if (result.incomplete()) break;
    if (!result.complete() || result.size > frame_max_) {
      judge_.fail(14, "the broker sent a bad frame: {}", result.error().text());
      broken_ = true;
      break;
    }
    used += result.size;
    on_frame(result.frame, handler);
  }
  in_.erase(0, used);
  if (client_->at_end()) at_end_ = true;
}

void Wire::on_frame(const Frame& frame, WireHandler& handler) {
  if (frame.type == FrameType::heartbeat) return;
  if (frame.channel >= partials_.size()) partials_.resize(frame.channel + 1U);
  Partial& partial = partials_[frame.channel];
  if (frame.type != FrameType::method) return on_content(frame, handler);
  if (partial.active) judge_.fail(14, "the broker sent a method inside of a content");
  Incoming incoming;
  incoming.channel = frame.channel;
  incoming.method = static_cast<amqp::MethodId>(core::load_u32(frame.payload.data()));
  incoming.arguments = frame.payload.subspan(amqp::method_header_size);
  if (!amqp::has_content(incoming.method)) return hand_on(std::move(incoming), handler);
  partial.active = true;
  partial.has_header = false;
  partial.arguments = core::as_text(incoming.arguments);
  partial.incoming = std::move(incoming);
}

void Wire::on_content(const Frame& frame, WireHandler& handler) {
  Partial& partial = partials_[frame.channel];
  const bool is_header = frame.type == FrameType::header;
  if (!partial.active || partial.has_header == is_header)
    return judge_.fail(14, "the broker sent a content frame out of order");
  if (is_header) {
    partial.has_header = true;
    partial.body_size = core::load_u64(frame.payload.data() + 4);
    partial.incoming.properties =
        core::as_text(frame.payload.subspan(amqp::content_header_size_min));
    partial.incoming.body.clear();
  } else {
    partial.incoming.body += core::as_text(frame.payload);
  }
  if (partial.incoming.body.size() > partial.body_size)
    return judge_.fail(14, "the broker sent more body than it announced");
  if (partial.incoming.body.size() < partial.body_size) return;
  partial.active = false;
  Incoming whole = std::move(partial.incoming);
  const std::string arguments = std::move(partial.arguments);
  whole.arguments = core::as_bytes(arguments);
  hand_on(std::move(whole), handler);
}

void Wire::hand_on(Incoming incoming, WireHandler& handler) {
  const int times = filter_ == nullptr ? 1 : filter_->on_incoming(incoming);
  for (int i = 0; i < times; ++i) handler.on_method(incoming);
}

}  // namespace lepus::sim
