// What the broker tells of itself: an event is a message for amq.rabbitmq.event, whose headers say
// what happened. Names, keys and headers are those of RabbitMQ's event exchange plugin; where it
// prints Erlang terms (arguments, addresses), these are tables and plain text.
//
//   queue.created    name, vhost, durable, ..., user_who_performed_action, timestamp_in_ms
//
// Nobody bound to the exchange: no event is made (Broker::wants_events()).
#pragma once

#include <string>
#include <string_view>

#include "core/message/field_table_writer.h"

namespace lepus::core {

inline constexpr std::string_view event_exchange_name = "amq.rabbitmq.event";
inline constexpr std::string_view trace_exchange_name = "amq.rabbitmq.trace";

struct Event {
  std::string key;  ///< "queue.created"
  FieldTableWriter headers;
};

/// Begins an event that somebody brought about; `user` empty: the broker itself.
inline Event make_event(std::string_view key, std::string_view user) {
  Event event{std::string{key}, {}};
  event.headers.text("user_who_performed_action", user.empty() ? "rmq-internal" : user);
  return event;
}

}  // namespace lepus::core
