// The kinds of queues: classic, quorum, stream. The only place that knows all of them: it makes a
// queue, and asks the kind for what must be known where the queue itself is not, which may be
// another shard (sessions), another time (a start reads the journal before there are queues) or
// another thread (the operator's requests). The rules stand with the kinds (core/stream/
// stream_rules.h, core/queue/classic/classic_rules.h).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/amqp_error.h"
#include "core/queue/queue.h"
#include "core/queue/recovery_rule.h"
#include "core/stream/stream_rules.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// The info and the host outlive it.
std::unique_ptr<Queue> make_queue(const QueueInfo& info, QueueHost& host);

/// For basic.get. `title`: of the queue, for error texts.
std::optional<AmqpError> refuse_get(const QueueInfo& queue, std::string_view title);
/// What a consumer asks of the kind beside what all have; null: nothing.
Result<std::unique_ptr<StreamSpec>> read_kind_arguments(const QueueInfo& queue,
                                                        const StreamConsumerRequest& request);
/// What is read back of its records after a start.
RecoveryRule recovery_rule(const QueueArguments& arguments);

}  // namespace lepus::core
