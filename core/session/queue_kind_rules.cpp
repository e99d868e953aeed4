// The place in sessions that knows the kinds.
#include "core/session/queue_kind_rules.h"

#include "core/queue/classic/classic_rules.h"
#include "core/topology/queue_arguments.h"

namespace lepus::core {

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

}  // namespace lepus::core
