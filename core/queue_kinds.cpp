// One switch over the kinds for each question.
#include "core/queue_kinds.h"

#include "core/base/assert.h"
#include "core/queue/classic/classic_queue.h"
#include "core/queue/classic/classic_rules.h"
#include "core/stream/stream_queue.h"
#include "core/topology/queue_arguments.h"

namespace lepus::core {

std::unique_ptr<Queue> make_queue(const QueueInfo& info, QueueHost& host) {
  switch (info.parsed->queue_type) {
    case QueueType::classic:
    case QueueType::quorum:
      return std::make_unique<ClassicQueue>(info, host);
    case QueueType::stream:
      return std::make_unique<StreamQueue>(info, host);
  }
  CHECK(false);
  return nullptr;
}

std::optional<AmqpError> refuse_get(const QueueInfo& queue, std::string_view title) {
  switch (queue.parsed->queue_type) {
    case QueueType::classic:
      return std::nullopt;
    case QueueType::quorum:
      return refuse_get_of_quorum(queue, title);
    case QueueType::stream:
      return refuse_get_of_stream(title);
  }
  return std::nullopt;
}

Result<std::unique_ptr<StreamSpec>> read_kind_arguments(const QueueInfo& queue,
                                                        const StreamConsumerRequest& request) {
  const QueueType type = queue.parsed->queue_type;
  if (type == QueueType::stream) return read_stream_consumer(request);
  return refuse_stream_arguments(request.arguments, queue_type_name(type), request.title);
}

RecoveryRule recovery_rule(const QueueArguments& arguments) {
  if (arguments.queue_type == QueueType::stream) return stream_recovery_rule;
  return classic_recovery_rule(arguments);
}

}  // namespace lepus::core
