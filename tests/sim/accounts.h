// Promise 12: what a broker's accounts (core::MemoryAccount) and lists report is what is there.
//
// At quiet points, when nothing is under way between threads, the account of each shard is compared
// with what its topology and its queues hold, and with how many connections, channels and consumers
// the model knows; and what queues count adds up to what they hold. When all is drained everything
// must be zero that clients made.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/topology/topology.h"
#include "tests/sim/cluster.h"
#include "tests/sim/judge.h"

namespace lepus::sim {

/// What clients have, at most.
struct Present {
  std::size_t connections = 0;
  std::size_t channels = 0;
  std::size_t consumers = 0;
  std::size_t transaction_messages = 0;  ///< Published in transactions that are open.
  bool takes_output = true;              ///< Every client reads all that comes.
};

/// visit(QueueInfo), also those that exchanges store messages in, which are in no list.
template <class F>
void for_each_queue(const core::Topology& topology, F&& visit) {
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    for (const core::QueueInfo* queue : topology.queues(vhost->id)) visit(*queue);
    for (const core::ExchangeInfo* exchange : topology.exchanges(vhost->id))
      if (exchange->store != nullptr) visit(*exchange->store);
  }
}

/// At a quiet point.
void judge_accounts(Judge& judge, Cluster& cluster, const Present& present);
/// There are no clients, and what they declared is deleted.
void judge_drained(Judge& judge, Cluster& cluster);

}  // namespace lepus::sim
