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
  using Id = core::QueueId;
  explicit QueueKind(ObjectContext context) : context_(std::move(context)) {}

  bool exists(const Id& id) const { return context_.topology.find_queue(id) != nullptr; }
  std::string_view name(const Id& id) const { return context_.topology.find_queue(id)->name; }
  std::string_view vhost(const Id& id) const {
    return context_.topology.find_vhost(context_.topology.find_queue(id)->vhost)->name;
  }
  std::optional<SortKey> key(const Id& id, std::string_view column) const;
  void write(const Id& id, JsonWriter& json) const {
    write_queue(*context_.topology.find_queue(id), context_, json);
  }

 private:
  ObjectContext context_;
};

class ExchangeKind {
 public:
  using Id = core::ExchangeId;
  explicit ExchangeKind(ObjectContext context) : context_(std::move(context)) {}

  bool exists(const Id& id) const { return context_.topology.find_exchange(id) != nullptr; }
  std::string_view name(const Id& id) const { return context_.topology.find_exchange(id)->name; }
  std::string_view vhost(const Id& id) const {
    return context_.topology.find_exchange(id)->vhost_info.name;
  }
  std::optional<SortKey> key(const Id&, std::string_view) const { return {}; }
  void write(const Id& id, JsonWriter& json) const {
    write_exchange(*context_.topology.find_exchange(id), context_, json);
  }

 private:
  ObjectContext context_;
};

class ConnectionKind {
 public:
  using Id = core::ConnectionId;
  explicit ConnectionKind(ObjectContext context) : context_(std::move(context)) {}

  bool exists(const Id& id) const { return context_.samples.find_connection(id) != nullptr; }
  std::string_view name(const Id& id) const { return stats(id).name; }
  std::string_view vhost(const Id& id) const { return stats(id).vhost; }
  std::optional<SortKey> key(const Id& id, std::string_view column) const;
  void write(const Id& id, JsonWriter& json) const {
    write_connection(*context_.samples.find_connection(id), context_, json);
  }

 private:
  const core::ConnectionStats& stats(const Id& id) const {
    return context_.samples.find_connection(id)->stats;
  }
  ObjectContext context_;
};

/// Channels have no text of their own for a name: it is made once.
class ChannelKind {
 public:
  struct Id {
    ChannelKey key;
    std::string name;
  };
  explicit ChannelKind(ObjectContext context) : context_(std::move(context)) {}

  bool exists(const Id& id) const { return context_.samples.find_channel(id.key) != nullptr; }
  std::string_view name(const Id& id) const { return id.name; }
  std::string_view vhost(const Id& id) const {
    return context_.samples.find_channel(id.key)->stats.vhost;
  }
  std::optional<SortKey> key(const Id& id, std::string_view column) const;
  void write(const Id& id, JsonWriter& json) const {
    write_channel(*context_.samples.find_channel(id.key), context_, json);
  }

 private:
  ObjectContext context_;
};

/// Consumers are copied when the listing begins: each round of samples has new ones.
class ConsumerKind {
 public:
  using Id = std::shared_ptr<const core::ConsumerStats>;
  explicit ConsumerKind(ObjectContext context) : context_(std::move(context)) {}

  bool exists(const Id& id) const { return context_.topology.find_queue(id->queue) != nullptr; }
  std::string_view name(const Id& id) const { return id->tag; }
  std::string_view vhost(const Id& id) const {
    return context_.topology.find_vhost(queue(id).vhost)->name;
  }
  std::optional<SortKey> key(const Id&, std::string_view) const { return {}; }
  void write(const Id& id, JsonWriter& json) const {
    write_consumer(*id, queue(id), context_, json);
  }

 private:
  const core::QueueInfo& queue(const Id& id) const {
    return *context_.topology.find_queue(id->queue);
  }
  ObjectContext context_;
};

}  // namespace lepus::server
