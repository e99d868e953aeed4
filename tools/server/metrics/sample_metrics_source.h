// The source of metrics on the admin thread: the samples, the topology for names, and what the node
// knows of itself.
#pragma once

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

  const BrokerView& broker_;
  const SampleStore& samples_;
  const AdminHost& host_;
};

}  // namespace lepus::server
