// A protocol error as a value {reply code, text, failing method}. It travels up as a return value;
// only the connection turns it into channel.close or connection.close. Codes and their scope: AMQP
// 0-9-1 section 1.3, RabbitMQ's use of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/assert.h"

namespace lepus::core {

enum class ReplyCode : std::uint16_t {
  success = 200,
  no_route = 312,
  no_consumers = 313,
  connection_forced = 320,
  access_refused = 403,
  not_found = 404,
  resource_locked = 405,
  precondition_failed = 406,
  frame_error = 501,
  syntax_error = 502,
  command_invalid = 503,
  channel_error = 504,
  unexpected_frame = 505,
  resource_error = 506,
  not_allowed = 530,
  not_implemented = 540,
  internal_error = 541,
};

/// "NOT_FOUND" for 404 and so on: the first word of every reply text.
std::string_view reply_code_name(ReplyCode code);

/// 403, 404, 405, 406 close the channel, everything else the connection.
bool closes_channel_only(ReplyCode code);

struct AmqpError {
  ReplyCode code = ReplyCode::internal_error;
  std::string detail = {};     ///< Without the "NAME - " prefix.
  std::uint16_t class_id = 0;  ///< Of the failing method; 0 for frame-level errors.
  std::uint16_t method_id = 0;
  bool whole_connection =
      false;  ///< Closes the connection although the code's scope is a channel (403 at login).
  /// No error yet: what is asked for depends on an answer that is awaited (core/access/rights.h).
  /// It changed nothing and is to be done again then.
  bool is_undecided = false;

  bool channel_only() const { return !whole_connection && closes_channel_only(code); }
  /// "NAME - detail", cut to the 255 bytes of a shortstr (the last three are then dots, as
  /// RabbitMQ does).
  std::string text() const;
};

/// Why something that was asked for is not done; nothing: it is done, or will be.
using Refusal = std::optional<AmqpError>;

/// An error that closes the channel with 406 and this detail.
inline AmqpError precondition_failed(std::string detail) {
  return {ReplyCode::precondition_failed, std::move(detail)};
}

/// Either a T or the reason why not.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(AmqpError error) : state_(std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  T& value() {
    CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const {
    CHECK(ok());
    return std::get<0>(state_);
  }
  AmqpError& error() {
    CHECK(!ok());
    return std::get<1>(state_);
  }
  const AmqpError& error() const {
    CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, AmqpError> state_;
};

}  // namespace lepus::core
