// What the arguments of a consumer ask for, with RabbitMQ's error texts: x-priority,
// x-consumer-timeout, and of a stream where to begin and what to leave out.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/base/time.h"
#include "core/stream/stream_spec.h"
#include "core/topology/topology.h"

namespace lepus::core {

/// What a client asks for.
struct ConsumeRequest {
  std::string_view queue;
  std::string_view tag;
  bool no_ack = false;
  bool exclusive = false;
  Bytes arguments;
};

struct ConsumerArguments {
  std::int32_t priority = 0;
  Nanos timeout = never;               ///< For the acknowledgement of a delivery.
  std::unique_ptr<StreamSpec> stream;  ///< Null: the queue is no stream.
};

struct ConsumerDefaults {
  std::string_view vhost_name;  ///< For error texts.
  Nanos timeout = never;        ///< When neither consumer nor queue have one.
  bool has_prefetch = false;    ///< A limit of messages, which a stream's consumer must have.
};

/// 406 for a value that cannot be, and for more than limits::arguments_size_max; 540 for what a
/// stream's consumer cannot have.
Result<ConsumerArguments> read_consumer_arguments(const ConsumeRequest& request,
                                                  const QueueInfo& queue,
                                                  const ConsumerDefaults& defaults);

}  // namespace lepus::core
