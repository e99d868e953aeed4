// What somebody without a connection asks of a shard about messages: the operator, over his socket.
// One publish, a look at what a queue holds, at a piece of a stream, or at what was traced. The
// control thread sends it to a shard, a session of its own carries it out there
// (core/session/job/session_job.h), and the result goes back.
//
//   control -> shard    MessageRequest
//   shard -> control    MessageResult
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/ids.h"
#include "core/broker/description/trace_ring.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {

struct MessageRequest {
  enum class Kind : std::uint8_t { publish, get, browse, trace };
  /// What becomes of the messages that were shown.
  enum class Settlement : std::uint8_t {
    peek,    ///< They stay at their place, and count as delivered before.
    ack,     ///< They are gone.
    reject,  ///< They are dropped, or dead-lettered.
  };

  std::uint64_t number = 0;  ///< Comes back with the result.
  Kind kind = Kind::publish;
  std::string user;  ///< Whom events and the firehose name.
  std::string vhost_name;
  VhostId vhost;

  // A publish.
  std::string exchange;
  std::string routing_key;
  std::string properties = std::string(2, '\0');  ///< Encoded (core/message/properties.h).
  std::string body;

  // A look, or a browse, which reads a stream and changes nothing.
  std::string queue;
  StreamStart start = {};  ///< Of a browse.
  Settlement settlement = Settlement::peek;
  std::uint32_t count_max = 1;
  std::uint64_t body_size_max = UINT64_MAX;  ///< Of each body, what is beyond is left out.

  std::unique_ptr<TraceQuestion> trace = nullptr;  ///< Of a trace.
};

/// A message of a queue.
struct ShownMessage {
  Sequence offset = 0;           ///< In a stream.
  std::uint64_t arrived_ms = 0;  ///< The same; since 1970, to limits::stream_time_step.
  std::string exchange;
  std::string routing_key;
  std::string properties;  ///< Encoded.
  std::string body;        ///< Up to MessageRequest::body_size_max.
  std::uint64_t body_size = 0;
  std::uint32_t message_count = 0;  ///< Left behind in the queue when it was taken.
  bool redelivered = false;
};

struct MessageResult {
  std::uint64_t number = 0;
  std::optional<AmqpError> error;
  /// Of a publish that was confirmed: durable where it has to be. False: it reached no queue.
  bool is_routed = false;
  bool is_refused = false;  ///< A queue that the publish reached was full and refused it.
  std::vector<ShownMessage> messages;
  /// Of a stream that was browsed: where it begins and ends, and where the next piece begins.
  Sequence first_offset = 0;
  Sequence end_offset = 0;
  Sequence next_offset = 0;
  std::unique_ptr<TraceAnswer> trace;  ///< Of a trace.
  bool is_limited = false;  ///< There may be more: the result has as many bytes as it may have.
};

}  // namespace lepus::core
