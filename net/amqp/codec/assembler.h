// Assembler of one channel: frames in, events out. Pure, copies nothing, keeps only what it waits
// for.
//
//                      method with content                     header, body size > 0
//   awaiting_method ---------------------------> awaiting_header ------------------> awaiting_body
//     |  ^  ^  ^                                        |                              |  ^     |
//     +--+  |  |                                        |                              +--+     |
//    method |  +----------------------------------------+                          body, some   |
//   without |           header, body size 0: message complete                      is missing   |
//   content +-----------------------------------------------------------------------------------+
//                                       body, nothing is missing: message complete
//
//   Any error ends it.
//
// A MethodReady with content comes before its content: the channel decodes it, keeps what it needs
// and then gets one ContentHeader and, if body_size > 0, BodyPieces until one says `last`.
// Everything borrows the frame's bytes. After an AssemblerError the connection closes (all are
// connection errors); the assembler is not used again. The heartbeat is no business of a channel:
// the connection takes it out before.
#pragma once

#include <cstdint>
#include <variant>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/limits.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

/// Bodies announced larger than this are refused at once, whatever the broker's own limit is.
inline constexpr std::uint64_t body_size_max = core::limits::body_size_max_hard;

struct MethodReady {
  MethodId method{};
  core::Bytes arguments;
};

struct ContentHeader {
  std::uint16_t class_id = 0;
  std::uint64_t body_size = 0;  ///< 0: the message is complete.
  core::Bytes properties;       ///< Flags and values, not checked: core::decode_properties().
};

struct BodyPiece {
  core::Bytes bytes;  ///< May be empty.
  bool last = false;  ///< The message is complete.
};

/// What went wrong, small enough to return from the hot path; to_amqp_error() finds the words.
struct AssemblerError {
  enum class Kind : std::uint8_t {
    unknown_method,
    expected_method,
    expected_header,
    wrong_class,
    expected_body,
    body_too_large,
    body_too_long,
  };
  Kind kind{};
  std::uint16_t found_class = 0;  ///< wrong_class, unknown_method
  std::uint16_t found_method = 0;
  MethodId pending{};           ///< The method whose content was due; 0 = none.
  std::uint64_t body_size = 0;  ///< body_too_large

  core::AmqpError to_amqp_error() const;
};

/// For `number`, class and method as in a frame, that is no method's.
inline core::AmqpError unknown_method_error(std::uint32_t number) {
  return AssemblerError{.kind = AssemblerError::Kind::unknown_method,
                        .found_class = static_cast<std::uint16_t>(number >> 16),
                        .found_method = static_cast<std::uint16_t>(number & 0xffff)}
      .to_amqp_error();
}

using AssemblerEvent = std::variant<MethodReady, ContentHeader, BodyPiece, AssemblerError>;

class Assembler {
 public:
  /// `frame`: complete, not a heartbeat.
  [[gnu::always_inline]] inline AssemblerEvent on_frame(const Frame& frame);

  /// No content is due: the next frame should be a method.
  bool idle() const { return state_ == State::method; }

 private:
  enum class State : std::uint8_t { method, header, body };

  inline AssemblerEvent on_method(core::Bytes payload);
  AssemblerEvent on_header(core::Bytes payload);
  inline AssemblerEvent on_body(core::Bytes payload);
  AssemblerError fail(AssemblerError::Kind kind) const {
    return {.kind = kind, .pending = pending_};
  }
  AssemblerError out_of_order() const;

  State state_ = State::method;
  MethodId pending_{};           ///< Whose content is due (header, body).
  std::uint64_t body_left_ = 0;  ///< > 0 exactly in state body.
};

inline AssemblerEvent Assembler::on_frame(const Frame& frame) {
  switch (frame.type) {
    case FrameType::method:
      return on_method(frame.payload);
    case FrameType::header:
      return on_header(frame.payload);
    case FrameType::body:
      return on_body(frame.payload);
    case FrameType::heartbeat:
      break;
  }
  CHECK(frame.type != FrameType::heartbeat);
  return out_of_order();
}

inline AssemblerEvent Assembler::on_method(core::Bytes payload) {
  CHECK(payload.size() >= method_header_size);
  const std::uint32_t number = core::load_u32(payload.data());
  const auto class_id = static_cast<std::uint16_t>(number >> 16);
  const auto method_id = static_cast<std::uint16_t>(number & 0xffff);
  if (!is_known(class_id, method_id)) [[unlikely]] {
    return AssemblerError{.kind = AssemblerError::Kind::unknown_method,
                          .found_class = class_id,
                          .found_method = method_id};
  }
  if (state_ != State::method) [[unlikely]]
    return out_of_order();
  const auto method = static_cast<MethodId>(number);
  if (has_content(method)) {
    pending_ = method;
    state_ = State::header;
  }
  return MethodReady{method, payload.subspan(method_header_size)};
}

inline AssemblerEvent Assembler::on_body(core::Bytes payload) {
  if (state_ != State::body) [[unlikely]]
    return out_of_order();
  CHECK(body_left_ > 0);
  if (payload.size() > body_left_) [[unlikely]]
    return fail(AssemblerError::Kind::body_too_long);
  body_left_ -= payload.size();
  if (body_left_ == 0) state_ = State::method;
  return BodyPiece{payload, body_left_ == 0};
}

}  // namespace lepus::amqp
