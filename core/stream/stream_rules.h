// What a client cannot ask of a stream, with RabbitMQ's words: for sessions, which may be on
// another shard than the stream. What the stream itself does otherwise is
// core/stream/stream_queue.h.
#pragma once

#include <memory>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
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

}  // namespace lepus::core
