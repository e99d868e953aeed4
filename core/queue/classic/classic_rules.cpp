// Quorum queues only: a classic queue refuses nothing.
#include "core/queue/classic/classic_rules.h"

#include <fmt/format.h>

namespace lepus::core {

std::optional<AmqpError> refuse_get_of_quorum(const QueueInfo& queue, std::string_view title) {
  if (!queue.effective->single_active_consumer) return std::nullopt;
  return AmqpError{ReplyCode::resource_locked,
                   fmt::format("cannot obtain access to locked {}. basic.get operations are not "
                               "supported by quorum queues with single active consumer",
                               title)};
}

RecoveryRule classic_recovery_rule(const QueueArguments& arguments) {
  return {.level_max = arguments.max_priority.value_or(0),
          .time_step_ms = arguments.message_ttl_ms ? 1U : 0U};
}

}  // namespace lepus::core
