// What must be known of a classic or quorum queue where the queue is not: what a client cannot ask,
// with RabbitMQ's words, for sessions; and how its records are read, for the start.
#pragma once

#include <optional>
#include <string_view>

#include "core/amqp_error.h"
#include "core/queue/recovery_rule.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// For basic.get: 405 if the quorum queue has a single active consumer.
std::optional<AmqpError> refuse_get_of_quorum(const QueueInfo& queue, std::string_view title);
RecoveryRule classic_recovery_rule(const QueueArguments& arguments);

}  // namespace lepus::core
