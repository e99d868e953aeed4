// In what classic and quorum queues differ; all else is one class
// (core/queue/classic/classic_queue.h).
#pragma once

#include "core/topology/topology.h"

namespace lepus::core {

struct ClassicKind {
  bool records_all = false;     ///< Messages that are not persistent are recorded, too.
  bool counts_returns = false;  ///< Returns of a message are counted also without a limit.
};

constexpr ClassicKind classic_kind(QueueType type) {
  if (type == QueueType::quorum) return {.records_all = true, .counts_returns = true};
  return {};
}

}  // namespace lepus::core
