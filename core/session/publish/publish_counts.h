// What is counted of a message that a session publishes: for itself, its virtual host, the shard
// and the exchange. As in RabbitMQ the exchange is the one that the client named: what that is
// bound to, and its alternate exchange, count nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/broker/broker.h"
#include "core/session/session_link.h"
#include "core/topology/topology.h"

namespace lepus::core {

struct PublishCounted {
  std::uint64_t body_size;
  const ExchangeInfo* exchange;  ///< Null: it is gone.
  std::size_t queue_count;       ///< Of the route.
};

inline void count_size(HistogramCounts<message_size_bounds.size()>& sizes, std::uint64_t size) {
  std::size_t bucket = 0;
  while (bucket < message_size_bounds.size() && size > message_size_bounds[bucket]) ++bucket;
  ++sizes.buckets[bucket];
  sizes.sum += size;
}

inline void count_publish(const SessionLink& link, const PublishCounted& publish) {
  link.counts.add(MessageEvent::publish);
  count_size(link.broker.counters.message_size, publish.body_size);
  if (publish.exchange == nullptr) return;
  ExchangeTraffic& traffic = publish.exchange->traffic;
  if (!traffic.is_listed) link.broker.description().note_traffic(*publish.exchange);
  ++traffic.in;
  traffic.out += publish.queue_count;
}

}  // namespace lepus::core
