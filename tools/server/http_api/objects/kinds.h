// The kinds of rows that listings are made of (api_listing.h): what a row is called, what it is
// ordered by without writing its JSON, and the JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/http_api/api_paging.h"
#include "tools/server/http_api/objects/client_json.h"
#include "tools/server/http_api/objects/queue_json.h"
#include "tools/server/http_api/objects/topology_json.h"

namespace lepus::server {

class QueueKind {
 public:
  using Row = core::QueueInfo;
  /// The queue is looked for again when the topology has changed.
  struct Id {
    explicit Id(const core::QueueInfo& queue) : id(queue.id), found(&queue) {}
    core::QueueId id;
    const core::QueueInfo* found;
  };
  explicit QueueKind(ObjectContext context)
      : context_(std::move(context)), version_(context_.topology.version()) {}

  const Row* find(const Id& id) const {
    const core::Topology& topology = context_.topology;
    return topology.version() == version_ ? id.found : topology.find_queue(id.id);
  }
  std::string_view name(const Row& queue) const { return queue.name; }
  std::string_view vhost(const Row& queue) const {
    return context_.topology.find_vhost(queue.vhost)->name;
  }
  std::optional<SortKey> key(const Row& queue, std::string_view column) const;
  void write(const Row& queue, JsonWriter& json) const { write_queue(queue, context_, json); }

 private:
  ObjectContext context_;
  std::uint64_t version_;
};

class ExchangeKind {
 public:
  using Id = core::ExchangeId;
  using Row = core::ExchangeInfo;
  explicit ExchangeKind(ObjectContext context) : context_(std::move(context)) {}

  const Row* find(const Id& id) const { return context_.topology.find_exchange(id); }
  std::string_view name(const Row& exchange) const { return exchange.name; }
  std::string_view vhost(const Row& exchange) const { return exchange.vhost_info.name; }
  std::optional<SortKey> key(const Row&, std::string_view) const { return {}; }
  void write(const Row& exchange, JsonWriter& json) const {
    write_exchange(exchange, context_, json);
  }

 private:
  ObjectContext context_;
};

class ConnectionKind {
 public:
  using Id = core::ConnectionId;
  using Row = ConnectionSample;
  explicit ConnectionKind(ObjectContext context) : context_(std::move(context)) {}

  const Row* find(const Id& id) const { return context_.samples.find_connection(id); }
  std::string_view name(const Row& sample) const { return sample.stats.name; }
  std::string_view vhost(const Row& sample) const { return sample.stats.vhost; }
  std::optional<SortKey> key(const Row& sample, std::string_view column) const;
  void write(const Row& sample, JsonWriter& json) const {
    write_connection(sample, context_, json);
  }

 private:
  ObjectContext context_;
};

/// Channels have no text of their own for a name: it is made once, with the id.
class ChannelKind {
 public:
  struct Id {
    ChannelKey key;
    std::string name;
  };
  using Row = Id;
  explicit ChannelKind(ObjectContext context) : context_(std::move(context)) {}

  const Row* find(const Id& id) const {
    return context_.samples.find_channel(id.key) == nullptr ? nullptr : &id;
  }
  std::string_view name(const Row& row) const { return row.name; }
  std::string_view vhost(const Row& row) const { return sample(row).stats.vhost; }
  std::optional<SortKey> key(const Row& row, std::string_view column) const;
  void write(const Row& row, JsonWriter& json) const { write_channel(sample(row), context_, json); }

 private:
  const ChannelSample& sample(const Row& row) const {
    return *context_.samples.find_channel(row.key);
  }
  ObjectContext context_;
};

/// Consumers are copied when the listing begins: each round of samples has new ones.
class ConsumerKind {
 public:
  using Id = std::shared_ptr<const core::ConsumerStats>;
  using Row = core::ConsumerStats;
  explicit ConsumerKind(ObjectContext context) : context_(std::move(context)) {}

  const Row* find(const Id& id) const {
    return context_.topology.find_queue(id->queue) == nullptr ? nullptr : id.get();
  }
  std::string_view name(const Row& consumer) const { return consumer.tag; }
  std::string_view vhost(const Row& consumer) const {
    return context_.topology.find_vhost(queue(consumer).vhost)->name;
  }
  std::optional<SortKey> key(const Row&, std::string_view) const { return {}; }
  void write(const Row& consumer, JsonWriter& json) const {
    write_consumer(consumer, queue(consumer), context_, json);
  }

 private:
  const core::QueueInfo& queue(const Row& consumer) const {
    return *context_.topology.find_queue(consumer.queue);
  }
  ObjectContext context_;
};

}  // namespace lepus::server
