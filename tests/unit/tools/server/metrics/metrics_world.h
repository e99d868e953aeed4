// For the tests of metrics: a source that has what a test says, a service on it, and a reader of
// the text format that refuses what Prometheus would.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/tools/server/http_api/fake_exchange.h"
#include "tools/server/metrics/metrics_service.h"

namespace lepus::server::test {

struct FakeMetricsSource final : MetricsSource {
  struct Queue {
    std::string vhost, name;
    core::QueueType type = core::QueueType::classic;
    core::QueueStats stats;
    bool has_stats = true;
  };
  struct Exchange {
    std::string vhost, name;
    core::MessageCounts counts;
  };

  static bool is_in(VhostFilter filter, const std::string& vhost) {
    return filter.empty() || std::find(filter.begin(), filter.end(), vhost) != filter.end();
  }
  MetricsNode node() const override { return facts; }
  std::vector<MetricsThread> threads() const override { return thread_rows; }
  BypassFacts bypass() const override { return bypass_facts; }
  std::vector<std::string_view> vhosts(VhostFilter filter) const override {
    std::vector<std::string_view> names;
    for (const std::string& name : vhost_names)
      if (is_in(filter, name)) names.push_back(name);
    return names;
  }
  std::vector<core::QueueId> queues(VhostFilter filter) const override {
    std::vector<core::QueueId> ids;
    for (const auto& [id, queue] : queue_rows)
      if (is_in(filter, queue.vhost)) ids.push_back(core::QueueId{id});
    return ids;
  }
  std::optional<MetricsQueue> find(core::QueueId id) const override {
    const auto found = queue_rows.find(id.value);
    if (found == queue_rows.end()) return std::nullopt;
    const Queue& queue = found->second;
    return MetricsQueue{queue.vhost, queue.name, queue.type,
                        queue.has_stats ? &queue.stats : nullptr};
  }
  std::vector<core::ExchangeId> exchanges(VhostFilter filter) const override {
    std::vector<core::ExchangeId> ids;
    for (const auto& [id, exchange] : exchange_rows)
      if (is_in(filter, exchange.vhost)) ids.push_back(core::ExchangeId{id});
    return ids;
  }
  std::optional<MetricsExchange> find(core::ExchangeId id) const override {
    const auto found = exchange_rows.find(id.value);
    if (found == exchange_rows.end()) return std::nullopt;
    return MetricsExchange{found->second.vhost, found->second.name, "topic", 3,
                           found->second.counts};
  }
  std::vector<core::ConnectionId> connections(VhostFilter filter) const override {
    std::vector<core::ConnectionId> ids;
    for (const core::ConnectionStats& row : connection_rows)
      if (is_in(filter, row.vhost)) ids.push_back(row.id);
    return ids;
  }
  const core::ConnectionStats* find(core::ConnectionId id) const override {
    for (const core::ConnectionStats& row : connection_rows)
      if (row.id == id) return &row;
    return nullptr;
  }
  std::vector<ChannelKey> channels(VhostFilter filter) const override {
    std::vector<ChannelKey> keys;
    for (const core::ChannelStats& row : channel_rows)
      if (is_in(filter, row.vhost)) keys.push_back({row.connection, row.number});
    return keys;
  }
  const core::ChannelStats* find(const ChannelKey& key) const override {
    for (const core::ChannelStats& row : channel_rows)
      if (row.connection == key.connection && row.number == key.number) return &row;
    return nullptr;
  }

  MetricsNode facts;
  BypassFacts bypass_facts;
  std::vector<std::string> vhost_names{"/", "other"};
  std::vector<MetricsThread> thread_rows;
  std::map<std::uint64_t, Queue> queue_rows;
  std::map<std::uint64_t, Exchange> exchange_rows;
  std::vector<core::ConnectionStats> connection_rows;
  std::vector<core::ChannelStats> channel_rows;
};

/// A small broker in which something has happened.
inline void fill(FakeMetricsSource& source) {
  MetricsNode& node = source.facts;
  node.node = "lepus@host";
  node.cluster = "orders";
  node.cluster_id = "id";
  node.version = "1.0";
  node.rabbitmq_version = "3.13.7";
  node.uptime_s = 60;
  node.open_files = 30;
  node.open_files_max = 1024;
  node.resident_bytes = 1000;
  node.memory_limit_bytes = 5000;
  node.disk_free_bytes = 700;
  node.disk_free_min_bytes = 50;
  node.queue_count = 2;
  node.consumer_count = 3;
  node.counts[core::MessageEvent::publish] = 100;
  node.counts[core::MessageEvent::confirm] = 90;
  node.counts[core::MessageEvent::deliver] = 80;
  MetricsThread shard{"shard-0", {}};
  shard.stats.counts.connections_opened = 5;
  shard.stats.counts.message_size.buckets = {4, 3, 0, 0, 0, 0, 0, 0, 1};
  shard.stats.counts.message_size.sum = 200'000'500;
  shard.stats.counts.journal_bytes = 150;
  shard.stats.counts.journal_rewritten_bytes = 50;
  shard.stats.turns.turns = 7;
  source.thread_rows = {shard, {"admin", {}}};
  FakeMetricsSource::Queue classic{"/", "q", core::QueueType::classic, {}};
  classic.stats.messages_ready = 5;
  classic.stats.messages_unacknowledged = 2;
  classic.stats.oldest_ready_age_ms = 1500;
  FakeMetricsSource::Queue quorum{"other", "with \"quotes\"\\\n", core::QueueType::quorum, {}};
  quorum.stats.messages_ready = 10;
  quorum.stats.counts[core::MessageEvent::deliver] = 30;
  quorum.stats.oldest_ready_age_ms = 500;
  source.queue_rows = {{1, classic}, {2, quorum}};
  FakeMetricsSource::Exchange exchange{"/", "e", {}};
  exchange.counts[core::MessageEvent::publish_in] = 40;
  exchange.counts[core::MessageEvent::publish_out] = 60;
  source.exchange_rows = {{1, exchange}};
  core::ConnectionStats connection;
  connection.id = core::ConnectionId{1};
  connection.name = "a -> b";
  connection.vhost = "/";
  connection.recv_oct = 11;
  source.connection_rows = {connection};
  core::ChannelStats channel;
  channel.connection = core::ConnectionId{1};
  channel.connection_name = "a -> b";
  channel.number = 1;
  channel.vhost = "/";
  channel.messages_unconfirmed = 4;
  channel.counts[core::MessageEvent::publish] = 1;
  source.channel_rows = {channel};
}

/// What Prometheus reads out of a scrape.
class ReadMetrics {
 public:
  explicit ReadMetrics(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
  }
  bool has(const std::string& name) const { return labels_.contains(name); }
  /// "name{labels}" or "name".
  std::string value(const std::string& series) const {
    const auto found = samples_.find(series);
    return found == samples_.end() ? "(none)" : found->second;
  }
  std::size_t count(const std::string& name) const {
    const auto found = labels_.find(name);
    return found == labels_.end() ? 0 : found->second.size();
  }
  /// The labels of each series of a name, without those of histograms.
  std::set<std::string> labels(const std::string& name) const {
    const auto found = labels_.find(name);
    return found == labels_.end() ? std::set<std::string>{} : found->second;
  }
  std::size_t size() const { return samples_.size(); }

 private:
  void read(const std::string& line) {
    if (line.starts_with("# TYPE ")) {
      family_ = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(families_.insert(family_).second) << "twice: " << line;
      return;
    }
    if (line.starts_with('#')) return;
    const std::size_t end = line.rfind(' ');
    const std::string series = line.substr(0, end);
    const std::string name = series.substr(0, series.find('{'));
    EXPECT_TRUE(name.starts_with(family_)) << line << " in " << family_;
    EXPECT_TRUE(samples_.emplace(series, line.substr(end + 1)).second) << "twice: " << line;
    labels_[name].insert(series.substr(name.size()));
  }

  std::string family_;
  std::set<std::string> families_;
  std::map<std::string, std::string> samples_;
  std::map<std::string, std::set<std::string>> labels_;
};

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() { fill(source_); }

  void ask(FakeExchange& exchange, std::string path, std::string query = {}) {
    exchange.edit().method = "GET";
    exchange.edit().path = std::move(path);
    exchange.edit().query = std::move(query);
    service_.on_request(exchange);
  }
  void run(const FakeExchange& exchange) {
    for (int turn = 0; turn < 100'000 && !exchange.is_over(); ++turn) (void)service_.work();
    EXPECT_TRUE(exchange.is_over());
  }
  std::string scrape(std::string path, std::string query = {}) {
    FakeExchange exchange;
    ask(exchange, std::move(path), std::move(query));
    run(exchange);
    EXPECT_EQ(exchange.status(), 200U);
    return exchange.body();
  }

  FakeMetricsSource source_;
  MetricsService service_{source_, {}};
};

}  // namespace lepus::server::test
