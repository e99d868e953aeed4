// Adding up again what accounts add up as it comes and goes.
#include "tests/sim/accounts.h"

#include "core/limits.h"
#include "core/topology/topology_account.h"

namespace lepus::sim {

namespace {

/// The largest message of a run, with its properties, its blocks and what they need.
constexpr std::uint64_t message_memory_max = 16 << 10;

/// Of what the topology holds now. The account of a shard grew and shrank with each change.
std::uint64_t topology_bytes_of(const core::Broker& broker, const core::Topology& topology) {
  core::MemoryAccount memory;
  core::TopologyAccount account(broker.shard(), memory);
  for_each_queue(topology, [&](const core::QueueInfo& queue) {
    account.note(topology, core::QueueAdded{queue});
  });
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    for (const core::ExchangeInfo* exchange : topology.exchanges(vhost->id)) {
      account.note(topology, core::ExchangeAdded{*exchange});
      exchange->bindings_out.for_each([&](const core::Binding& binding) {
        account.note(topology, core::BindingAdded{core::spec_of(binding)});
      });
    }
  }
  return memory.topology_bytes;
}

/// Messages that several queues hold are counted once for each.
std::uint64_t resident_bytes_of(const core::Topology& topology) {
  std::uint64_t bytes = 0;
  for_each_queue(topology, [&bytes](const core::QueueInfo& queue) {
    if (queue.local != nullptr) bytes += queue.local->counts().resident_bytes;
  });
  return bytes;
}

void judge_topology(Judge& judge, core::Broker& broker) {
  const std::uint64_t counted = broker.memory().topology_bytes;
  const std::uint64_t held = topology_bytes_of(broker, broker.topology());
  if (counted != held)
    judge.fail(12, "shard {} counts {} bytes of topology, and has {}", broker.shard(), counted,
               held);
}

/// What came to a queue is there, or left it in one of the ways that are counted. Nothing is taken
/// out of a stream but by its limits.
void judge_counts(Judge& judge, core::Broker& broker) {
  using enum core::MessageEvent;
  for_each_queue(broker.topology(), [&](const core::QueueInfo& queue) {
    if (queue.local == nullptr) return;
    core::QueueStats row;
    queue.local->describe(row);
    const core::RemovalCounts& removed = row.removed;
    const bool is_stream = queue.parsed->queue_type == core::QueueType::stream;
    const std::uint64_t came = row.counts[publish] + row.messages_restored;
    const std::uint64_t consumed =
        is_stream ? 0 : row.counts[ack] + row.counts[deliver_no_ack] + row.counts[get_no_ack];
    const std::uint64_t gone = consumed + removed.expired + removed.maxlen + removed.rejected +
                               removed.delivery_limit + row.messages_purged + row.messages_lost;
    const std::uint64_t held =
        row.messages_ready + row.messages_unacknowledged + row.messages_unreadable;
    if (came != gone + held)
      judge.fail(12, "queue {}: {} messages came, {} are there and {} left", queue.name, came, held,
                 gone);
    if (row.messages_persistent < held && queue.survives_restart() && is_stream)
      judge.fail(12, "stream {} has {} messages and counts {} as persistent", queue.name, held,
                 row.messages_persistent);
  });
}

/// Also those that are over and left to their clients.
std::size_t connections_max(const Cluster& cluster, const Present& present) {
  return present.connections + core::limits::lingering_max * (cluster.thread_count() - 1);
}

std::uint64_t session_bytes_max(const Cluster& cluster, const Present& present) {
  using namespace core::limits;
  return connections_max(cluster, present) * connection_memory + present.channels * channel_memory +
         present.consumers * consumer_memory;
}

}  // namespace

void judge_accounts(Judge& judge, Cluster& cluster, const Present& present) {
  std::uint64_t session_bytes = 0;
  std::uint64_t message_bytes = 0;
  std::uint64_t resident_bytes = 0;
  for (const auto& shard : cluster.shards()) {
    core::Broker& broker = shard->broker();
    // Half of a change is applied, a deleted queue goes piece by piece, or a message is sent on.
    if (broker.has_work()) return;
    judge_topology(judge, broker);
    judge_counts(judge, broker);
    session_bytes += broker.memory().session_bytes;
    message_bytes += broker.memory().message_bytes;
    resident_bytes += resident_bytes_of(broker.topology());
  }
  if (const std::uint64_t max = session_bytes_max(cluster, present); session_bytes > max)
    judge.fail(12, "shards count {} bytes of connections, channels and consumers, {} at most",
               session_bytes, max);
  if (!present.takes_output) return;
  // Each channel may be in the middle of one, and each connection. What was delivered or got may be
  // on its way to the client still: a consumer's share of a turn, before its connection has too
  // much unsent output.
  const std::size_t others = present.channels + connections_max(cluster, present) +
                             present.transaction_messages +
                             present.consumers * core::limits::deliveries_per_pump_max;
  const std::uint64_t max = resident_bytes + others * message_memory_max;
  if (message_bytes > max)
    judge.fail(12, "shards count {} bytes of messages, {} at most", message_bytes, max);
}

void judge_drained(Judge& judge, Cluster& cluster) {
  for (const auto& shard : cluster.shards()) {
    core::Broker& broker = shard->broker();
    const core::MemoryAccount& memory = broker.memory();
    const core::Broker::Census there = broker.census();
    if (there.queues != 0 || memory.message_bytes != 0 || memory.index_bytes != 0)
      judge.fail(12, "shard {} still owns {} queues, {} bytes of messages, {} of their ids",
                 broker.shard(), there.queues, memory.message_bytes, memory.index_bytes);
    if (there.transfers != 0 || there.pending_confirms != 0)
      judge.fail(12, "shard {} still waits for the confirms of {} transfers, and has {} to send",
                 broker.shard(), there.transfers, there.pending_confirms);
    if (broker.topology().queue_count() != 0)
      judge.fail(12, "shard {} still knows {} queues", broker.shard(),
                 broker.topology().queue_count());
    judge_topology(judge, broker);
    if (!broker.flow().is_idle())
      judge.fail(12, "publishers of shard {} still wait, or are said to", broker.shard());
  }
  for (const auto& store : cluster.stores())
    if (const std::uint64_t bytes = store->journal().view().segments.table().live_bytes();
        bytes != 0)
      judge.fail(12, "a journal still holds {} bytes of messages", bytes);
  judge_accounts(judge, cluster, {});
}

}  // namespace lepus::sim
