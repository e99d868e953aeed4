// What the kinds of queues have in common and in what they differ: one row a kind, and the class
// that is made for it. Classic and quorum queues are core::Queue; a stream is core::StreamQueue
// (core/stream/stream_queue.h).
#pragma once

#include <memory>

#include "core/topology/topology.h"

namespace lepus::core {

class QueueHost;

struct QueueKind {
  bool records_all = false;     ///< Messages that are not persistent are recorded, too.
  bool counts_returns = false;  ///< Returns of a message are counted also without a limit.
  bool reads_back = true;       ///< What left memory comes back into the backlog to be delivered.
  bool can_purge = true;
};

constexpr QueueKind queue_kind(QueueType type) {
  switch (type) {
    case QueueType::classic:
      return {};
    case QueueType::quorum:
      return {.records_all = true, .counts_returns = true};
    case QueueType::stream:
      return {.records_all = true, .reads_back = false, .can_purge = false};
  }
  return {};
}

/// A queue of the kind that `info` says. Both outlive it.
std::unique_ptr<Queue> make_queue(const QueueInfo& info, QueueHost& host);

}  // namespace lepus::core
