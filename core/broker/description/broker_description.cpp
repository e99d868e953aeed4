// See broker_description.h.
#include "core/broker/description/broker_description.h"

#include "core/limits.h"
#include "core/limits/unreadable.h"

namespace lepus::core {

void BrokerDescription::append(Queue& queue, std::vector<QueueStats>& out) {
  CHECK(queue.info().id);
  QueueStats& row = out.emplace_back();
  row.id = queue.info().id;
  queue.describe(row);
}

void BrokerDescription::describe(std::span<const QueueId> ids, std::vector<QueueStats>& out) {
  for (const QueueId id : ids)
    if (Queue* queue = parts_.queues.find(id)) append(*queue, out);
}

void BrokerDescription::begin(Kind kind) {
  CHECK(kind == Kind::all_queues || kind == Kind::exchanges || kind == Kind::vhosts ||
        kind == Kind::unreadable);
  parts_.traces.expire(parts_.host.now());
  if (kind == Kind::all_queues || kind == Kind::unreadable) parts_.queues.begin_walk();
  if (kind == Kind::exchanges) exchanges_.begin();
  if (kind == Kind::vhosts) last_vhost_ = {};
}

bool BrokerDescription::page(Kind kind, StatsPage& out) {
  constexpr std::size_t count = limits::stats_rows_max;
  if (kind == Kind::all_queues)
    return parts_.queues.walk_piece(count, [&](Queue& queue) { append(queue, out.queues); });
  if (kind == Kind::unreadable)
    return parts_.queues.walk_piece(count, [&](Queue& queue) {
      queue.storage().describe_unreadable(limits::unreadable_listed_max, out.unreadable);
    });
  if (kind == Kind::exchanges) {
    return exchanges_.piece(count, [&](ExchangeId id) {
      const ExchangeInfo* info = parts_.topology.find_exchange(id);
      if (info == nullptr) return false;
      ExchangeStats& row = out.exchanges.emplace_back();
      row.id = id;
      row.counts[MessageEvent::publish_in] = info->traffic.in;
      row.counts[MessageEvent::publish_out] = info->traffic.out;
      return true;
    });
  }
  CHECK(kind == Kind::vhosts);
  last_vhost_ = vhosts_.describe(
      last_vhost_, count, [this](VhostId id) { return parts_.topology.find_vhost(id) != nullptr; },
      out.vhosts);
  return static_cast<bool>(last_vhost_);
}

StreamLog* BrokerDescription::find_stream(QueueId id) {
  Queue* queue = parts_.queues.find(id);
  return queue == nullptr ? nullptr : queue->consumers().log();
}

void BrokerDescription::describe(ShardCounts& out) const {
  out = parts_.host.counters;
  out.messages = vhosts_.total();
  const MemoryAccount& memory = parts_.host.memory();
  out.memory_messages = memory.message_bytes;
  out.memory_topology = memory.topology_bytes;
  out.memory_sessions = memory.session_bytes;
  out.memory_unacked = memory.unacked_bytes;
  out.memory_ids = memory.index_bytes;
  out.memory_journal = parts_.host.message_log().memory_bytes();
  static_cast<JournalCounts&>(out) = parts_.host.message_log().counts;
}

void BrokerDescription::list(const ExchangeInfo& exchange) {
  exchange.traffic.is_listed = true;
  exchanges_.add(exchange.id,
                 [this](ExchangeId id) { return parts_.topology.find_exchange(id) != nullptr; });
}

}  // namespace lepus::core
