// What a shovel reads out of a message and changes of it: the queue where a dead letter died,
// whether a filter means it, and properties and headers as RabbitMQ's shovel writes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/message/message.h"
#include "tools/server/shovel/shovel_order.h"

namespace lepus::server {

/// A death, by the headers x-death and x-first-death-*, x-last-death-*. Views into the message.
struct DeathSeen {
  std::string_view queue;  ///< Empty: it says of no death.
  std::string_view reason;
  bool operator==(const DeathSeen&) const = default;
};
DeathSeen first_death(const core::Message& message);
DeathSeen last_death(const core::Message& message);
/// Where it goes back to; empty: nowhere, it is no dead letter.
std::string_view origin_of(const core::Message& message, ShovelOrigin origin);

bool is_meant(const core::Message& message, const ShovelFilter& filter);

/// Returns true if messages are changed at all.
bool changes_messages(const ShovelOrder& order);
/// Encoded properties for the target. `now_s`: since 1970.
std::vector<std::uint8_t> edit_properties(const core::Message& message, const ShovelOrder& order,
                                          std::uint64_t now_s);

}  // namespace lepus::server
