// What core::Reconfigure brings to a shard: orders of the node that the broker's core knows nothing
// of. Whoever sends one keeps it until the shard has done it.
#pragma once

#include <cstdint>
#include <vector>

#include "net/amqp/settings.h"

namespace lepus::server {

struct ShardOrder {
  enum class Kind : std::uint8_t {
    settings,   ///< For connections to come.
    trim_heap,  ///< Memory that the thread holds unused goes back to the kernel.
    /// No clients until `resume`: listeners are closed, and every connection with 320. Answered by
    /// StopServing when that is done.
    suspend,
    resume,  ///< Connections are accepted again. Answered by Serving.
  };
  Kind kind = Kind::settings;
  const amqp::Settings* settings = nullptr;
  std::vector<int> sockets = {};  ///< Listening ones, for `resume`, which takes them over.
};

}  // namespace lepus::server
