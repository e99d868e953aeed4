// The value of a parameter of the component shovel, RabbitMQ's keys and a few of our own, as what a
// run is made from.
//
//   {"src-uri": "amqp://", "src-queue": "q",
//    "dest-uri": "amqp://user:secret@host", "dest-queue": "q"}
//
// Of our own are lepus-rate-limit (messages a second), src-lepus-filter (an object: died-in,
// reason, routing-key, message-id) and dest-lepus-origin (first-death, last-death).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/shovel/shovel_order.h"
#include "tools/server/shovels/amqp_uri.h"

namespace lepus::server {

inline constexpr std::string_view shovel_component = "shovel";

struct ShovelDefinition {
  /// Without number, names, connections and the ends' places.
  ShovelOrder order;
  std::vector<AmqpUri> source_uris;  ///< One of them at a time, at least one.
  std::vector<AmqpUri> target_uris;
  std::uint32_t reconnect_s = core::limits::shovel_reconnect_s_default;  ///< 0: never again.
};

/// Empty, or what is wrong, as RabbitMQ's tools say it.
[[nodiscard]] std::string read_shovel(std::string_view json, ShovelDefinition& out);

}  // namespace lepus::server
