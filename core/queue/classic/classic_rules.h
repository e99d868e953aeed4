// What a client cannot ask of a classic or quorum queue, with RabbitMQ's words: for sessions, which
// may be on another shard than the queue.
#pragma once

#include <optional>
#include <string_view>

#include "core/amqp_error.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// For basic.get: 405 if the quorum queue has a single active consumer.
std::optional<AmqpError> refuse_get_of_quorum(const QueueInfo& queue, std::string_view title);

}  // namespace lepus::core
