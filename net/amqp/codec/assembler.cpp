// Content headers, and the words for what came out of order.
#include "net/amqp/codec/assembler.h"

#include <string>

namespace lepus::amqp {

AssemblerEvent Assembler::on_header(core::Bytes payload) {
  if (state_ != State::header) return out_of_order();
  CHECK(payload.size() >= content_header_size_min);
  core::ByteReader in{payload};
  const std::uint16_t class_id = in.u16();
  const std::uint16_t weight = in.u16();
  const std::uint64_t body_size = in.u64();
  if (weight != 0) return out_of_order();  // to RabbitMQ this is no content header at all
  if (class_id != class_id_of(pending_)) {
    AssemblerError error = fail(AssemblerError::Kind::wrong_class);
    error.found_class = class_id;
    return error;
  }
  if (body_size > body_size_max) {
    AssemblerError error = fail(AssemblerError::Kind::body_too_large);
    error.body_size = body_size;
    return error;
  }
  body_left_ = body_size;
  state_ = body_size == 0 ? State::method : State::body;
  return ContentHeader{class_id, body_size, payload.subspan(content_header_size_min)};
}

AssemblerError Assembler::out_of_order() const {
  switch (state_) {
    case State::method:
      return {.kind = AssemblerError::Kind::expected_method};
    case State::header:
      return fail(AssemblerError::Kind::expected_header);
    case State::body:
      return fail(AssemblerError::Kind::expected_body);
  }
  CHECK(state_ == State::method);
  return {};
}

core::AmqpError AssemblerError::to_amqp_error() const {
  core::AmqpError error{.code = core::ReplyCode::unexpected_frame,
                        .class_id = class_id_of(pending),
                        .method_id = method_id_of(pending)};
  const std::string expected_class =
      "expected content header for class " + std::to_string(error.class_id) + ", got ";
  switch (kind) {
    case Kind::unknown_method:
      error.code = core::ReplyCode::command_invalid;
      error.class_id = found_class;
      error.method_id = found_method;
      error.detail = "unknown method: class " + std::to_string(found_class) + ", method " +
                     std::to_string(found_method);
      return error;
    case Kind::expected_method:
      error.detail = "expected method frame, got non method frame instead";
      return error;
    case Kind::expected_header:
      error.detail = expected_class + "non content header frame instead";
      return error;
    case Kind::wrong_class:
      error.detail = expected_class + "one for class " + std::to_string(found_class) + " instead";
      return error;
    case Kind::expected_body:
      error.detail = "expected content body, got non content body frame instead";
      return error;
    case Kind::body_too_large:
      error.code = core::ReplyCode::frame_error;
      error.detail = "content body size " + std::to_string(body_size) +
                     " exceeds maximum allowed size " + std::to_string(body_size_max);
      return error;
    case Kind::body_too_long:
      error.code = core::ReplyCode::frame_error;
      error.detail = "content body frame exceeds remaining content size";
      return error;
  }
  CHECK(kind == Kind::expected_method);
  return error;
}

}  // namespace lepus::amqp
