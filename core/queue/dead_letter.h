// Dead lettering: what a message becomes when its queue gives it up, as RabbitMQ defines it (dead
// letter exchanges; the x-death header).
//
//   x-death: array of tables, newest first, one per (queue, reason): count, and of the first such
//   death reason, queue, time, exchange, routing-keys, and original-expiration when the message had
//   one (the property itself is removed, or it would expire again). x-first-death-* and
//   x-last-death-* name the first and the last of them; a message that comes with an x-death has
//   had its first one.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/message/message.h"
#include "core/topology/topology.h"

namespace lepus::core {

enum class DeathReason : std::uint8_t { rejected, expired, maxlen, delivery_limit };
std::string_view death_reason_name(DeathReason reason);

struct Death {
  const QueueInfo* queue;  ///< It has a dead letter exchange.
  DeathReason reason;
  std::uint64_t time_s;  ///< Seconds since 1970.
};

/// The message as it is published to the dead letter exchange, in the same account.
MessageRef make_dead_letter(const Message& message, const Death& death, MemoryAccount& account);

/// A message that comes back to a queue it died in, without any rejection on the way, would go
/// round for ever: RabbitMQ drops it. So would one that died in more queues than can be told
/// (limits::deaths_max). `dead_letter` was made by make_dead_letter().
bool is_cycle(const Message& dead_letter, std::string_view queue);

/// How often it died since somebody rejected it, by the entries of its x-death.
std::size_t deaths_in_a_row(const Message& dead_letter);

/// One of its deaths says that it was published to this exchange.
bool has_died_after(const Message& message, std::string_view exchange);

}  // namespace lepus::core
