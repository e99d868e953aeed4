// What the kind of a queue does not let a client ask. A session asks here, for the queue itself may
// be on another shard; the rules stand with the kinds (core/stream/stream_rules.h,
// core/queue/classic/classic_rules.h).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/amqp_error.h"
#include "core/stream/stream_rules.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// For basic.get. `title`: of the queue, for error texts.
std::optional<AmqpError> refuse_get(const QueueInfo& queue, std::string_view title);
/// What a consumer asks of the kind beside what all have; null: nothing.
Result<std::unique_ptr<StreamSpec>> read_kind_arguments(const QueueInfo& queue,
                                                        const StreamConsumerRequest& request);

}  // namespace lepus::core
