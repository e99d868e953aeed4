// The texts of frame errors and the less frequent output.
#include "net/amqp/codec/frame.h"

#include <string>

#include "net/amqp/codec/erlang_print.h"

namespace lepus::amqp {
namespace {

core::AmqpError make_error(core::ReplyCode code, const Frame& frame, const std::string& why) {
  std::string detail = "type " + std::to_string(static_cast<unsigned>(frame.type)) +
                       ", all octets = " + print_payload(frame.payload);
  if (!why.empty()) detail += ": " + why;
  return {.code = code, .detail = std::move(detail)};
}

}  // namespace

core::AmqpError FrameResult::error() const {
  const auto frame_error = [this](const std::string& why) {
    return make_error(core::ReplyCode::frame_error, frame, why);
  };
  switch (status) {
    case FrameStatus::too_large:
      return frame_error("{frame_too_large," + std::to_string(culprit) + "," +
                         std::to_string(limit) + "}");
    case FrameStatus::bad_end:
      return frame_error("{invalid_frame_end_marker," + std::to_string(culprit) + "}");
    case FrameStatus::unknown:
      return frame_error("unknown_frame");
    case FrameStatus::unexpected:
      return unexpected_frame_error(frame);
    case FrameStatus::complete:
    case FrameStatus::incomplete:
      break;
  }
  CHECK(!complete());
  CHECK(!incomplete());
  return {};
}

core::AmqpError unexpected_frame_error(const Frame& frame) {
  return make_error(core::ReplyCode::unexpected_frame, frame, {});
}

std::uint8_t* store_content_header_frame(std::uint8_t* cursor, std::uint16_t channel,
                                         const ContentHeaderFields& header) {
  cursor = core::store_u16(core::store_u8(cursor, frame_header), channel);
  const std::size_t payload_size = content_header_size_min + header.properties.size();
  cursor = core::store_u32(cursor, static_cast<std::uint32_t>(payload_size));
  cursor = core::store_u16(cursor, header.class_id);
  cursor = core::store_u16(cursor, 0);  // weight, never used
  cursor = core::store_u64(cursor, header.body_size);
  return store_frame_end(core::store_bytes(cursor, header.properties));
}

}  // namespace lepus::amqp
