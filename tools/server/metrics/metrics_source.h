// What metrics are made from: the latest rows of all objects, as plain facts. On the admin thread
// it is the sample store (sample_metrics_source.h), in tests whatever a test says.
//
// Ids are asked for once a scrape, which then goes through them in many turns: what has gone in
// between has no row. Views are good until the source's next turn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/login_guard.h"
#include "core/broker/stats.h"
#include "core/topology/queue_arguments.h"
#include "tools/server/bypass/bypass_facts.h"
#include "tools/server/samples/sample_rows.h"

namespace lepus::server {

struct MetricsNode {
  std::string node;        ///< "lepus@host"
  std::string cluster;     ///< Its name.
  std::string cluster_id;  ///< Which it keeps when its name changes.
  std::string version;     ///< Of this program.
  std::string rabbitmq_version;
  std::uint64_t uptime_s = 0;
  std::uint64_t open_files = 0, open_files_max = 0;
  std::uint64_t resident_bytes = 0, accounted_bytes = 0, memory_limit_bytes = 0;
  std::uint64_t disk_free_bytes = 0, disk_free_min_bytes = 0;
  bool has_memory_alarm = false, has_disk_alarm = false;
  std::uint64_t queue_count = 0;
  std::uint64_t consumer_count = 0;
  core::LoginCounts logins;    ///< Of AMQP.
  core::MessageCounts counts;  ///< Of all channels, also of closed ones.
};

struct MetricsQueue {
  std::string_view vhost;
  std::string_view name;
  core::QueueType type = core::QueueType::classic;
  const core::QueueStats* stats = nullptr;
};
struct MetricsExchange {
  std::string_view vhost;
  std::string_view name;
  std::string_view type;
  std::uint64_t bindings = 0;
  core::MessageCounts counts;
};
/// By the number of the thread: shards, the control thread, the admin thread.
struct MetricsThread {
  std::string name;  ///< "shard-0", "control", "admin"
  core::ThreadStats stats;
};

class MetricsSource {
 public:
  /// Of these virtual hosts; empty: of all.
  using VhostFilter = std::span<const std::string>;

  virtual ~MetricsSource() = default;
  virtual MetricsNode node() const = 0;
  virtual std::vector<MetricsThread> threads() const = 0;
  virtual BypassFacts bypass() const = 0;
  virtual std::vector<std::string_view> vhosts(VhostFilter filter) const = 0;

  /// In a stable order.
  virtual std::vector<core::QueueId> queues(VhostFilter filter) const = 0;
  virtual std::optional<MetricsQueue> find(core::QueueId id) const = 0;
  virtual std::vector<core::ExchangeId> exchanges(VhostFilter filter) const = 0;
  virtual std::optional<MetricsExchange> find(core::ExchangeId id) const = 0;
  virtual std::vector<core::ConnectionId> connections(VhostFilter filter) const = 0;
  virtual const core::ConnectionStats* find(core::ConnectionId id) const = 0;
  virtual std::vector<ChannelKey> channels(VhostFilter filter) const = 0;
  virtual const core::ChannelStats* find(const ChannelKey& key) const = 0;
};

}  // namespace lepus::server
