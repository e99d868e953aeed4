// Names and scopes of the reply codes.
#include "core/amqp_error.h"

namespace lepus::core {

std::string_view reply_code_name(ReplyCode code) {
  switch (code) {
    case ReplyCode::success:
      return "OK";
    case ReplyCode::no_route:
      return "NO_ROUTE";
    case ReplyCode::no_consumers:
      return "NO_CONSUMERS";
    case ReplyCode::connection_forced:
      return "CONNECTION_FORCED";
    case ReplyCode::access_refused:
      return "ACCESS_REFUSED";
    case ReplyCode::not_found:
      return "NOT_FOUND";
    case ReplyCode::resource_locked:
      return "RESOURCE_LOCKED";
    case ReplyCode::precondition_failed:
      return "PRECONDITION_FAILED";
    case ReplyCode::frame_error:
      return "FRAME_ERROR";
    case ReplyCode::syntax_error:
      return "SYNTAX_ERROR";
    case ReplyCode::command_invalid:
      return "COMMAND_INVALID";
    case ReplyCode::channel_error:
      return "CHANNEL_ERROR";
    case ReplyCode::unexpected_frame:
      return "UNEXPECTED_FRAME";
    case ReplyCode::resource_error:
      return "RESOURCE_ERROR";
    case ReplyCode::not_allowed:
      return "NOT_ALLOWED";
    case ReplyCode::not_implemented:
      return "NOT_IMPLEMENTED";
    case ReplyCode::internal_error:
      return "INTERNAL_ERROR";
  }
  CHECK(false);
  return {};
}

bool closes_channel_only(ReplyCode code) {
  return code == ReplyCode::access_refused || code == ReplyCode::not_found ||
         code == ReplyCode::resource_locked || code == ReplyCode::precondition_failed;
}

std::string AmqpError::text() const {
  std::string all{reply_code_name(code)};
  if (!detail.empty()) all += " - " + detail;
  if (all.size() > 255) {
    all.resize(252);
    all += "...";
  }
  return all;
}

}  // namespace lepus::core
