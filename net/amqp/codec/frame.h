// Frames: the outermost layer of AMQP. A pure function over bytes; nothing is copied or kept.
//
//     0      1         3             7                  size+7  size+8
//     +------+---------+-------------+------------------+-------+
//     | type | channel | size        | payload (size)   | 0xCE  |
//     +------+---------+-------------+------------------+-------+
//
// next_frame() checks everything that can be said about one frame by itself, in RabbitMQ's order
// and with its words:
//   header complete  size too large                             501 {frame_too_large,4097,4088}
//   frame complete   end octet is not 0xCE                      501 {invalid_frame_end_marker,0}
//                    unknown type, payload too short for its
//                    type, heartbeat with a payload             501 unknown_frame
//                    content on channel 0, heartbeat elsewhere  505
// The good path is inline and makes no strings; FrameResult::error() makes the error from what the
// result remembers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

enum class FrameType : std::uint8_t {
  method = frame_method,
  header = frame_header,
  body = frame_body,
  heartbeat = frame_heartbeat,
};

inline constexpr std::size_t frame_header_size = 7;
/// Bytes of a frame that are not payload.
inline constexpr std::size_t frame_overhead = 8;
/// Class, weight and body size, before the properties.
inline constexpr std::size_t content_header_size_min = 12;
/// RabbitMQ lets a payload be this much larger than frame_max - frame_overhead, as some clients
/// forget the overhead.
inline constexpr std::size_t frame_size_fudge = frame_overhead;

struct Frame {
  FrameType type{};
  std::uint16_t channel = 0;
  core::Bytes payload;  ///< Borrowed from the input.
};

enum class FrameStatus : std::uint8_t {
  complete,
  incomplete,
  too_large,
  bad_end,
  unknown,
  unexpected
};

struct FrameResult {
  FrameStatus status = FrameStatus::incomplete;
  /// Complete: the frame. An error: what is known of it, with a type that need not be one of the
  /// enum.
  Frame frame;
  /// Complete: bytes used up. Incomplete: bytes the input must have for another try (more than it
  /// has).
  std::size_t size = 0;
  std::uint32_t culprit = 0;  ///< too_large: the announced size; bad_end: the octet found.
  std::uint32_t limit = 0;    ///< too_large: payload_max.

  bool complete() const { return status == FrameStatus::complete; }
  bool incomplete() const { return status == FrameStatus::incomplete; }
  /// After these two errors nothing behind the frame can be read: take the error to the peer and
  /// read no more.
  bool lost_sync() const {
    return status == FrameStatus::too_large || status == FrameStatus::bad_end;
  }
  /// Any status but complete and incomplete.
  core::AmqpError error() const;
};

/// What a frame may carry when frame_max was negotiated; pass this as payload_max.
constexpr std::size_t payload_max_of(std::uint32_t frame_max) { return frame_max - frame_overhead; }

/// The first frame of `input`. `payload_max`: see payload_max_of(); frame_size_fudge more bytes are
/// let through.
inline FrameResult next_frame(core::Bytes input, std::size_t payload_max);

/// 505 "type 1, all octets = <<0,20,0,10,1,48>>": a frame that may not come in this state of the
/// connection.
core::AmqpError unexpected_frame_error(const Frame& frame);

/// Output: header, then the payload's bytes, then store_frame_end(). Both return where to write on.
inline std::uint8_t* store_frame_header(std::uint8_t* cursor, const Frame& frame) {
  cursor = core::store_u8(cursor, static_cast<std::uint8_t>(frame.type));
  cursor = core::store_u16(cursor, frame.channel);
  return core::store_u32(cursor, static_cast<std::uint32_t>(frame.payload.size()));
}
inline std::uint8_t* store_frame_end(std::uint8_t* cursor) {
  return core::store_u8(cursor, frame_end);
}

/// A whole method frame: bytes it takes, and writing it.
template <class Method>
std::size_t method_frame_size(const Method& method) {
  return frame_overhead + method_header_size + encoded_size(method);
}
template <class Method>
std::uint8_t* store_method_frame(std::uint8_t* cursor, std::uint16_t channel,
                                 const Method& method) {
  std::uint8_t* const size_at = core::store_u16(core::store_u8(cursor, frame_method), channel);
  std::uint8_t* const payload = size_at + sizeof(std::uint32_t);
  std::uint8_t* const end =
      encode(core::store_u32(payload, static_cast<std::uint32_t>(Method::id)), method);
  core::store_u32(size_at, static_cast<std::uint32_t>(end - payload));
  return store_frame_end(end);
}

/// A whole content header frame; `properties` starts with the flags.
struct ContentHeaderFields {
  std::uint16_t class_id = class_basic;
  std::uint64_t body_size = 0;
  core::Bytes properties;
};
inline std::size_t content_header_frame_size(const ContentHeaderFields& header) {
  return frame_overhead + content_header_size_min + header.properties.size();
}
std::uint8_t* store_content_header_frame(std::uint8_t* cursor, std::uint16_t channel,
                                         const ContentHeaderFields& header);

// ---- the good path

inline FrameStatus check_frame(const Frame& frame) {
  switch (frame.type) {
    case FrameType::method:
      return frame.payload.size() >= method_header_size ? FrameStatus::complete
                                                        : FrameStatus::unknown;
    case FrameType::header:
      if (frame.payload.size() < content_header_size_min) return FrameStatus::unknown;
      return frame.channel != 0 ? FrameStatus::complete : FrameStatus::unexpected;
    case FrameType::body:
      return frame.channel != 0 ? FrameStatus::complete : FrameStatus::unexpected;
    case FrameType::heartbeat:
      if (!frame.payload.empty()) return FrameStatus::unknown;
      return frame.channel == 0 ? FrameStatus::complete : FrameStatus::unexpected;
  }
  return FrameStatus::unknown;  // the octet on the wire is none of the four
}

inline FrameResult next_frame(core::Bytes input, std::size_t payload_max) {
  FrameResult result;
  if (input.size() < frame_header_size) {
    result.size = frame_overhead;
    return result;
  }
  result.frame.type = static_cast<FrameType>(input[0]);
  result.frame.channel = core::load_u16(input.data() + 1);
  const std::uint32_t payload_size = core::load_u32(input.data() + 3);
  if (payload_size > payload_max + frame_size_fudge) [[unlikely]] {
    result.status = FrameStatus::too_large;
    result.culprit = payload_size;
    result.limit = static_cast<std::uint32_t>(payload_max);
    return result;
  }
  result.size = payload_size + frame_overhead;
  if (input.size() < result.size) return result;
  result.frame.payload = input.subspan(frame_header_size, payload_size);
  const std::uint8_t end = input[frame_header_size + payload_size];
  if (end != frame_end) [[unlikely]] {
    result.status = FrameStatus::bad_end;
    result.culprit = end;
    return result;
  }
  result.status = check_frame(result.frame);
  return result;
}

}  // namespace lepus::amqp
