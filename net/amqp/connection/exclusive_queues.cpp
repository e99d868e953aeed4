// Attach, ask, wait, tell.
#include "net/amqp/connection/exclusive_queues.h"

#include <utility>

namespace lepus::amqp {

void ExclusiveQueues::release() {
  CHECK(!is_released_);
  is_released_ = true;
  if (!may_exist_) return listener_.on_exclusive_queues_gone();
  answer_to_ = broker_.attach({this});
  ask(*answer_to_);
}

void ExclusiveQueues::abandon() {
  if (may_exist_ && !std::exchange(is_released_, true)) ask({});
  stop_waiting();
}

void ExclusiveQueues::ask(const core::ChannelRef& answer_to) {
  core::TopologyRequest request;
  request.kind = core::TopologyRequest::Kind::connection_closed;
  request.from = broker_.shard();
  request.connection = facts_.id;
  request.user = facts_.user;
  broker_.ask(request, answer_to);
}

void ExclusiveQueues::stop_waiting() {
  if (answer_to_) broker_.detach(*answer_to_);
  answer_to_.reset();
}

}  // namespace lepus::amqp
