// The source of metrics on the admin thread: the samples, the topology for names, and what the node
// knows of itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/server/admin/admin.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/metrics/metrics_source.h"
#include "tools/server/samples/sample_store.h"

namespace lepus::server {

class SampleMetricsSource final : public MetricsSource {
 public:
  /// All outlive this.
  SampleMetricsSource(const BrokerView& broker, const SampleStore& samples, const AdminHost& host)
      : broker_(broker), samples_(samples), host_(host) {}

  MetricsNode node() const override;
  std::vector<MetricsThread> threads() const override;
  BypassFacts bypass() const override { return host_.facts().bypass; }
  std::vector<std::string_view> vhosts(VhostFilter filter) const override;
  std::vector<core::QueueId> queues(VhostFilter filter) const override;
  std::optional<MetricsQueue> find(core::QueueId id) const override;
  std::vector<core::ExchangeId> exchanges(VhostFilter filter) const override;
  std::optional<MetricsExchange> find(core::ExchangeId id) const override;
  std::vector<core::ConnectionId> connections(VhostFilter filter) const override;
  const core::ConnectionStats* find(core::ConnectionId id) const override;
  std::vector<ChannelKey> channels(VhostFilter filter) const override;
  const core::ChannelStats* find(const ChannelKey& key) const override;

 private:
  std::vector<const core::VhostInfo*> chosen(VhostFilter filter) const;
  MetricsQueue row_of(const core::QueueInfo& queue) const;

  /// What queues() has told of last, in its order. A scrape goes through it once for each name it
  /// has, and looks nothing up as long as no queue and no row came or went.
  struct QueueRows {
    struct Entry {
      core::QueueId id;
      MetricsQueue row;
    };
    std::vector<Entry> entries;
    std::size_t next = 0;  ///< The one that will be asked for.
    std::uint64_t topology_version = 0;
    std::uint64_t sample_version = 0;
  };
  bool has_current_rows() const;

  const BrokerView& broker_;
  const SampleStore& samples_;
  const AdminHost& host_;
  mutable QueueRows rows_;
};

}  // namespace lepus::server
