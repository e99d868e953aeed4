// What needs to know the parts that only some queues have.
#include "core/queue/queue.h"

#include "core/queue/classic/message_inspector.h"

namespace lepus::core {

Queue::Queue(const QueueInfo& info, bool records_all)
    : info_(&info), record_rule_{info.survives_restart(), records_all} {}

Queue::~Queue() = default;

}  // namespace lepus::core
