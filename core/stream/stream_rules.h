// What must be known of a stream where the stream is not: what a client cannot ask of it, with
// RabbitMQ's words, for sessions; and how its records are read, for the start. What the stream
// itself does otherwise is core/stream/stream_queue.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/limits.h"
#include "core/queue/recovery_rule.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

/// A consumer that a client asks for.
struct StreamConsumerRequest {
  Bytes arguments;         ///< The inside of a valid field table.
  std::string_view tag;    ///< As the client gave it.
  std::string_view title;  ///< Of the queue, for error texts.
  bool no_ack = false;
  bool has_prefetch = false;  ///< A limit of messages, which it must have.
};

/// Errors: 406, and 540 for what a stream's consumer cannot have.
Result<std::unique_ptr<StreamSpec>> read_stream_consumer(const StreamConsumerRequest& request);
/// Of a queue that is none: 406 for an argument that only consumers of streams have.
Result<std::unique_ptr<StreamSpec>> refuse_stream_arguments(Bytes arguments,
                                                            std::string_view type_name,
                                                            std::string_view title);
/// For basic.get.
AmqpError refuse_get_of_stream(std::string_view title);

/// Its levels are not priorities (stream_offsets.h uses one), and segments are found by time.
constexpr RecoveryRule stream_recovery_rule{
    .level_max = UINT8_MAX,
    .time_step_ms = static_cast<std::uint32_t>(limits::stream_time_step / nanos_per_ms)};

}  // namespace lepus::core
