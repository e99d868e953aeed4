// What a consumer of a stream asks for: where it begins, and which messages it wants. Arguments of
// basic.consume, as RabbitMQ defines them (streams; stream filtering):
//
//   x-stream-offset            "first", "last", "next" (when absent), an offset, a timestamp, or an
//                              age like "1h"
//   x-stream-filter            a text or an array of texts: only messages whose header
//                              x-stream-filter-value is one of them
//   x-stream-match-unfiltered  true: messages without that header, too
//   x-stream-automatic-offset-tracking
//                              true: the broker keeps what the consumer has settled under its tag,
//                              and one with that tag goes on there; x-stream-offset ("first" when
//                              absent) is for the first time (LavinMQ's)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/bytes.h"

namespace lepus::core {

struct StreamStart {
  enum class Kind : std::uint8_t {
    first,   ///< The oldest message there is.
    last,    ///< The newest one.
    next,    ///< What comes from now on.
    offset,  ///< `value`: the offset, there or to come; the oldest message when that is gone.
    time,    ///< `value`: milliseconds since 1970.
    age,     ///< `value`: so many milliseconds ago.
  };
  Kind kind = Kind::next;
  std::uint64_t value = 0;
};

struct StreamSpec {
  StreamStart start;
  std::vector<std::string> filters;  ///< Empty: no filter.
  bool match_unfiltered = false;
  std::string name;      ///< Under which its offset is kept; empty: it is not.
  bool is_look = false;  ///< Of an operator: Consumer::is_look.

  /// `properties`: of a message, encoded.
  bool wants(Bytes properties) const;
};

/// `arguments` is the inside of a valid field table; `tag` as the client gave it, it may be empty;
/// `queue_title` for the error text. Errors: 406.
Result<StreamSpec> parse_stream_spec(Bytes arguments, std::string_view tag,
                                     std::string_view queue_title);

/// "7D", "12h": a number and one of Y M D h m s, in milliseconds (RabbitMQ: a year has 365 days, a
/// month 30). nullopt when it is none.
std::optional<std::uint64_t> parse_age_ms(std::string_view text);

}  // namespace lepus::core
