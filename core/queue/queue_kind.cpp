// Which class a kind is.
#include "core/queue/queue_kind.h"

#include "core/queue/queue.h"
#include "core/stream/stream_queue.h"

namespace lepus::core {

std::unique_ptr<Queue> make_queue(const QueueInfo& info, QueueHost& host) {
  std::unique_ptr<Queue> queue;
  switch (info.parsed->queue_type) {
    case QueueType::classic:
    case QueueType::quorum:
      queue = std::make_unique<Queue>(info, host);
      break;
    case QueueType::stream:
      queue = std::make_unique<StreamQueue>(info, host);
      break;
  }
  CHECK(queue != nullptr);
  queue->open();
  return queue;
}

}  // namespace lepus::core
