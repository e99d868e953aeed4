// What a shard tells the operator of its broker: rows of queues, exchanges and virtual hosts, a
// page a turn, while they come and go.
//
//   begin(kind) -> page(kind) ... until it returns false
//
// Who is there from the first page to the last is in one of them, once. One walk of a kind at a
// time; a new one may begin before the one before has ended.
#pragma once

#include <span>
#include <vector>

#include "core/base/id_walk.h"
#include "core/broker/description/trace_ring.h"
#include "core/broker/description/vhost_counters.h"
#include "core/broker/queue_table.h"
#include "core/broker/stats.h"
#include "core/topology/topology.h"

namespace lepus::core {

class BrokerDescription {
 public:
  using Kind = StatsRequest::Kind;
  /// All outlive this object.
  struct Parts {
    QueueHost& host;
    const Topology& topology;
    QueueTable& queues;
    TraceRing& traces;
  };
  explicit BrokerDescription(const Parts& parts) : parts_(parts) {}

  /// A row for each of these that is homed here.
  void describe(std::span<const QueueId> ids, std::vector<QueueStats>& out);
  /// The next page of this kind is the first. all_queues, unreadable, exchanges or vhosts.
  void begin(Kind kind);
  /// Appends at most limits::stats_rows_max rows; of unreadable those of so many queues. Returns
  /// true if there are more.
  [[nodiscard]] bool page(Kind kind, StatsPage& out);
  /// The messages of a stream that is homed here; null: there is none.
  StreamLog* find_stream(QueueId id);
  TraceAnswer answer(const TraceQuestion& question) {
    return parts_.traces.answer(question, parts_.host.now());
  }
  /// What the broker knows of it.
  void describe(ShardCounts& out) const;

  /// What sessions count, by virtual host.
  VhostCounters& vhosts() { return vhosts_; }
  /// Something is published to this exchange: it has something to tell from now on.
  void note_traffic(const ExchangeInfo& exchange) {
    if (!exchange.traffic.is_listed) list(exchange);
  }

 private:
  void list(const ExchangeInfo& exchange);
  void append(Queue& queue, std::vector<QueueStats>& out);

  Parts parts_;
  IdWalk<ExchangeId> exchanges_;  ///< That something was published to.
  VhostCounters vhosts_;
  VhostId last_vhost_;  ///< Of the walk.
};

}  // namespace lepus::core
